"""Lenses for a person's name: given names in one text, or the whole name in one text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mappings import canonical
from mappings.lens.values import Lens, text
from mappings.lens.ways import Names, way
from mappings.model import Ids, Json

_MIDDLE: Final = way("extension(mellomnavn).valueString", Names({"mellomnavn": canonical.MIDDLE_NAME}, {}))
_SAID: Final = ("text", "given", "family")


def _given_get(node: Json, _: Ids) -> Json:
    """Given names as one text: FHIR may hold them apart."""
    return node if isinstance(node, str) else " ".join(part for part in node if part) or None


def _given_put(_: Json, value: Json, __: Ids) -> Json:
    kept = None if value is None else text(value)
    return None if kept is None else [kept]


def _name_get(node: Json, _: Ids) -> Json:
    """The whole name: its parts where they are known, else as it was written."""
    parts = [*(node.get("given") or ()), _MIDDLE.get(node), node.get("family")]
    return " ".join(part for part in parts if part) or node.get("text")


def _name_put(node: Json, value: Json, _: Ids) -> Json:
    """The last word is the family name; one word alone is a name of which no more is known."""
    kept = {k: v for k, v in (_MIDDLE.put(node, None) or {}).items() if k not in _SAID}
    whole = None if value is None else text(value)
    if whole is None:
        return kept or None
    given, __, family = " ".join(whole.split()).rpartition(" ")
    return {**kept, "given": [given], "family": family} if given else {**kept, "text": family}


PERSON_NAMES: Final[Mapping[str, Lens]] = {
    "given": Lens(_given_get, _given_put),
    "name": Lens(_name_get, _name_put),
}
