"""What a decoded body says, field by field, for routes where a named person decides something. Tells of a
fault by the field's name and never repeats what stood there."""

from __future__ import annotations

from typing import Any

from gateway.errors import Unprocessable


def fields_of(value: Any, *names: str) -> dict[str, Any]:
    """The body as an object that holds exactly these fields. Raises Unprocessable."""
    if not isinstance(value, dict):
        raise Unprocessable("The body must be an object", field="")
    wrong = next((name for name in (*names, *value) if name not in value or name not in names), None)
    if wrong is not None:
        raise Unprocessable("The body must hold exactly " + ", ".join(names), field=str(wrong)[:100])
    return value


def text_of(value: Any, name: str, most: int) -> str:
    """A field's text without space around it, 1 to `most` characters. Raises Unprocessable."""
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= most:
        raise Unprocessable(f"`{name}` is a text of at most {most} characters", field=name)
    return value.strip()
