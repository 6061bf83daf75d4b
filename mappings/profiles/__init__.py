"""What this project publishes about the FHIR it emits: profiles, extensions, code systems, value sets,
concept maps, search parameters and examples. Made of the mapping files and the tables in this folder; reads
no others, writes nothing.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from mappings import jsontext
from mappings.files import load
from mappings.model import Resource
from mappings.profiles import parameters, structures
from mappings.profiles.examples import examples as made_of
from mappings.profiles.terminology import terminology
from mappings.reading import kind_of

SYSTEMS: Final = ("stafettlogg", "individuell-plan")
_HERE: Final = resources.files(__name__)


def definitions() -> list[Resource]:
    """Every definition that is published. Raises UnknownTerm when the tables and the mapping files differ."""
    extensions = _table("extensions")
    items = frozenset(extensions["item"]["types"])
    declared = tuple(load(name).declared for name in SYSTEMS)
    return [
        *structures.profiles(_table("profiles"), items),
        *structures.extensions(extensions),
        *terminology(_table("terms"), declared),
        *parameters.published(),
    ]


def examples() -> list[Resource]:
    """Resources as they are emitted, each naming the profiles it conforms to."""
    records = jsontext.decode((_HERE / "examples.json").read_bytes())
    return list(made_of(records, profiles_of))


def profiles_of(resource: Resource) -> list[str]:
    """Names of our profiles that a resource of ours conforms to. Nothing that is emitted names them itself: a
    recipient that does not know a profile may refuse what claims it."""
    return [name for name, table in _table("profiles").items() if _is_meant(table, resource)]


def _is_meant(table: dict[str, Any], resource: Resource) -> bool:
    wanted = table.get("elements", {}).get("category", {}).get("kind")
    return table["type"] == resource["resourceType"] and wanted in (None, kind_of(resource))


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))
