"""What the keys of one field, or the fields of one section, must be to each other: what none shows alone."""

from __future__ import annotations

from typing import Final

from mappings.lens.declaration import Field
from mappings.lens.forms import BadForm, DateForm
from mappings.lens.wording import BadWording, Wording

Fault = tuple[str, str]  # the key, and what is wrong with it
DATED: Final = ("date", "time", "moment")
REFERRING: Final = ("ref", "mention", "named", "writer")


def unsound(field: Field, members: set[str]) -> Fault | None:
    """The first fault of a field with these members."""
    checks = (
        _form(field),
        _parts(field, members),
        _separator(field),
        _id(field),
        _open(field),
        _object(field),
    )
    return next((fault for fault in checks if fault is not None), None)


def _form(field: Field) -> Fault | None:
    if field.form is None:
        return ("zone", "belongs to a `form`") if field.zone is not None else None
    if field.kind not in DATED:
        return "form", f"is for {', '.join(DATED)}: say `as`"
    try:
        made = DateForm(field.form, field.zone)
    except BadForm as error:
        return "form", str(error)
    if field.kind == "time" and not made.has_time:
        return "form", 'a time needs HH and mm; a day alone is `as = "date"` or "moment"'
    if field.kind == "date" and made.has_time:
        return "form", 'a day has no HH; a day or time is `as = "moment"`'
    return None


def _parts(field: Field, members: set[str]) -> Fault | None:
    if field.parts and not members:
        return "parts", "needs `fields`: one for each part"
    for text in field.parts:
        try:
            names = Wording(text).names
        except BadWording as error:
            return "parts", str(error)
        strange = [name for name in names if name not in members]
        if strange:
            return "parts", f"names {strange[0]!r}, which is none of `fields`"
    return None


def _separator(field: Field) -> Fault | None:
    if field.separator is None:
        return None
    if not field.many:
        return "separator", "is for lists: `to` must hold a *"
    return ("separator", "is for lists of simple values") if field.fields and not field.parts else None


def _id(field: Field) -> Fault | None:
    if field.id is None:
        return None
    if field.kind not in REFERRING:
        return "id", f"is for {', '.join(REFERRING)}"
    try:
        names = Wording(field.id).names
    except BadWording as error:
        return "id", str(error)
    return None if "" in names else ("id", "must hold {} where the value itself goes")


def _open(field: Field) -> Fault | None:
    return ("open", "is for `codes` and `branches`") if field.open and field.codes is None else None


def _object(field: Field) -> Fault | None:
    if field.kind in ("code", "branch", "recipient", "concept") and field.codes is None:
        return "as", f"{field.kind} needs `codes`"
    if (field.kind == "concept") != (field.system is not None):
        return "as", "a concept needs `system`, and nothing else has one"
    return None
