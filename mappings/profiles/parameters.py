"""Search parameters of our own, made of parameters.toml: as values for whoever answers them, and as published
SearchParameter resources.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from mappings import canonical
from mappings.model import Resource
from mappings.profiles.heading import heading

_HERE: Final = resources.files("mappings.profiles")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One token parameter. on: resource types; extension: URL of the extension whose coding is searched."""

    name: str
    on: tuple[str, ...]
    extension: str
    description: str

    def concept(self, resource: Resource) -> Resource:
        """What a resource says, as a CodeableConcept."""
        found = (e.get("valueCoding") for e in resource.get("extension") or () if e["url"] == self.extension)
        return {"coding": [one for one in found if one]}


@cache
def parameters() -> tuple[Parameter, ...]:
    """Every parameter of our own."""
    tables = tomllib.loads((_HERE / "parameters.toml").read_text(encoding="utf-8"))
    return tuple(
        Parameter(name, tuple(one["on"]), canonical.extension(one["extension"]), one["description"])
        for name, one in tables.items()
    )


def published() -> Iterator[Resource]:
    """A SearchParameter per parameter."""
    for one in parameters():
        said = heading("SearchParameter", one.name, {"title": one.name, "description": one.description})
        del said["title"]  # R4 has none here
        places = (f"{kind}.extension.where(url = '{one.extension}').value" for kind in one.on)
        yield {
            **said,
            "code": one.name,
            "base": list(one.on),
            "type": "token",
            "expression": " | ".join(places),
            "xpathUsage": "normal",
        }
