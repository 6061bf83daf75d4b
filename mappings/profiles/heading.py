"""What every published definition says of itself: its canonical URL, name, title, status and publisher."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mappings import canonical
from mappings.model import MappingError, Resource

DATE: Final = "2026-11-22"
PUBLISHER: Final = "Stafettbro"
VERSION: Final = "0.1.0"


class UnknownTerm(MappingError):
    """What is published and what the mapping files say have come apart."""


def heading(sort: str, name: str, table: Mapping[str, Any], /, **more: Any) -> Resource:
    """The first elements of a definition. name: as in its URL."""
    return {
        "resourceType": sort,
        "id": name,
        "language": "no",
        "url": f"{canonical.BASE}/{sort}/{name}",
        "version": VERSION,
        "name": _computable(name),
        "title": table["title"],
        "status": "draft",
        "experimental": False,
        "date": DATE,
        "publisher": PUBLISHER,
        "description": table["description"],
        **more,
    }


def _computable(name: str) -> str:
    """A name that programs take: "bti-nivaa" as "BtiNivaa"."""
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]", name))
