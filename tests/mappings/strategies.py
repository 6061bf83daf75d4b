"""Native records generated from what a mapping file declares, so that every section, ours or a user's, can be
tried against the laws.

`clean` records hold only what the declaration says FHIR can hold; the others also hold empty values, unknown
keys and odd texts.
"""

from __future__ import annotations

import base64
import string
from typing import Any

from hypothesis import strategies as st
from stdnum.no.fodselsnummer import calc_check_digit1, calc_check_digit2

from mappings.lens.declaration import Field
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.lens.values import is_blank
from mappings.model import Ids, Record

KNOWN = {
    "d1": "PractitionerRole/h1",
    "d2": "RelatedPerson/h2",
    "m1": "Goal/h3",
    "dok1": "DocumentReference/h4",
    "frame": "CarePlan/h0",
}
STRANGERS = ("ukjent-1", "x 9")
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12
)
CLEAN_TEXT = WORDS.filter(lambda t: not t.isspace())
ODD_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
EMPTY_VALUES = st.sampled_from(["", [], {}, None])
UNKNOWN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.decimals(0, 9, places=2) | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=2),
    max_leaves=4,
)
DATES = st.dates().map(str).filter(lambda d: d >= "1000")
FRACTIONS = st.sampled_from(["", ".5", ".120", ".000000001"])
ZONES = st.sampled_from(["Z", "+01:00", "-11:30", "+14:00"])
TIMES = st.builds(
    lambda d, t, fraction, zone: f"{d}T{t:%H:%M:%S}{fraction}{zone}", DATES, st.times(), FRACTIONS, ZONES
)
ODD_TIMES = st.sampled_from(["2026-01-01t10:00:00z", "2026-01-01 10:00:00Z", "2026-01-01T23:59:60+23:30"])
CODE_LIKE = st.text(string.ascii_letters + "-._/", min_size=1, max_size=9)


def _number(kind: str) -> st.SearchStrategy[str]:
    """A number with check digits; not every serial number has them."""
    day = {"fnr": st.integers(1, 28), "dnr": st.integers(41, 68), "fhn": st.integers(80, 99)}[kind]
    month = st.integers(1, 12).flatmap(lambda m: st.sampled_from([m, m + 40, m + 65, m + 80]))
    stem = st.builds(lambda d, m, y, s: f"{d:02}{m:02}{y:02}{s:03}", day, month, *[st.integers(0, 99)] * 2)
    return stem.map(_with_check_digits).filter(lambda n: len(n) == 11)


def _with_check_digits(stem: str) -> str:
    first = calc_check_digit1(stem)
    return stem + first + calc_check_digit2(stem + first) if len(first) == 1 else stem


def _value(mapping: SystemMapping, field: Field, *, clean: bool) -> st.SearchStrategy[Any]:
    """One value of a field that is no list."""
    if field.fields:
        return _object(mapping, field.fields, clean=clean, filled=clean)
    declared = mapping.declared
    text = CLEAN_TEXT if clean else ODD_TEXT
    references = st.sampled_from(sorted(KNOWN) + ([] if clean else list(STRANGERS)))
    codes = st.sampled_from(sorted(declared.codes.get(field.codes or "", ["-"]), key=str))
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "code": codes,
        "branch": st.sampled_from(sorted(declared.branches.get(field.codes or "", ["-"]))),
        "recipient": codes | st.just("974760673") | (references if field.people else codes),
        "date": DATES if clean else DATES | st.sampled_from(["2026", "2026-05"]),
        "moment": DATES | TIMES if clean else DATES | TIMES | ODD_TIMES,
        "time": TIMES if clean else TIMES | ODD_TIMES,
        "boolean": st.booleans(),
        "integer": st.integers(0, 9),
        "token": CODE_LIKE if clean else CODE_LIKE | st.just("to  ord"),
        "uri": CODE_LIKE if clean else CODE_LIKE | st.just("ikke en uri"),
        "base64": st.binary(min_size=1, max_size=9).map(lambda b: base64.b64encode(b).decode()),
        "elsewhere": st.fixed_dictionaries({"system": CODE_LIKE, "id": CLEAN_TEXT}),
        "scalar": CLEAN_TEXT | st.booleans() | st.integers(-9, 9),
        "orgnr": st.just("974760673"),
        **dict.fromkeys(("ref", "mention", "named", "writer"), references),
    }
    if field.kind == "base64" and not clean:
        return kinds["base64"] | st.just("YQ\n==")
    if field.kind in ("fnr", "dnr", "fhn"):
        return _number(field.kind)
    return kinds.get(field.kind, text)


def _field(mapping: SystemMapping, field: Field, *, clean: bool) -> st.SearchStrategy[Any]:
    one = _value(mapping, field, clean=clean)
    if field.many:
        unique = (lambda e: e.get(field.key)) if field.key and clean else None
        one = st.lists(one, min_size=1 if clean else 0, max_size=3, unique_by=unique)
    return one if clean or field.required else one | EMPTY_VALUES


def _object(
    mapping: SystemMapping, fields: tuple[Field, ...], *, clean: bool, filled: bool
) -> st.SearchStrategy[Record]:
    required = {f.name: _field(mapping, f, clean=clean) for f in fields if f.required}
    optional = {f.name: _field(mapping, f, clean=clean) for f in fields if not f.required}
    made = st.fixed_dictionaries(required, optional=optional)
    if not clean:
        keys = st.dictionaries(st.sampled_from(["ukjent", "_merke", "æøå"]), UNKNOWN, max_size=2)
        made = st.builds(lambda a, b: {**b, **a}, made, keys)
    return made.filter(bool) if filled else made


def records(mapping: SystemMapping, section: Section, *, clean: bool = False) -> st.SearchStrategy[Record]:
    """Records of one section, all of them accepted by `describe`."""
    declared = section.declared
    fields = tuple(f for f in declared.fields if f.kind != "frame")
    fixed = {"type": st.just(section.type), "id": st.just("own")}
    if not declared.frame:
        fixed[mapping.declared.frame_key] = st.just("frame")
    if declared.when:
        fixed[declared.when[0]] = st.sampled_from(sorted(declared.when[1]))
    made = _object(mapping, fields, clean=clean, filled=False)
    return st.builds(lambda a, b: {**a, **b}, made, st.fixed_dictionaries(fixed)).map(_described)


def _described(record: Record) -> Record:
    """What is required must be said: an odd text may be blank, and then it is not."""
    return {**record, "tekst": "noe"} if is_blank(record.get("tekst")) else record


def ids_for(mapping: SystemMapping, section: Section) -> Ids:
    """Ids under which the record "own" and the known ones have places in the hub."""
    refs = {**KNOWN, "own": f"{section.resource}/own"}
    frame = refs["own"] if section.declared.frame else KNOWN["frame"]
    return Ids("Patient/p1", frame, mapping.name, refs, {ref: native for native, ref in refs.items()})
