"""What each kind of value of a mapping file may look like. `clean` values are those that FHIR can hold;
the others are accepted too, and are where written form and meaning part.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from stdnum.no.fodselsnummer import calc_check_digit1, calc_check_digit2

from mappings.lens.declaration import Field, SystemDeclaration
from mappings.lens.forms import date_form
from mappings.lens.values import is_blank
from mappings.model import Json
from mappings.trial.choices import Maker, either, fixed, members, one_of

KNOWN: Final = {
    "d1": "PractitionerRole/h1",
    "d2": "RelatedPerson/h2",
    "m1": "Goal/h3",
    "dok1": "DocumentReference/h4",
    "frame": "CarePlan/h0",
}
STRANGERS: Final = ("ukjent-1", "x 9")
TEXTS: Final = (
    "a", "b", "Æ ø å", " a", "a ", "a\nb", "a\r\nb", "a\tb", "<b>&amp;</b>", "\"'\\", "e\u0301", "é", "日本",
    "😀", "👩\u200d👧",
    "\u00a0x", "\ufeffx", "\u2028x", "0", "null", "true", "a;b", "a|b", "1.10", "{}", "$subject",
)  # fmt: skip
ODD_TEXTS: Final = (
    "", " ", "\t\n", "\x01", "a\x7fb", "\x1f", "\u3000", "x\x02", "\ue000", "\ufffe", "a  b",
)  # fmt: skip
_LETTERS: Final = "abcdeæøåÆØÅéñß  .,;:-_/()0123456789\n\t&<>\"'日😀\u0301"
_CODE_LETTERS: Final = string.ascii_letters + string.digits + "-._/"
_FRACTIONS: Final = ("", ".5", ".120", ".000000001")
_ZONES: Final = ("Z", "+01:00", "-11:30", "+14:00")
_EDGE_DATES: Final = ("1000-01-01", "1899-12-31", "2024-02-29", "2026-12-31", "9999-12-31")
_ODD_TIMES: Final = ("2026-01-01t10:00:00z", "2026-01-01 10:00:00Z", "2026-01-01T23:59:60+23:30")
_FIRST_DAY: Final = date(2026, 1, 1).toordinal()
_DAYS: Final = {"fnr": (1, 28), "dnr": (41, 68), "fhn": (80, 99)}
_MONTH_MARKS: Final = (0, 40, 65, 80)


def _text(data: bytes, at: int) -> str:
    style, *rest = data[at : at + 4]
    if style < 64:
        return TEXTS[style % len(TEXTS)]
    made = "".join(_LETTERS[byte % len(_LETTERS)] for byte in rest[: 1 + style % 3])
    return "a" if is_blank(made) else made


def _code_like(data: bytes, at: int) -> str:
    return "".join(_CODE_LETTERS[byte % len(_CODE_LETTERS)] for byte in data[at : at + 1 + data[at] % 3])


def _date(data: bytes, at: int) -> str:
    if data[at] >= 224:
        return _EDGE_DATES[data[at] % len(_EDGE_DATES)]
    return date.fromordinal(_FIRST_DAY + (data[at + 1] << 8 | data[at + 2]) % 3000).isoformat()


def _time(data: bytes, at: int) -> str:
    clock = data[at + 3 : at + 6]
    hour, minute, second = clock[0] % 24, clock[1] % 60, clock[2] % 60
    fraction, zone = _FRACTIONS[data[at + 6] % 4], _ZONES[data[at + 7] % 4]
    return f"{_date(data, at)}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"


TEXT: Final = Maker(4, _text)
CODE_LIKE: Final = Maker(3, _code_like)
DATE: Final = Maker(3, _date)
TIME: Final = Maker(8, _time)
ORGANIZATION: Final = one_of(("974760673", "359797117"))


@lru_cache(maxsize=4096)
def national(kind: str, day: int, month: int, serial: int) -> str:
    """A number with check digits: the first from this serial on that has them."""
    least, most = _DAYS[kind]
    marked = 1 + month % 12 + _MONTH_MARKS[month // 12 % 4]
    for further in range(1000):
        stem = f"{least + day % (most - least + 1):02}{marked:02}10{(serial + further) % 1000:03}"
        first = calc_check_digit1(stem)
        second = calc_check_digit2(stem + first) if len(first) == 1 else ""
        if len(second) == 1:
            return stem + first + second
    raise AssertionError("every day has numbers")


def _national(kind: str) -> Maker:
    return Maker(3, lambda data, at: national(kind, *data[at : at + 3]))


def _base64(data: bytes, at: int) -> str:
    return base64.b64encode(data[at : at + 1 + data[at] % 3]).decode()


_CLEAN: Final = {
    "text": TEXT,
    "given": TEXT,
    "name": one_of(("Kari Nordmann", "Per", "Anne Lise de Wit", "Åse-Mari Ø", "X Æ")),
    "display": TEXT,
    "writer-name": TEXT,
    "date": DATE,
    "moment": either(DATE, TIME),
    "time": TIME,
    "boolean": one_of((False, True)),
    "integer": Maker(1, lambda data, at: data[at]),
    "token": CODE_LIKE,
    "uri": Maker(3, lambda data, at: f"https://x.example/{_code_like(data, at)}"),
    "base64": Maker(3, _base64),
    "elsewhere": members([("system", CODE_LIKE), ("id", TEXT)]),
    "scalar": either(TEXT, one_of((False, True)), Maker(1, lambda data, at: data[at] - 9)),
    "orgnr": ORGANIZATION,
    **{kind: _national(kind) for kind in _DAYS},
    "person-id": either(*map(_national, _DAYS)),
}
_ODD: Final = {
    "text": either(TEXT, one_of(ODD_TEXTS)),
    **dict.fromkeys(("given", "name", "display", "writer-name"), either(TEXT, one_of(ODD_TEXTS))),
    "date": either(DATE, one_of(("2026", "2026-05"))),
    "moment": either(DATE, TIME, one_of((*_ODD_TIMES, "2026", "2026-05"))),
    "time": either(TIME, one_of(_ODD_TIMES)),
    "token": either(CODE_LIKE, one_of(("to  ord", "", "a b"))),
    "uri": either(CODE_LIKE, one_of(("ikke en uri", "urn:uuid:x", ""))),
    "base64": either(_CLEAN["base64"], fixed("YQ\n==")),
    "scalar": either(_CLEAN["scalar"], one_of((2**31, -(2**31) - 1, *ODD_TEXTS))),
}
_REFERENCES: Final = frozenset({"ref", "mention", "named", "writer"})
GENERATED: Final = frozenset({*_CLEAN, *_REFERENCES, "code", "branch", "recipient", "concept"})


def value(declared: SystemDeclaration, field: Field, *, clean: bool) -> Maker:
    """One value of a field that is neither list nor object."""
    odd = not clean and not field.required
    if field.kind in ("code", "branch"):
        tables: Mapping[str, Iterable[Json]] = declared.branches if field.kind == "branch" else declared.codes
        codes = one_of(sorted(tables[field.codes or ""], key=str))
        return either(codes, codes, one_of(("ukjent ord", "x", ""))) if odd and field.open else codes
    if field.kind in _REFERENCES:
        return _references(clean)
    if field.kind == "recipient":
        services = one_of(sorted(declared.codes[field.codes or ""], key=str))
        return either(services, ORGANIZATION, *([_references(clean)] if field.people else []))
    if field.kind == "concept":
        return either(one_of(sorted(declared.codes[field.codes or ""])), _CLEAN["text"])
    if field.form is not None:
        return _dated(field.form, field.zone)
    return (_ODD.get(field.kind) if odd else None) or _CLEAN.get(field.kind, TEXT)


def _references(clean: bool) -> Maker:
    return one_of([*sorted(KNOWN), *(() if clean else STRANGERS)])


def _dated(form: str, zone: str | None) -> Maker:
    """A date or time as the system writes it."""
    written = date_form(form, zone)
    source = TIME if written.has_time else DATE
    earliest = written.native("2026-01-01")

    def make(data: bytes, at: int) -> str:
        return written.native(source.make(data, at)) or str(earliest)

    return Maker(source.size, make)
