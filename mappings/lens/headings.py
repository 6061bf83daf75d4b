"""What intake has to know of a record before it is put: what it is called, when it changed, what it refers
to, whom it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from mappings.lens.checks import Checker
from mappings.lens.compose import filled
from mappings.lens.declaration import Field, SectionDeclaration, SystemDeclaration
from mappings.lens.forms import date_form
from mappings.lens.national import kind_of
from mappings.lens.person_ids import NATIONAL
from mappings.lens.refs import full_id
from mappings.lens.section import Section
from mappings.lens.times import moment
from mappings.lens.views import IN_ERROR
from mappings.lens.wording import wording
from mappings.model import Heading, Json, PersonKey, Problem, Record, RecordRefused

_NEEDED: Final = frozenset({"ref", "frame"})
_MENTIONED: Final = frozenset({"mention", "named", "writer"})
_ERROR_MARK: Final = "extension(feilregistrert)"


class Headings:
    """The headings of one system's records."""

    def __init__(self, declared: SystemDeclaration, checker: Checker) -> None:
        self._declared, self._checker = declared, checker
        self._errors = {s.name: tuple(_withdrawing(s, declared)) for s in declared.sections}

    def heading(self, native: Record, section: Section, own: str) -> Heading:
        """The heading of a record that has been checked."""
        declared = section.declared
        references = list(self._references(declared.fields, native, native))
        needs = dict.fromkeys(i for kind, i in references if kind in _NEEDED and i != own)
        mentions = dict.fromkeys(i for kind, i in references if kind in _MENTIONED and i not in needs)
        changed = self._changed(declared, native)
        if changed is None:  # checked before
            raise RecordRefused(own, ())
        return Heading(
            type=section.type,
            id=own,
            frame=None if declared.frame else native[self._declared.frame_key],
            changed=changed,
            resource_type=section.resource,
            needs=tuple(needs),
            mentions=tuple(mentions),
            person=_person(declared, native),
            ours=_ours(section, own),
            withdrawn=any(_says(native, name, words) for name, words in self._errors[declared.name]),
            warnings=tuple(self._warnings(declared.fields, native)),
            version=_version(native.get(self._declared.version)),
        )

    def _changed(self, declared: SectionDeclaration, native: Record) -> datetime | None:
        name = self._declared.changed
        field = next((f for f in declared.fields if f.name == name), None)
        if field is None or field.form is None:
            return moment(native[name])
        return moment(date_form(field.form, field.zone).fhir(native[name]) or "")

    def _references(
        self, fields: tuple[Field, ...], native: Record, cells: Record
    ) -> Iterator[tuple[str, str]]:
        """(kind, native id) of every record that is named, the frame first."""
        for field in fields:
            value = filled(native.get(field.name))
            for element in field.values(value):
                if filled(element) is None:
                    continue
                if field.fields:
                    yield from self._references(field.fields, field.members(element), cells)
                elif field.kind in _NEEDED or field.kind in _MENTIONED:
                    yield (
                        field.kind,
                        element if field.id is None else full_id(wording(field.id), element, cells),
                    )
                elif field.kind == "recipient" and not self._checker.is_organization(field, element):
                    yield "ref", element

    def _warnings(self, fields: tuple[Field, ...], native: Record) -> Iterator[Problem]:
        for field in fields:
            value = filled(native.get(field.name))
            if field.wanted and value is None:
                yield Problem(field.name, f"«{field.name}» mangler og bør fylles ut.", "missing")
            elif field.open and value is not None and not self._checker.is_code(field, value):
                text = f"Ordet finnes ikke i kodelisten «{field.codes}»; det beholdes, men deles ikke."
                yield Problem(field.name, text, "unknown-code")


def _withdrawing(
    section: SectionDeclaration, declared: SystemDeclaration
) -> Iterator[tuple[str, frozenset[Json]]]:
    """Fields that say that a record is registered in error, and the values that do; none: any."""
    for field in section.fields:
        if field.to == _ERROR_MARK:
            yield field.name, frozenset()
        elif section.frame and field.codes is not None and not field.fields:
            words = frozenset(_in_error(field, declared))
            if words:
                yield field.name, words


def _in_error(field: Field, declared: SystemDeclaration) -> Iterator[Json]:
    if field.kind == "branch":
        yield from (
            c for c, row in declared.branches[field.codes or ""].items() if row.get("status") == IN_ERROR
        )
    elif field.kind == "code":
        yield from (word for word, code in declared.codes[field.codes or ""].items() if code == IN_ERROR)


def _ours(section: Section, own: str) -> str | None:
    """Our own reference, if the record was given by us and lies under an id of ours among other fields."""
    names = section.identity.names
    return f"{section.resource}/{section.identity.fields(own)[names[-1]]}" if len(names) > 1 else None


def _says(native: Record, name: str, words: frozenset[Json]) -> bool:
    value = native.get(name)
    return bool(value) if not words else isinstance(value, str) and value in words


def _version(value: Json) -> str | None:
    """The system's own version, where it says one."""
    return str(value)[:255] if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _person(declared: SectionDeclaration, native: Record) -> PersonKey | None:
    """Whom a log or plan is about."""
    if declared.person is None:
        return None
    field = next(f for f in declared.fields if f.name == declared.person)
    about = field.members(native.get(field.name))
    numbers = [
        (system, about[f.name])
        for f in field.fields
        if about.get(f.name) and (system := _system_of(f.kind, about[f.name]))
    ]
    return PersonKey(tuple(numbers), _born(field, about))


def _system_of(kind: str, number: str) -> str | None:
    return NATIONAL.get(kind_of(number) if kind == "person-id" else kind)


def _born(field: Field, about: dict[str, Json]) -> date | None:
    birth = next((f for f in field.fields if f.to == "birthDate" and about.get(f.name)), None)
    if birth is None:
        return None
    said = about[birth.name]
    text = said if birth.form is None else date_form(birth.form, birth.zone).fhir(said) or ""
    return date.fromisoformat(text) if len(text) == len("2015-03-02") else None
