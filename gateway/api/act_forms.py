"""The body of an act: what each kind needs and may say, checked field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from gateway.api.bodies import asks
from gateway.api.said import text_of
from gateway.config import Category
from gateway.errors import Unprocessable
from gateway.hub.acts import Kind

MOST: Final = 200  # entries of a list
_ITEM: Final = r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}"
_RECIPIENT: Final = r"\d{9}|[A-Za-z][A-Za-z0-9\-]{0,39}"
_KEY: Final = rf"{_ITEM}(#.{{1,400}})?"
_ID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LISTS: Final = {
    "items": re.compile(_ITEM),
    "recipients": re.compile(_RECIPIENT),
    "categories": re.compile("|".join(get_args(Category))),
    "keys": re.compile(_KEY),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What one kind must say, and may. one: lists that hold exactly one."""

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    one: frozenset[str] = frozenset()


FORMS: Final[Mapping[Kind, Form]] = {
    Kind.RELEASE: Form(frozenset({"keys"})),
    Kind.OBJECTION: Form(may=frozenset({"recipients", "categories", "presumed"})),
    Kind.OVERRIDE: Form(frozenset({"items", "recipients"})),
    Kind.FINDING: Form(frozenset({"recipients", "categories"})),
    Kind.WITHHOLDING: Form(frozenset({"items"}), frozenset({"weighty"})),
    Kind.EMERGENCY: Form(frozenset({"items", "recipients"}), one=frozenset({"items", "recipients"})),
}
_ALWAYS: Final = frozenset({"kind", "by", "reason"})
_MAY: Final = frozenset({"id", "ends"})

_LISTED: Final = {
    name: {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": {"type": "string", "pattern": f"^({pattern.pattern})$"},
    }
    for name, pattern in LISTS.items()
}
ACT: Final = asks(
    {
        "id": {"type": "string", "pattern": f"^{_ID}$", "description": "A repeat is one act"},
        "kind": {"type": "string", "enum": [kind.value for kind in FORMS]},
        "by": {"type": "string", "minLength": 1, "maxLength": 120},
        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
        "ends": {"type": "string", "format": "date-time"},
        "weighty": {"type": "boolean"},
        "presumed": {"type": "boolean"},
        **_LISTED,
    },
    {
        "kind": "release",
        "by": "Kari Nordmann",
        "reason": "Teksten nevner ikke stedet",
        "keys": ["ServiceRequest/0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10#description@5f2b1c9d8e7a6b40"],
    },
    ["by", "kind", "reason"],
)


def read(value: Any) -> dict[str, Any]:
    """The fields of an act. Raises Unprocessable with the first one that is wrong."""
    if not isinstance(value, dict):
        raise Unprocessable("The body must be an object", field="")
    kind = _kind(value.get("kind"))
    form = FORMS[kind]
    _demand_fields(value, kind, form)
    said: dict[str, Any] = {
        "kind": kind, "by": text_of(value["by"], "by", 120), "reason": text_of(value["reason"], "reason", 500)
    }  # fmt: skip
    for name in LISTS.keys() & value.keys():
        said[name] = _list(value[name], name, most=1 if name in form.one else MOST)
    for name in {"weighty", "presumed"} & value.keys():
        if not isinstance(value[name], bool):
            raise Unprocessable(f"`{name}` is true or false", field=name)
        said[name] = value[name]
    if "ends" in value:
        said["ends"] = _moment(value["ends"])
    if "id" in value:
        said["id"] = _id(value["id"])
    return said


def _kind(value: Any) -> Kind:
    found = next((kind for kind in FORMS if kind.value == value), None)
    if found is None:
        raise Unprocessable("`kind` is one of " + ", ".join(k.value for k in FORMS), field="kind")
    return found


def _demand_fields(value: dict[str, Any], kind: Kind, form: Form) -> None:
    missing = sorted((_ALWAYS | form.needs) - value.keys())
    if missing:
        raise Unprocessable(f"`{missing[0]}` must be said of an act of kind {kind.value}", field=missing[0])
    foreign = sorted(value.keys() - _ALWAYS - _MAY - form.needs - form.may)
    if foreign:
        raise Unprocessable(f"An act of kind {kind.value} has no such field", field=foreign[0][:100])


def _list(value: Any, name: str, *, most: int) -> frozenset[str]:
    listed = value if isinstance(value, list) else []
    fits = all(isinstance(one, str) and LISTS[name].fullmatch(one) for one in listed)
    if not fits or not 1 <= len(listed) <= most:
        raise Unprocessable(f"`{name}` is a list of 1 to {most} such names", field=name)
    return frozenset(listed)


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Unprocessable("`ends` is a time with a zone", field="ends")
    return found


def _id(value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(_ID, value) is None:
        raise Unprocessable("`id` is a UUID in small letters", field="id")
    return value
