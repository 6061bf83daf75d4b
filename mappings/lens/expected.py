"""What the value of a key in a mapping file must look like: in words, as a test, and as JSON Schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mappings.model import Json

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """What a value must look like: in words, as a test, and as JSON Schema."""

    expects: str
    fits: Callable[[Json], bool]
    schema: Schema


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def word(*words: str) -> Form:
    """One of these words."""
    listed = ", ".join(f'"{one}"' for one in words)
    return Form(f"one of {listed}", lambda v: isinstance(v, str) and v in words, {"enum": list(words)})


def tables_of(name: str) -> Form:
    """Named tables, each of one kind; false takes away what a used file declares."""
    one = {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"const": False}]}
    return Form(
        "a table of tables",
        lambda v: isinstance(v, dict),
        {"type": "object", "additionalProperties": one},
    )


def table(name: str) -> Form:
    """A table of one kind."""
    return Form("a table", lambda v: isinstance(v, dict), {"$ref": f"#/$defs/{name}"})


_TEXT_SCHEMA: Final[Schema] = {"type": "string", "minLength": 1}
TEXT: Final = Form("a text", _is_text, _TEXT_SCHEMA)
ANY_TEXT: Final = Form("a text", lambda v: isinstance(v, str), {"type": "string"})
TEXTS: Final = Form("a list of texts", _are_texts, {"type": "array", "items": _TEXT_SCHEMA})
TEXT_OR_TEXTS: Final = Form(
    "a text or a list of texts",
    lambda v: _is_text(v) or (_are_texts(v) and bool(v)),
    {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}]},
)
FLAG: Final = Form("true or false", lambda v: isinstance(v, bool), {"type": "boolean"})
SIGN: Final = Form(
    "one sign",
    lambda v: isinstance(v, str) and len(v) == 1,
    {"type": "string", "minLength": 1, "maxLength": 1},
)
SIMPLE: Final = Form(
    "a text, a number, or true or false",
    lambda v: isinstance(v, (str, int)),
    {"type": ["string", "integer", "boolean"]},
)
FHIR: Final = Form("a table of FHIR JSON", lambda v: isinstance(v, dict), {"type": "object"})
PLACES: Final = Form(
    'a table of way = value, such as { status = "active" }', lambda v: isinstance(v, dict), {"type": "object"}
)
CHOICE: Final = Form(
    "a table of one field and the values that mean this form",
    lambda v: isinstance(v, dict) and len(v) == 1 and all(map(_are_texts, v.values())),
    {"type": "object", "minProperties": 1, "maxProperties": 1,
     "additionalProperties": {"type": "array", "items": _TEXT_SCHEMA}},
)  # fmt: skip
CODES: Final = Form(
    'a list of codes, a table of native = FHIR code, or { conceptmap = "file.json" }',
    lambda v: isinstance(v, (list, dict)),
    {"anyOf": [{"type": "array", "items": {"type": ["string", "integer"]}},
               {"type": "object", "additionalProperties": {"type": "string"}}]},
)  # fmt: skip
BRANCHES: Final = Form(
    "a table of code = { way = value, … }",
    lambda v: isinstance(v, dict) and all(isinstance(row, dict) for row in v.values()),
    {"type": "object", "additionalProperties": {"type": "object", "properties": {
        "also": {"type": "array", "items": {"type": "object"}, "description": "Other forms of it."}}}},
)  # fmt: skip
URLS: Final = Form(
    "a table of name = URL",
    lambda v: isinstance(v, dict) and all(map(_is_text, v.values())),
    {"type": "object", "additionalProperties": _TEXT_SCHEMA},
)
VIEWS: Final = Form(
    'a list of "meeting", "consent"',
    lambda v: _are_texts(v) and set(v) <= {"meeting", "consent"},
    {"type": "array", "items": {"enum": ["meeting", "consent"]}},
)


def named(form: Form) -> Form:
    """Several of one form, each with a name."""
    return Form(
        f"a table of {form.expects}, each with a name",
        lambda v: isinstance(v, dict),
        {"type": "object", "additionalProperties": form.schema},
    )
