"""Whether a native record can be taken in: every field against its declaration, all problems at once.

The sentences are for the sender and never hold a value of the record.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from mappings.lens.compose import filled
from mappings.lens.declaration import Codes, Field
from mappings.lens.forms import date_form
from mappings.lens.national import well_formed
from mappings.lens.refs import ORGANIZATION_NUMBER
from mappings.lens.times import is_date, moment
from mappings.lens.values import is_blank
from mappings.model import Json, Problem

MOST_DEPTH: Final = 64  # FHIR content is rarely deeper than 15
MOST_DIGITS: Final = 40  # of a number; FHIR asks for 18
_MOST_BITS: Final = 133  # of a whole number: 40 digits
MOST_EXPONENT: Final = 99  # 1e999999999 is short, and as a whole number fills the memory
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")

MISSING: Final = "Feltet mangler."
_TYPES: Final[Mapping[str, tuple[Any, str]]] = {
    "boolean": (bool, "Feltet skal være ja eller nei (true eller false)."),
    "integer": (int, "Feltet skal være et heltall."),
    "object": (dict, "Feltet skal være et objekt."),
    "scalar": ((str, bool, int), "Feltet skal være en tekst, et heltall, eller ja eller nei."),
}
_TEXT: Final[tuple[Any, str]] = (str, "Feltet skal være en tekst.")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(re.sub(r"[ \t\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_SHAPES: Final[Mapping[str, tuple[Callable[[str], bool], str, str]]] = {
    "time": (lambda v: moment(v) is not None, "not-a-time",
             "Feltet er ikke et gyldig tidspunkt med dato, klokkeslett og tidssone (RFC 3339)."),
    "moment": (lambda v: is_date(v) or moment(v) is not None, "not-a-time",
               "Feltet er verken en gyldig dato eller et tidspunkt med tidssone (RFC 3339)."),
    "date": (is_date, "not-a-date", "Feltet er ikke en gyldig dato (ÅÅÅÅ-MM-DD)."),
    "base64": (_is_base64, "not-base64", "Innholdet er ikke gyldig base64."),
    **{kind: (partial(well_formed, kind), "check-digit",
              "Nummeret er ikke gyldig: sifrene, datoen eller kontrollsifrene stemmer ikke.")
       for kind in ("fnr", "dnr", "fhn", "person-id")},
}  # fmt: skip


class Checker:
    """The checks of one file's fields."""

    def __init__(self, codes: Mapping[str, Codes], branches: Mapping[str, Mapping[str, Json]]) -> None:
        self._codes = codes
        self._branches = branches

    def problems(
        self, fields: tuple[Field, ...], native: dict[str, Json], path: str = ""
    ) -> Iterator[Problem]:
        """Everything wrong with the fields of one object."""
        for field in fields:
            here = f"{path}{field.name}"
            value = native.get(field.name)
            if filled(value) is None or (field.required and is_blank(value)):
                if field.required:
                    yield Problem(here, MISSING, "missing")
            else:
                yield from self._values(field, value, here)

    def _values(self, field: Field, value: Json, path: str) -> Iterator[Problem]:
        """A value, or each of a list's."""
        if not field.many or (field.separator is not None and isinstance(value, str)):
            for one in field.values(value) if field.many else [value]:
                yield from self._value(field, one, path)
        elif field.separator is not None:
            yield Problem(path, _TEXT[1], "wrong-type")
        elif isinstance(value, list):
            for index, element in enumerate(value):
                if filled(element) is not None:
                    yield from self._value(field, element, f"{path}[{index}]")
        else:
            yield Problem(path, "Feltet skal være en liste.", "wrong-type")

    def _value(self, field: Field, value: Json, path: str) -> Iterator[Problem]:
        if field.kind in ("code", "branch"):
            if not field.open and not self.is_code(field, value):
                yield Problem(path, f"Koden finnes ikke i kodelisten «{field.codes}».", "unknown-code")
            elif isinstance(value, (dict, list)):
                yield Problem(path, _TYPES["scalar"][1], "wrong-type")
            return
        kind, sentence = _type(field)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            yield Problem(path, sentence, "wrong-type")
        elif field.parts and not field.members(value):
            forms = " eller ".join(f"«{one}»" for one in field.parts)
            yield Problem(path, f"Teksten følger ikke formen {forms}.", "wrong-form")
        elif field.fields:
            yield from self.problems(field.fields, field.members(value), f"{path}.")
        elif field.form is not None:
            if date_form(field.form, field.zone).fhir(value) is None:
                yield Problem(path, f"Feltet er ikke en gyldig dato skrevet som {field.form}.", "not-a-time")
        elif field.kind in _SHAPES:
            fits, code, text = _SHAPES[field.kind]
            if not fits(value):
                yield Problem(path, text, code)
        elif field.kind == "recipient" and not field.people and not self.is_organization(field, value):
            yield Problem(path, "Verken en kjent tjeneste eller et organisasjonsnummer.", "unknown-code")

    def is_code(self, field: Field, value: Json) -> bool:
        """Whether the code table of a field knows the value; true is not 1."""
        tables: Mapping[str, Mapping[Json, Json]] = self._branches if field.kind == "branch" else self._codes
        known = tables[field.codes or ""]
        return not isinstance(value, (dict, list)) and any(
            type(value) is type(c) and value == c for c in known
        )

    def is_organization(self, field: Field, value: str) -> bool:
        """Whether a recipient is a service code or an organization number, and so no participant."""
        return value in self._codes[field.codes or ""] or ORGANIZATION_NUMBER.fullmatch(value) is not None


def _type(field: Field) -> tuple[Any, str]:
    """The type of one value, and the sentence that asks for it."""
    if field.parts:
        return _TEXT
    return _TYPES.get("object" if field.fields or field.kind == "elsewhere" else field.kind, _TEXT)


def unstorable(value: Json, path: str = "", left: int = MOST_DEPTH) -> Iterator[Problem]:
    """What no database, UTF-8 document or reader after us can hold: characters (in keys too), and numbers or
    nesting without end."""
    if left == 0 and isinstance(value, (dict, list)):
        yield Problem("", f"Posten er nøstet dypere enn {MOST_DEPTH} nivåer.", "too-deep")
    elif isinstance(value, (int, Decimal)):
        if not _is_of_this_world(value):
            yield Problem(path, "Tallet er større eller lengre enn et tall kan være her.", "number")
    elif isinstance(value, str):
        if _UNSTORABLE.search(value):
            sign = "U+0000" if "\x00" in value else "et halvt surrogatpar"
            yield Problem(path, f"Teksten inneholder {sign}, som ikke kan lagres.", "forbidden-character")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if _UNSTORABLE.search(key):
                yield Problem(path, "Et feltnavn inneholder tegn som ikke kan lagres.", "forbidden-character")
            else:
                yield from unstorable(inner, f"{path}.{key}" if path else key, left - 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from unstorable(inner, f"{path}[{index}]", left - 1)


def _is_of_this_world(value: int | Decimal) -> bool:
    if isinstance(value, int):
        return value.bit_length() <= _MOST_BITS
    near = value.is_finite() and abs(value.adjusted()) <= MOST_EXPONENT
    return near and len(value.as_tuple().digits) <= MOST_DIGITS
