"""A mapping file compiled: the RecordMapping of one system. It chooses the section a record or resource
belongs to, says what a record is, and hands on to the section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mappings.lens.assemble import Assembler
from mappings.lens.checks import MISSING, Checker, unstorable
from mappings.lens.compose import filled
from mappings.lens.declaration import SystemDeclaration
from mappings.lens.headings import Headings
from mappings.lens.identity import Identity
from mappings.lens.periods import backwards
from mappings.lens.section import Section
from mappings.model import (
    ITEM,
    Heading,
    Ids,
    Json,
    NotExpressible,
    Problem,
    Record,
    RecordRefused,
    Resource,
    State,
)


class SystemMapping:
    """See RecordMapping. Holds nothing but what it was compiled from; safe to share between threads."""

    def __init__(self, declared: SystemDeclaration) -> None:
        assembler = Assembler(declared)
        self.name = declared.name
        self.declared = declared
        self.sections = tuple(Section(section, assembler, declared.type) for section in declared.sections)
        self._identity = Identity(declared.id)
        self._checker = Checker(declared.codes, declared.branches)
        self._headings = Headings(declared, self._checker)
        self._by_name = {section.declared.name: section for section in self.sections}
        self._by_type: dict[str, list[Section]] = {}
        self._by_resource: dict[str, list[Section]] = {}
        for section in self.sections:
            self._by_type.setdefault(section.type, []).append(section)
            self._by_resource.setdefault(section.resource, []).append(section)

    def label(self, native: Json) -> tuple[str | None, str | None]:
        """Type and id, as far as the record names itself. Never raises."""
        if not isinstance(native, dict):
            return None, None
        kind = native.get(self.declared.type)
        section = self._section_of(native)
        identity = section.identity if section else self._identity
        return kind if isinstance(kind, str) else None, identity.of(native)

    def named(self, native: Record, own: str) -> Record:
        """The record under this id."""
        section = self._section_of(native)
        return native if section is None else {**native, **section.identity.fields(own)}

    def describe(self, native: Record) -> Heading:
        """Check a record whole and say what it is. Raises RecordRefused with every problem found."""
        if not isinstance(native, dict):
            raise RecordRefused(None, (Problem("", "Posten skal være et objekt.", "wrong-type"),))
        known = self.label(native)[1]
        section = self._section_of(native)
        problems = tuple(self._problems(native, section))
        if problems or section is None or known is None:
            raise RecordRefused(known, problems)
        return self._headings.heading(native, section, known)

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after this system says `native`."""
        section = self._section_of(native)
        if section is None:
            raise RecordRefused(self.label(native)[1], (self._unknown_type(),))
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
        return self._by_name[name]

    def _section_for(self, resource: Resource) -> Section | None:
        candidates = self._by_resource.get(resource.get("resourceType", ""), ())
        return next((s for s in candidates if s.knows(resource)), None)

    def _section_of(self, native: Record) -> Section | None:
        kind = native.get(self.declared.type)
        candidates = self._by_type.get(kind, []) if isinstance(kind, str) else []
        for section in candidates:
            when = section.declared.when
            if when is None or _is_among(native.get(when[0]), when[1]):
                return section
        return candidates[0] if candidates else None

    def _problems(self, native: Record, section: Section | None) -> Iterator[Problem]:
        yield from unstorable(native)
        if section is None:
            kind = self.declared.type
            missing = filled(native.get(kind)) is None
            yield Problem(kind, MISSING, "missing") if missing else self._unknown_type()
        for name in (section.identity if section else self._identity).names:
            if filled(native.get(name)) is None:
                yield Problem(name, MISSING, "missing")
            elif not isinstance(native[name], str):
                yield Problem(name, "Feltet skal være en tekst.", "wrong-type")
        if section is not None:
            checked = (f for f in section.declared.fields if f.name not in section.identity.names)
            yield from self._checker.problems(tuple(checked), native)
            yield from backwards(section.periods, native)

    def _unknown_type(self) -> Problem:
        return Problem(self.declared.type, "Posttypen finnes ikke i dette formatet.", "unknown-type")


def _is_among(value: Json, values: frozenset[str]) -> bool:
    return isinstance(value, str) and value in values
