"""Native records of a section, made from what the mapping file declares; all of them are accepted by
`describe`.

Clean records hold only what FHIR can hold; the others also hold empty values, unknown keys and odd texts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from mappings.lens.declaration import Field, SystemDeclaration
from mappings.lens.periods import backwards
from mappings.lens.refs import full_id
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.lens.wording import wording
from mappings.model import Ids, Json, Record
from mappings.trial.choices import LEFT_OUT, Maker, either, members, one_of, perhaps, several
from mappings.trial.texts import joined, worded
from mappings.trial.values import KNOWN, value

OWN: Final = "own"
FRAME: Final = "frame"
_UNKNOWN: Final = one_of(
    ("x", None, True, -5, Decimal("1.10"), "", [], {}, [1, None], {"p": {"q": []}}, [Decimal("0.00"), "\n"])
)


def maker(mapping: SystemMapping, section: Section, *, clean: bool = False, synonyms: bool = False) -> Maker:
    """Makes records of a section. synonyms: where several words mean one FHIR code, clean records hold only
    the first, which is the one that FHIR alone gives back."""
    declared, always = section.declared, _always(mapping, section)
    fields = tuple(f for f in declared.fields if f.name not in always)
    words = _preferred(mapping.declared) if clean and synonyms else mapping.declared
    made = _forwards(_object(words, fields, clean=clean), section)
    if declared.when is None:
        return Maker(made.size, lambda data, at: {**made.make(data, at), **always})
    name, forms = declared.when[0], sorted(declared.when[1])

    def make(data: bytes, at: int) -> Record:
        return {**made.make(data, at + 1), **always, name: forms[data[at] % len(forms)]}

    return Maker(1 + made.size, make)


def _forwards(made: Maker, section: Section) -> Maker:
    """Start and end of each period in their order: what ends before it starts is refused."""

    def make(data: bytes, at: int) -> Record:
        record: Record = made.make(data, at)
        for period in section.periods:
            if any(backwards((period,), record)):
                holder = period.holder(record)
                start, end = period.start.name, period.end.name
                holder[start], holder[end] = holder[end], holder[start]
        return record

    return Maker(made.size, make)


def _preferred(declared: SystemDeclaration) -> SystemDeclaration:
    """With one word for each code, the first."""
    codes = {name: _first_words(table) for name, table in declared.codes.items()}
    branches = {name: _first_words(rows) for name, rows in declared.branches.items()}
    return replace(declared, codes=codes, branches=branches)


def _first_words(table: Mapping[Json, Json]) -> dict[Json, Json]:
    first = {repr(meaning): word for word, meaning in reversed(list(table.items()))}
    return {word: meaning for word, meaning in table.items() if first[repr(meaning)] == word}


def _always(mapping: SystemMapping, section: Section) -> Record:
    """What says which record it is: its type, its id, the log or plan it belongs to."""
    declared = mapping.declared
    said: Record = dict.fromkeys(section.identity.names, OWN)
    if not section.declared.frame:
        said[declared.frame_key] = FRAME
    return {declared.type: section.type, **said}


def generated(
    mapping: SystemMapping, section: Section, count: int, *, seed: int = 0, clean: bool = False
) -> Iterator[Record]:
    """So many records, the same for the same seed; for who needs examples and searches for nothing."""
    made, source = maker(mapping, section, clean=clean), random.Random(seed)  # noqa: S311 -- no secret
    for _ in range(count):
        yield made.make(source.randbytes(made.size), 0)


def barest(mapping: SystemMapping, section: Section) -> Iterator[Record]:
    """The record that says only what it must, then one for each other field with that field beside."""
    made = maker(mapping, section, clean=True)
    bare: Record = made.make(bytes(made.size), 0)
    yield bare
    for field in section.declared.fields:
        if field.name not in bare:
            content = _content(mapping.declared, field, clean=True)
            yield {**bare, field.name: content.make(bytes(content.size), 0)}


def ids_for(mapping: SystemMapping, section: Section) -> Ids:
    """Ids under which a made record and what it refers to have places in the hub."""
    always = _always(mapping, section)
    own = str(section.identity.of(always))
    refs = {**KNOWN, own: f"{section.resource}/{OWN}"}
    for text in _wordings(section.declared.fields):
        refs |= {full_id(wording(text), n, always): ref for n, ref in KNOWN.items() if n != FRAME}
    frame = refs[own] if section.declared.frame else KNOWN[FRAME]
    return Ids("Patient/p1", frame, mapping.name, refs, {ref: native for native, ref in refs.items()})


def _wordings(fields: tuple[Field, ...]) -> Iterator[str]:
    """How references become ids by other fields of their record."""
    for field in fields:
        yield from (field.id,) if field.id else ()
        yield from _wordings(field.fields)


def _object(declared: SystemDeclaration, fields: tuple[Field, ...], *, clean: bool) -> Maker:
    made = [(field.name, _field(declared, field, clean=clean)) for field in fields]
    if not clean:
        made.insert(0, ("ukjent", _seldom(_UNKNOWN)))
    return members(made)


def _field(declared: SystemDeclaration, field: Field, *, clean: bool) -> Maker:
    one = _content(declared, field, clean=clean)
    return one if field.required else perhaps(one, empty=not clean)


def _content(declared: SystemDeclaration, field: Field, *, clean: bool) -> Maker:
    """What a field holds when it is there."""
    if field.parts:
        one = either(*(worded(declared, field, text) for text in field.parts))
    elif field.fields:
        one = _object(declared, field.fields, clean=clean)
        if clean or field.required:
            one = _filled(one, field.fields[0].name, _content(declared, field.fields[0], clean=True))
    else:
        one = value(declared, field, clean=clean)
    return _list(field, one, clean=clean) if field.many else one


def _list(field: Field, one: Maker, *, clean: bool) -> Maker:
    if field.separator is not None:
        return joined(several(one, least=1), field.separator)
    made = several(one, least=1 if clean else 0)
    alone = field.key or (field.to or "").startswith("meta.")  # FHIR says a label only once
    return _distinct(made, field.key) if clean and alone else made


def _filled(made: Maker, first: str, content: Maker) -> Maker:
    """An object with something in it, if need be its first member."""

    def make(data: bytes, at: int) -> Record:
        return made.make(data, at) or {first: content.make(data, at + made.size)}

    return Maker(made.size + content.size, make)


def _distinct(made: Maker, key: str | None) -> Maker:
    def make(data: bytes, at: int) -> list[Json]:
        found = {repr(element.get(key) if key else element): element for element in made.make(data, at)}
        return list(found.values())

    return Maker(made.size, make)


def _seldom(made: Maker) -> Maker:
    def make(data: bytes, at: int) -> Json:
        return made.make(data, at + 1) if data[at] >= 224 else LEFT_OUT

    return Maker(1 + made.size, make)
