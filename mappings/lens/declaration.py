"""What a mapping file says, as values: a system's record types, their fields, and where each stands in FHIR.
reader makes them; nothing is compiled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.lens.source import BadDeclaration, Source, Table
from mappings.lens.ways import Names
from mappings.lens.wording import taken_apart
from mappings.model import Json

__all__ = [
    "BadDeclaration",
    "Codes",
    "CsvDeclaration",
    "Field",
    "SectionDeclaration",
    "SlotDeclaration",
    "SystemDeclaration",
    "Table",
]

Codes = Mapping[Json, str]  # native code -> FHIR code


@dataclass(frozen=True, slots=True)
class Field:
    """One native field. `to` without meaning (None) keeps the value in the rest alone."""

    name: str
    kind: str
    to: str | None = None
    slot: str | None = None
    codes: str | None = None
    key: str | None = None  # lists: by which member an element is known
    fields: tuple[Field, ...] = ()
    also: tuple[str, ...] = ()
    constants: Mapping[str, Json] = field(default_factory=dict)
    required: bool = False
    wanted: bool = False  # missing is a warning
    people: bool = True  # recipients: may be a participant
    otherwise: Json = None  # what get says where FHIR says nothing
    open: bool = False  # words beyond the code table are taken in
    system: str | None = None  # of a concept: the URL of its code system
    form: str | None = None  # how a date or time is written
    zone: str | None = None
    parts: tuple[str, ...] = ()  # wordings of a text that holds several values, the `fields`
    separator: str | None = None  # between the values of a list that stands in one text
    id: str | None = None  # wording that makes the value of a reference an id

    @property
    def many(self) -> bool:
        """Whether the value is a list, written as one or in one text."""
        return self.to is not None and "*" in self.to

    @property
    def by_cells(self) -> bool:
        """Whether a reference in it is made of several fields of the record."""
        return self.id is not None or any(f.by_cells for f in self.fields)

    def values(self, value: Json) -> list[Json]:
        """The single values of this field, as far as it has the form of one."""
        if self.separator is not None:
            return pieces(value, self.separator)
        return list(value) if isinstance(value, list) else [value]

    def members(self, value: Json) -> dict[str, Json]:
        """The members of one value, be it an object or a text that is taken apart."""
        if self.parts:
            return (taken_apart(self.parts, value) if isinstance(value, str) else None) or {}
        return value if isinstance(value, dict) else {}


def pieces(text: Json, separator: str) -> list[Json]:
    """The values that stand in one text."""
    found = text.split(separator.strip() or separator) if isinstance(text, str) else []
    return [piece.strip() for piece in found if piece.strip()]


@dataclass(frozen=True, slots=True)
class SlotDeclaration:
    """A resource owned by the focal one."""

    name: str
    resource: str
    template: Table
    link: str | None = None  # list of references in the focal resource that names it


@dataclass(frozen=True, slots=True)
class SectionDeclaration:
    """One record type, or one form of it (`when`)."""

    name: str
    type: str
    resource: str
    fields: tuple[Field, ...]
    id: str  # wording of the record's id by its fields
    template: Table = field(default_factory=dict)
    ensure: Mapping[str, Json] = field(default_factory=dict)
    kind: tuple[str, str] | None = None  # way and code that tell this type from others
    fallback: bool = True  # a resource without any kind is of this type
    when: tuple[str, frozenset[str]] | None = None  # native field and its values that mean this form
    withdrawn: str = "status"  # where entered-in-error stands; "tag" where there is no such status
    views: tuple[str, ...] = ()
    slots: tuple[SlotDeclaration, ...] = ()
    frame: bool = False
    person: str | None = None  # the field that says whom it is about


@dataclass(frozen=True, slots=True)
class CsvDeclaration:
    """The form of a system's files."""

    columns: tuple[str, ...]
    delimiter: str = ";"
    encoding: str = "utf-8-sig"
    line_end: str = "\r\n"
    quote_all: bool = False


@dataclass(frozen=True, slots=True)
class SystemDeclaration:
    """One file."""

    source: Source
    name: str
    frame_key: str
    type: str  # the field that says what a record is
    id: str  # wording of a record's id, where its section has no other
    changed: str
    version: str
    names: Names
    codes: Mapping[str, Codes]
    branches: Mapping[str, Mapping[str, Table]]
    sections: tuple[SectionDeclaration, ...]
    csv: CsvDeclaration | None = None

    @property
    def file(self) -> str:
        """The file's name."""
        return self.source.file
