"""Lenses for texts that hold several values: named parts by a wording, or a list with a sign between."""

from __future__ import annotations

from mappings.lens.declaration import pieces
from mappings.lens.values import Lens
from mappings.lens.wording import put_together, taken_apart
from mappings.model import Ids, Json


def joined(wordings: tuple[str, ...], lens: Lens) -> Lens:
    """The members of an object in one text. A text that follows no wording says nothing of them; an object
    that lacks a part of every wording is not said."""

    def get(node: Json, ids: Ids) -> Json:
        members = lens.get(node, ids)
        return put_together(wordings, members) if members else None

    def put(node: Json, value: Json, ids: Ids) -> Json:
        return lens.put(node, taken_apart(wordings, value) if value else None, ids)

    return Lens(get, put)


def listed(separator: str, lens: Lens) -> Lens:
    """A list in one text."""

    def get(node: Json, ids: Ids) -> Json:
        values = lens.get(node, ids)
        return separator.join(map(str, values)) if values else None

    def put(node: Json, value: Json, ids: Ids) -> Json:
        return lens.put(node, pieces(value, separator) or None, ids)

    return Lens(get, put)
