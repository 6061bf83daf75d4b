"""Lenses made of lenses: a value at a place, an object of fields, a list of elements, a code that stands in
several places at once. All are functions over values; whatever is not named stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mappings.lens.residue import same
from mappings.lens.values import Lens
from mappings.lens.ways import Pattern, Way, contains
from mappings.model import Ids, Json

Conditions = tuple[tuple[Way, Json], ...]  # ways and what must stand there


def filled(value: Json) -> Json:
    """The value, or None for what FHIR has no form for: null, "", [] and {}."""
    return value if value or value == 0 else None  # and so false, which equals 0


Constant = tuple[Way, Json, tuple[Way, ...]]  # where, what, and other places it must stand for


def at(place: Way, lens: Lens, also: tuple[Way, ...] = (), constants: tuple[Constant, ...] = ()) -> Lens:
    """A value at a place. `also`: places it is read from where the first is empty, cleared when it is
    written. `constants`: what stands beside the value as long as there is one here or at the other places."""
    place_get, place_put, lens_get, lens_put = place.get, place.put, lens.get, lens.put

    def get(node: Json, ids: Ids) -> Json:
        leaf = place_get(node)
        if leaf is None:
            for other in also:
                leaf = other.get(node)
                if leaf is not None:
                    break
            else:
                return None
        return lens_get(leaf, ids)

    def put(node: Json, value: Json, ids: Ids) -> Json:
        leaf = lens_put(None if node is None else place_get(node), value, ids)
        node = place_put(node, leaf)
        for other in also:
            node = other.put(node, None)
        if constants:
            there = node is not None and place_get(node) is not None
            for way, constant, others in constants:
                if there or not _any_filled(others, node):
                    node = way.put(node, constant if there else None)
        return node

    return Lens(get, put)


def _any_filled(places: tuple[Way, ...], node: Json) -> bool:
    return node is not None and any(place.get(node) is not None for place in places)


def group(fields: Mapping[str, Lens]) -> Lens:
    """A native object whose parts stand in one node. Only parts that differ are written."""
    parts = tuple((name, lens.get, lens.put) for name, lens in fields.items())

    def get(node: Json, ids: Ids) -> Json:
        found = {}
        for name, part_get, _ in parts:
            value = part_get(node, ids)
            if value is not None:
                found[name] = value
        return found or None

    def put(node: Json, value: Json, ids: Ids) -> Json:
        for name, part_get, part_put in parts:
            new = filled(value.get(name)) if value else None
            old = None if node is None else part_get(node, ids)
            if not same(old, new):
                node = part_put(node, new, ids)
        return node

    return Lens(get, put)


def each(
    key: str, pattern: Pattern, lens: Lens, identity: Callable[[Json], Json], *, unique: bool = False
) -> Lens:
    """A native list whose elements are some of the elements of a list in FHIR. An element that this system
    cannot see keeps its place; one that is known by its identity keeps what the lens does not know.
    unique: FHIR says the same only once there."""
    meant, fresh, lens_get, lens_put = pattern.matcher(), pattern.fresh, lens.get, lens.put

    def get(node: Json, ids: Ids) -> Json:
        items = node.get(key)
        if not items:
            return None
        values = [lens_get(item, ids) for item in items if meant(item)]
        return [v for v in values if v is not None] or None

    def put(node: Json, value: Json, ids: Ids) -> Json:
        old = (node.get(key) if node else None) or []
        seen = [lens_get(item, ids) if meant(item) else None for item in old]
        known: dict[Json, list[tuple[Json, Json]]] = {}
        for item, v in zip(old, seen, strict=True):
            if v is not None:
                known.setdefault(identity(v), []).append((item, v))
        new = [made for v in value or [] if (made := _element(v, known, ids)) is not None]
        if unique:
            new = [made for index, made in enumerate(new) if made not in new[:index]]
        for index, (item, v) in enumerate(zip(old, seen, strict=True)):
            if v is None:
                new.insert(index, item)
        copy = dict(node) if node else {}
        copy.pop(key, None)
        if new:
            copy[key] = new
        return copy or None

    def _element(value: Json, known: dict[Json, list[tuple[Json, Json]]], ids: Ids) -> Json:
        if filled(value) is None:
            return None
        same_ones = known.get(identity(value))
        start, said = same_ones.pop(0) if same_ones else (fresh or None, None)
        if said is not None and same(said, value):
            return start
        made = lens_put(start, value, ids)
        return None if made is None or made == fresh else made

    return Lens(get, put)


def identity_by(key: str | None) -> Callable[[Json], Json]:
    """How elements of a list are recognized: by a key, or by what they say as a whole."""

    def identity(value: Json) -> Json:
        found = value.get(key) if key is not None and isinstance(value, dict) else value
        return found if isinstance(found, (str, int, bool)) else None

    return identity


def named(lens: Lens, key: str) -> Lens:
    """The lens of a list's element that is none of ours where its key says nothing."""

    def get(node: Json, ids: Ids) -> Json:
        value = lens.get(node, ids)
        return value if value is not None and key in value else None

    return Lens(get, lens.put)


@dataclass(frozen=True, slots=True)
class Branch:
    """One code of a table that stands in several places; `reads` are other forms it is known by."""

    code: Json
    writes: Conditions
    reads: tuple[Conditions, ...] = ()


def branches(rows: Iterable[Branch]) -> Lens:
    """A native code for a combination of places. The combination with most conditions wins on the way out;
    on the way in all places of the table are set, or cleared where the code does not name them."""
    table = tuple(rows)
    writes = {row.code: row.writes for row in table}
    ways = tuple(dict.fromkeys(way for row in table for way, _ in row.writes))
    forms = [(conditions, row.code) for row in table for conditions in (row.writes, *row.reads)]
    forms.sort(key=lambda form: -len(form[0]))

    def get(node: Json, _: Ids) -> Json:
        for conditions, code in forms:
            for way, wanted in conditions:
                found = way.get(node)
                if found != wanted and (found is None or not contains(found, wanted)):
                    break
            else:
                return code
        return None

    def put(node: Json, value: Json, _: Ids) -> Json:
        wanted = dict(writes.get(value, ()))
        for way in ways:
            node = way.put(node, wanted.get(way))
        return node

    return Lens(get, put)
