"""The page of an export: what there is about a person, in bokmål, in one HTML file that needs no gateway, no
network and no script. Every value is escaped by the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

import mappings
from gateway.cli import export_words as words
from gateway.cli.export_content import Everything
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import identifier_system
from mappings.model import Ids, NotExpressible, RecordMapping, Resource, State

if TYPE_CHECKING:
    from gateway.cli.export_files import Document

HERE = Path(__file__).parent / "templates"
ORDER = tuple(words.TYPES)
HIDDEN = frozenset({"type", "id", "logg", "plan", "innhold", "endret", "endretAv"})  # told elsewhere
RECORD = identifier_system("record/")


@dataclass(frozen=True, slots=True)
class Line:
    """A label and its value: a text, perhaps a link, or lines below it."""

    label: str
    text: str = ""
    href: str = ""
    inner: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item on the page."""

    ref: str
    kind: str
    title: str
    source: str
    author: str
    changed: str
    withdrawn: bool
    lines: tuple[Line, ...]
    versions: tuple[Line, ...]
    documents: tuple[Line, ...]


@dataclass(slots=True)
class _Writer:
    """Turns items into entries. natives and names: how references are told."""

    everything: Everything
    documents: Iterable[Document]
    forms: tuple[RecordMapping, ...]
    names: dict[str, str] = field(default_factory=dict)

    def entries(self) -> list[Entry]:
        items = [
            (ref, one) for ref, one in self.everything.current.items() if ref == one.item and _is_shown(ref)
        ]
        records = {ref: self._record(ref) for ref, _ in items}
        self.names.update({ref: _title(record) for ref, record in records.items()})
        found = [self._entry(ref, one, records[ref]) for ref, one in items]
        return sorted(found, key=lambda e: ORDER.index(e.kind) if e.kind in ORDER else len(ORDER))

    def _record(self, ref: str) -> dict[str, Any]:
        """The item as a neutral record, where there is such a form; else the resource itself."""
        resource = self.everything.current[ref].resource
        for form in self.forms:
            slots = form.slots(resource)
            if slots is None:
                continue
            focus = {
                s: self.everything.current[r].resource
                for s, r in slots.items()
                if r in self.everything.current
            }
            try:
                return form.get(State(focus), self._ids())
            except NotExpressible:
                continue
        return _without_markup(resource)

    def _ids(self) -> Ids:
        refs = {ref: ref for ref in self.everything.current}
        return Ids(f"Patient/{self.everything.person}", "", "", refs, refs)

    def _entry(self, ref: str, one: Version, record: Mapping[str, Any]) -> Entry:
        kind = str(record.get("type") or record.get("resourceType") or "")
        own = [d for d in self.documents if self.everything.current[d.ref].item == ref]
        return Entry(
            ref=ref,
            kind=kind,
            title=self.names[ref],
            source=self.everything.names.get(one.created_by, one.created_by),
            author=self._author(ref),
            changed=words.moment(one.recorded or one.stored),
            withdrawn=reading.in_error(one.resource),
            lines=tuple(self._line(k, v) for k, v in record.items() if k not in HIDDEN),
            versions=tuple(self._versions(ref)),
            documents=tuple(Line(d.title, d.path.partition("/")[2], d.path) for d in own),
        )

    def _author(self, ref: str) -> str:
        """Who wrote it last, as far as the page knows that person."""
        provenance = self.everything.current.get(f"Provenance/{ref.partition('/')[2]}-provenance")
        agents = provenance.resource.get("agent", ()) if provenance else ()
        who = agents[0].get("who", {}) if agents else {}
        identifier = who.get("identifier", {})
        system = str(identifier.get("system", "")).removeprefix(RECORD)
        own = next(
            (
                one["ref"]
                for one in self.everything.links
                if (one["system"], one["native_id"]) == (system, identifier.get("value"))
            ),
            who.get("reference", ""),
        )
        return self.names.get(own, "")

    def _versions(self, item: str) -> Iterable[Line]:
        from gateway.cli.export_files import version_path

        for ref, history in self.everything.history.items():
            if self.everything.current[ref].item != item:
                continue
            for one in history:
                source = self.everything.names.get(one.source, one.source)
                when = words.moment(one.recorded or one.stored)
                yield Line(f"{ref.partition('/')[0]}, versjon {one.version}", f"{when}, {source}",
                           version_path(ref, one.version))  # fmt: skip

    def _line(self, name: str, value: Any) -> Line:
        heading = words.label(name)
        if isinstance(value, dict):
            return Line(heading, inner=tuple(self._line(k, v) for k, v in value.items()))
        if isinstance(value, list):
            return Line(heading, inner=tuple(self._element(name, one) for one in value))
        return self._leaf(heading, name, value)

    def _element(self, name: str, value: Any) -> Line:
        if isinstance(value, dict):
            return Line("", inner=tuple(self._line(k, v) for k, v in value.items()))
        return self._leaf("", name, value)

    def _leaf(self, heading: str, name: str, value: Any) -> Line:
        if isinstance(value, bool):
            return Line(heading, "ja" if value else "nei")
        text = str(value)
        if text in self.names:
            return Line(heading, self.names[text], f"#{text}")
        return Line(heading, words.shown(name, text))


def page(everything: Everything, documents: list[Document]) -> str:
    """The page as text."""
    forms = (mappings.load("stafettlogg"), mappings.load("individuell-plan"))
    writer = _Writer(everything, documents, forms)
    entries = writer.entries()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(moment=words.moment)
    return environment.get_template("export.html").render(
        e=everything,
        person=_person(everything),
        groups=_groups(entries),
        names=writer.names,
        words=words,
    )


def _groups(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(words.TYPES.get(entry.kind, entry.kind), []).append(entry)
    return list(groups.items())


def _is_shown(ref: str) -> bool:
    return not ref.startswith("Patient/")


def _title(record: Mapping[str, Any]) -> str:
    name = record.get("navn")
    if isinstance(name, dict):
        return " ".join(str(part) for part in name.values() if isinstance(part, str))
    for key in ("tittel", "emne", "tekst", "beskrivelse", "slag"):
        if isinstance(record.get(key), str) and record[key]:
            text = record[key]
            return text if len(text) <= 70 else f"{text[:69].rstrip()}…"
    kind = str(record.get("type") or record.get("resourceType") or "post")
    return words.TYPES.get(kind, kind)


def _person(everything: Everything) -> list[tuple[str, str]]:
    """Whom it is about: name, birth date, numbers."""
    patient = everything.current.get(f"Patient/{everything.person}")
    if patient is None:
        return []
    known = reading.person_of(patient.resource)
    lines = [("Navn", _written_name(patient.resource))]
    if known.born:
        lines.append(("Født", words.shown("", known.born.isoformat())))
    return lines + [("Nummer", value) for _, value in known.identifiers]


def _written_name(patient: Resource) -> str:
    names = patient.get("name") or [{}]
    name = names[0]
    middle = [str(x["valueString"]) for x in name.get("extension", ()) if "valueString" in x]
    return " ".join([*name.get("given", ()), *middle, name.get("family", "")]).strip()


def _without_markup(resource: Resource) -> dict[str, Any]:
    """A resource without its own narrative, which is markup made by a machine."""
    return {key: value for key, value in resource.items() if key not in {"text", "meta", "id"}}
