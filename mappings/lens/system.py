"""A mapping file compiled: the RecordMapping of one system. It chooses the section a record or resource
belongs to, says what a record is, and hands on to the section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from mappings import canonical
from mappings.lens.assemble import Assembler
from mappings.lens.checks import MISSING, Checker, unstorable
from mappings.lens.compose import filled
from mappings.lens.declaration import Field, SystemDeclaration
from mappings.lens.section import Section
from mappings.lens.times import moment
from mappings.model import (
    ITEM,
    Heading,
    Ids,
    Json,
    NotExpressible,
    PersonKey,
    Problem,
    Record,
    RecordRefused,
    Resource,
    State,
)

_IDENTIFIERS = {"fnr": canonical.FNR, "dnr": canonical.DNR, "fhn": canonical.FHN}
_NEEDED = frozenset({"ref", "frame"})
_MENTIONED = frozenset({"mention", "named", "writer"})


class SystemMapping:
    """See RecordMapping. Holds nothing but what it was compiled from; safe to share between threads."""

    def __init__(self, declared: SystemDeclaration) -> None:
        assembler = Assembler(declared)
        self.name = declared.name
        self.declared = declared
        self.sections = tuple(Section(section, assembler) for section in declared.sections)
        self._checker = Checker(declared.codes, declared.branches)
        self._by_type: dict[str, list[Section]] = {}
        self._by_resource: dict[str, list[Section]] = {}
        for section in self.sections:
            self._by_type.setdefault(section.type, []).append(section)
            self._by_resource.setdefault(section.resource, []).append(section)

    def describe(self, native: Record) -> Heading:
        """Check a record whole and say what it is. Raises RecordRefused with every problem found."""
        if not isinstance(native, dict):
            raise RecordRefused(None, (Problem("", "Posten skal være et objekt.", "wrong-type"),))
        own = native.get("id")
        known = own if isinstance(own, str) and own else None
        section = self._section_of(native)
        problems = tuple(self._problems(native, section))
        if problems or section is None or known is None:
            raise RecordRefused(known, problems)
        return self._heading(native, section, known)

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after this system says `native`."""
        section = self._section_of(native)
        if section is None:
            raise RecordRefused(native.get("id"), (_unknown_type(),))
        return section.put(native, state, ids)

    def get(self, state: State, ids: Ids) -> Record:
        """The record as this system would hold it. Raises NotExpressible."""
        section = self._section_for(state.focus[ITEM])
        if section is None:
            raise NotExpressible("Mottakeren har ingen posttype for dette.")
        native = section.get(state, ids)
        for field in section.declared.fields:
            if field.required and field.name not in native and field.slot is None and field.kind != "frame":
                raise NotExpressible(f"«{field.name}» mangler, og mottakeren må ha det.")
        return native

    def slots(self, resource: Resource) -> Mapping[str, str] | None:
        """slot -> hub reference of each resource that may belong to this focal resource's record."""
        section = self._section_for(resource)
        return None if section is None else section.slots(resource)

    def section(self, name: str) -> Section:
        """The section of this name. Raises KeyError."""
        return next(s for s in self.sections if s.declared.name == name)

    def _section_for(self, resource: Resource) -> Section | None:
        candidates = self._by_resource.get(resource.get("resourceType", ""), ())
        return next((s for s in candidates if s.knows(resource)), None)

    def _section_of(self, native: Record) -> Section | None:
        kind = native.get("type")
        candidates = self._by_type.get(kind, []) if isinstance(kind, str) else []
        for section in candidates:
            when = section.declared.when
            if when is None or _is_among(native.get(when[0]), when[1]):
                return section
        return candidates[0] if candidates else None

    def _problems(self, native: Record, section: Section | None) -> Iterator[Problem]:
        yield from unstorable(native)
        if section is None:
            missing = filled(native.get("type")) is None
            yield Problem("type", MISSING, "missing") if missing else _unknown_type()
        own = native.get("id")
        if filled(own) is None:
            yield Problem("id", MISSING, "missing")
        elif not isinstance(own, str):
            yield Problem("id", "Feltet skal være en tekst.", "wrong-type")
        if section is not None:
            yield from self._checker.problems(section.declared.fields, native)

    def _heading(self, native: Record, section: Section, own: str) -> Heading:
        fields = section.declared.fields
        references = list(self._references(fields, native))
        needs = dict.fromkeys(i for kind, i in references if kind in _NEEDED and i != own)
        mentions = dict.fromkeys(i for kind, i in references if kind in _MENTIONED and i not in needs)
        changed = moment(native[self.declared.changed])
        if changed is None:  # checked before
            raise RecordRefused(own, ())
        error = native.get("feilregistrert")
        return Heading(
            type=section.type,
            id=own,
            frame=None if section.declared.frame else native[self.declared.frame_key],
            changed=changed,
            resource_type=section.resource,
            needs=tuple(needs),
            mentions=tuple(mentions),
            person=_person(section, native),
            withdrawn=bool(error) or (section.declared.frame and native.get("status") == "feilregistrert"),
            warnings=tuple(_warnings(fields, native)),
        )

    def _references(self, fields: tuple[Field, ...], native: dict[str, Json]) -> Iterator[tuple[str, str]]:
        """(kind, native id) of every record that is named, the frame first."""
        for field in fields:
            value = filled(native.get(field.name))
            for element in value if isinstance(value, list) else [value]:
                if filled(element) is None:
                    continue
                if field.fields:
                    yield from self._references(field.fields, element)
                elif field.kind in _NEEDED or field.kind in _MENTIONED:
                    yield field.kind, element
                elif field.kind == "recipient" and not self._checker.is_organization(field, element):
                    yield "ref", element


def _is_among(value: Json, values: frozenset[str]) -> bool:
    return isinstance(value, str) and value in values


def _unknown_type() -> Problem:
    return Problem("type", "Posttypen finnes ikke i dette formatet.", "unknown-type")


def _warnings(fields: tuple[Field, ...], native: Record) -> Iterator[Problem]:
    for field in fields:
        if field.wanted and filled(native.get(field.name)) is None:
            yield Problem(field.name, f"«{field.name}» mangler og bør fylles ut.", "missing")


def _person(section: Section, native: Record) -> PersonKey | None:
    """Whom a log or plan is about."""
    name = section.declared.person
    if name is None:
        return None
    about = native.get(name) or {}
    inner = next(f for f in section.declared.fields if f.name == name).fields
    numbers = [
        (_IDENTIFIERS[f.kind], about[f.name]) for f in inner if f.kind in _IDENTIFIERS and about.get(f.name)
    ]
    born = next((about[f.name] for f in inner if f.to == "birthDate" and about.get(f.name)), None)
    return PersonKey(tuple(numbers), date.fromisoformat(born) if born and len(born) == 10 else None)
