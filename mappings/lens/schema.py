"""The JSON Schema of mapping files, made from the grammar the reader checks with, so that editors complete
what the reader accepts. `python -m mappings.lens.schema` writes it; mapping-file.schema.json is checked in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from mappings.lens.grammar import KINDS, OPEN_TABLES, TABLES, Key

TITLE: Final = "A mapping file of Stafettbro"
ABOUT: Final = "What a system's records are in FHIR and back; docs/mapping-files.md explains every key."


def schema() -> dict[str, Any]:
    """The schema as JSON values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "description": ABOUT,
        **_table("file"),
        "$defs": {name: _table(name) for name in TABLES if name != "file"},
    }


def _table(name: str) -> dict[str, Any]:
    keys = TABLES[name]
    required = [key for key, one in keys.items() if one.required and name != "file"]
    made: dict[str, Any] = {
        "type": "object",
        "properties": {key: _key(key, one) for key, one in keys.items()},
    }
    if name not in OPEN_TABLES:
        made["additionalProperties"] = False
    return {**made, "required": required} if required else made


def _key(name: str, key: Key) -> Mapping[str, Any]:
    if name == "as":
        return {"description": key.says, "anyOf": [{"const": k, "description": t} for k, t in KINDS.items()]}
    return {"description": key.says, **key.form.schema}


def text() -> str:
    """The schema as it is checked in."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
