"""The language of mapping files: which tables there are, which keys each may have, and what a key's value is.
The one source of what the reader accepts, of the JSON Schema that editors complete from, and of the errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mappings.lens.expected import (
    ANY_TEXT,
    BRANCHES,
    CHOICE,
    CODES,
    FHIR,
    FLAG,
    PLACES,
    SIGN,
    SIMPLE,
    TEXT,
    TEXT_OR_TEXTS,
    TEXTS,
    URLS,
    VIEWS,
    Form,
    named,
    table,
    tables_of,
    word,
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its value and what it says. required: the table is wrong without it."""

    form: Form
    says: str
    required: bool = False


# What `as` may say. A field without `as` is a code where it has `codes`, and else a text.
KINDS: Final[Mapping[str, str]] = {
    "text": "A text.",
    "token": "A text without spaces around or doubled inside, as FHIR's type code.",
    "uri": "A URI.",
    "boolean": "true or false.",
    "integer": "A whole number; only for what stays with this system.",
    "scalar": "A text, a whole number, or true or false: value[x] of FHIR.",
    "date": "A day: 2026-11-20, or as `form` says.",
    "time": "A point in time with its zone: 2026-11-20T14:05:00+01:00, or as `form` says.",
    "moment": "A day or a point in time.",
    "base64": "An attachment's bytes.",
    "concept": "A word: coded where the table knows it, text in any case. Needs `codes` and `system`.",
    "name": "A person's name in one text: the last word is the family name.",
    "given": "Given names in one text.",
    "fnr": "A national identity number (fødselsnummer).",
    "dnr": "A D-number.",
    "fhn": "A shared emergency number (felles hjelpenummer).",
    "person-id": 'Any of these three, by its digits; stands on the person itself, `to = ""`.',
    "orgnr": "An organization number.",
    "ref": "The id of another record, which must be known before this one is taken in.",
    "mention": "The id of another record, which need not be known.",
    "named": "The id of whoever wrote it.",
    "writer": "The id of whoever wrote it last; without one the system itself.",
    "display": "Someone's name, without an id: shown, never matched.",
    "writer-name": "The name of whoever wrote it last, without an id; without one the system itself.",
    "recipient": "A service code, an organization number, or a participant's id.",
    "elsewhere": "A record of another system: an object with system and id.",
    "frame": "The id of the log or plan it belongs to. Every section has this field already.",
}

_FILE: Final = {
    "system": Key(table("system"), "What it is called, and where its records say what they are.", True),
    "csv": Key(table("csv"), "The form of the system's files, where they are CSV."),
    "names": Key(URLS, 'Short names of URLs, to be used as "@name".'),
    "codes": Key(named(CODES), 'Code tables: a list where both sides say the same, or native = "FHIR code".'),
    "branches": Key(named(BRANCHES), "Codes that stand in several places of a resource at once."),
    "patterns": Key(tables_of("pattern"), "Which element of a list a way means by {name}."),
    "common": Key(tables_of("field"), "Fields that every record type has."),
    "section": Key(tables_of("section"), "One record type, or one form of it.", True),
}  # fmt: skip

_SYSTEM: Final = {
    "name": Key(TEXT, "The system's name.", True),
    "uses": Key(TEXT, "The file this one is laid over: one of ours by name, or a path beside this file."),
    "sections": Key(TEXTS, "The record types it has, in order: names of [section.…].", True),
    "frame_key": Key(TEXT, "The field that holds the id of the log or plan a record belongs to.", True),
    "type": Key(TEXT, "The field that says what a record is. Without it: type."),
    "id": Key(TEXT, 'A record\'s id: a field, or several in braces: "{LoggNr}/{RadNr}". Without it: id.'),
    "changed": Key(TEXT, "The field that says when a record was last changed. Without it: endret."),
    "version": Key(TEXT, "The field that holds the system's own version. Without it: versjon."),
}  # fmt: skip

_CSV: Final = {
    "columns": Key(TEXTS, "The columns, in order; files are written with them.", True),
    "delimiter": Key(SIGN, "Between two cells. Without it: a semicolon."),
    "encoding": Key(TEXT, 'Of the file: "cp1252" is Windows-1252. Without it: utf-8-sig.'),
    "line_end": Key(word("\r\n", "\n"), 'After each row. Without it: "\\r\\n".'),
    "quotes": Key(word("needed", "all"), "Which cells stand in quotes. Without it: those that need them."),
}

_SECTION: Final = {
    "resource": Key(TEXT, "The FHIR resource it becomes."),
    "type": Key(TEXT, "What the system calls this record type. Without it: the section's name."),
    "like": Key(TEXT, "The section it is written over."),
    "id": Key(TEXT, "As in [system], where this record type has another id."),
    "kind": Key(table("kind"), "The code that tells it from other records of the same resource."),
    "when": Key(CHOICE, "The field and the values that mean this form of the type."),
    "template": Key(FHIR, "What a new resource starts as, with $subject, $frame, $item and $system."),
    "ensure": Key(PLACES, "What must stand there; written where nothing does."),
    "withdrawn": Key(TEXT, "Where entered-in-error stands: status, lifecycleStatus, or tag: in meta."),
    "views": Key(VIEWS, "What the standard couples and the record does not."),
    "slots": Key(tables_of("slot"), "Resources that belong to the record beside the one it becomes."),
    "fields": Key(tables_of("field"), "The record's fields by their names."),
    "frame": Key(FLAG, "Whether it is the log or plan itself."),
    "person": Key(TEXT, "The field that says whom the log or plan is about."),
    "common": Key(FLAG, "Whether it has the fields of [common]. Without it: true."),
}  # fmt: skip

_SLOT: Final = {
    "resource": Key(TEXT, "The FHIR resource.", True),
    "template": Key(FHIR, "What a new one starts as."),
    "link": Key(TEXT, "The list of references in the record's own resource that names it."),
}

_KIND: Final = {
    "at": Key(TEXT, "The way to the code.", True),
    "is": Key(TEXT, "The code.", True),
    "or_none": Key(FLAG, "Whether a resource without any such code is of this type too."),
}

_FIELD: Final = {
    "to": Key(ANY_TEXT, "The way to where it stands in FHIR. Without it the value stays with this system."),
    "as": Key(word(*KINDS), "What kind of value it is."),
    "slot": Key(TEXT, "The resource it stands in, where that is not the record's own."),
    "codes": Key(TEXT, "Its code table."),
    "branches": Key(TEXT, "Its table under [branches]."),
    "system": Key(TEXT, "Of a concept: the code system of its codes, \"@code/moeteslag\"."),
    "open": Key(FLAG, "Whether words beyond the code table are taken in, and kept with this system."),
    "form": Key(TEXT, "How a date or time is written: dd.MM.yyyy HH:mm."),
    "zone": Key(TEXT, "The time zone of times that are written without one: Europe/Oslo."),
    "parts": Key(TEXT_OR_TEXTS, "Several values in one text: \"{navn} ({fnr})\"; each is one of `fields`."),
    "separator": Key(TEXT, "Between the values of a list that stands in one text."),
    "id": Key(TEXT, "How a reference becomes an id by other fields of its record: \"{LoggNr}/{}\"."),
    "key": Key(TEXT, "Of a list: the member an element is known by."),
    "fields": Key(tables_of("field"), "The members of an object, or the parts of a text."),
    "also": Key(TEXTS, "Ways it is read from where `to` leads to nothing."),
    "with": Key(PLACES, "What stands beside the value as long as there is one."),
    "required": Key(FLAG, "A record without it is refused."),
    "wanted": Key(FLAG, "A record without it is taken in with a warning."),
    "people": Key(FLAG, "Of a recipient: whether it may be a participant. Without it: true."),
    "otherwise": Key(SIMPLE, "What the system is told where FHIR says nothing."),
}  # fmt: skip

_PATTERN: Final = {
    "$has": Key(TEXTS, "Members that the element must have."),
    "$lacks": Key(TEXTS, "Members that it must not have."),
    "$or_first": Key(FLAG, "Whether the first element is meant where none is like this."),
}

TABLES: Final[Mapping[str, Mapping[str, Key]]] = {
    "file": _FILE,
    "system": _SYSTEM,
    "csv": _CSV,
    "section": _SECTION,
    "slot": _SLOT,
    "kind": _KIND,
    "field": _FIELD,
    "pattern": _PATTERN,
}
OPEN_TABLES: Final = frozenset({"pattern"})  # may also hold members of FHIR
