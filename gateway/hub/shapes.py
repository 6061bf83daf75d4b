"""Which parts of FHIR JSON belong together, and in what order merged lists stand. Used by merge alone."""

from __future__ import annotations

import re
from collections.abc import Hashable

from gateway.hub.sameness import ABSENT, Index
from mappings.model import Json, Resource

_CHOICE = re.compile(
    "(.+?)(Boolean|Integer|Decimal|String|Code|CodeableConcept|Coding|Uri|Url|Canonical|Instant|Date|DateTime"
    "|Time|Period|Timing|Duration|Age|Range|Ratio|Quantity|Money|Reference|Identifier|Attachment|Annotation"
    "|Expression|Base64Binary|Id|Oid|Markdown|PositiveInt|UnsignedInt)"
)
_INDIVISIBLE = tuple(
    frozenset(names.split())
    for names in (
        "system version code display userSelected",
        "coding text",
        "value comparator unit system code",
        "value currency",
        "reference type identifier display",
        "use type system value period assigner",
        "system value use rank period",
        "contentType language data url size hash title creation",
        "status div",
        "text time authorString authorReference",
    )
)


def indivisible(*sides: Json) -> bool:
    """Whether the parts make sense only together (a coding, a quantity): two halves are nobody's value."""
    names = {n for side in sides if side is not ABSENT for n in side if not n.startswith("_")}
    names -= {"id", "extension"}
    return bool(names - {"url"}) and any(names <= shape for shape in _INDIVISIBLE)


def units(*sides: Resource) -> list[tuple[str, ...]]:
    """Field names; together those of which one says how to read another: value[x], a list and its extras."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(n for side in sides for n in side):
        plain = name.removeprefix("_")
        listed = any(isinstance(side.get(n), list) for side in sides for n in (plain, f"_{plain}"))
        choice = None if listed else _CHOICE.fullmatch(plain)
        groups.setdefault(f"{choice[1]}[x]" if choice else plain if listed else name, []).append(name)
    return [tuple(group) for group in groups.values()]


def clash(base: Index, theirs: Index, current: Index) -> bool:
    """Whether an element both took away was put something else in the place of."""
    gone = any(k not in theirs and k not in current for k in base)
    return gone and {k for k in theirs if k not in base} != {k for k in current if k not in base}


def arranged(kept: list[Hashable], theirs: Index, merged: Index) -> list[Hashable]:
    """Our order, and what they added beside its neighbour in theirs."""
    order = list(kept)
    row = [k for k in theirs if k in merged]
    for place, key in enumerate(row):
        if key in order:
            continue
        earlier = [order.index(k) for k in row[:place] if k in order]
        later = [order.index(k) for k in row[place:] if k in order]
        order.insert(earlier[-1] + 1 if earlier else later[0] if later else len(order), key)
    return order
