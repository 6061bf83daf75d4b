"""Large attachments in what is kept beside the versions (links, conflicts): where a version of the resource
holds the very same bytes, only their hash and that version are kept. Exact: what is read back is what was
written. Never touches a version itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select, tuple_

from gateway.hub.content import unpack
from gateway.hub.schema.tables import resource, resource_version
from mappings.model import Json

LARGE: Final = 4096  # characters of base64 from which on it is worth while
MARK: Final = "$attachment"  # stands where base64 stood: nobody else writes an object there
_KEY: Final = f'"{MARK}"'.encode()
Place = tuple[str, int]  # reference and version of a resource


def inside(value: Json) -> Iterator[str]:
    """Every large attachment in a value."""
    if isinstance(value, dict):
        for name, part in value.items():
            if _large(name, part):
                yield part
            else:
                yield from inside(part)
    elif isinstance(value, list):
        for part in value:
            yield from inside(part)


def shortened(connection: Connection, tenant: str, refs: Iterable[str], value: Json) -> Json:
    """The value with a hash for each large attachment that the current version of one of these resources
    holds too; the very value where there is none."""
    if next(inside(value), None) is None:
        return value
    known: dict[str, Place] = {}
    head, old = resource.c, resource_version.c
    rows = connection.execute(
        select(old.ref, old.version, old.content)
        .join(resource, (head.tenant == old.tenant) & (head.ref == old.ref) & (head.version == old.version))
        .where(head.tenant == tenant, head.ref.in_(sorted(set(refs))))
    )
    for row in rows:
        kept = unpack(connection, row.content, resource_version, tenant, row.ref, row.version)
        known.update(dict.fromkeys(inside(kept), (row.ref, row.version)))
    return _replaced(value, lambda text: _mark(text, known[text]) if text in known else text)


def marked(content: bytes) -> bool:
    """Whether packed content may hold a hash for an attachment: if not, there is nothing to look for."""
    return _KEY in content


def whole(connection: Connection, tenant: str, value: Json) -> Json:
    """The value with its attachments; the very value where none was shortened."""
    marks = list(_marks(value))
    if not marks:
        return value
    places = {(ref, version) for ref, version, _ in marks}
    old = resource_version.c
    rows = connection.execute(
        select(old.ref, old.version, old.content).where(
            old.tenant == tenant, tuple_(old.ref, old.version).in_(sorted(places))
        )
    )
    held = {
        digest(one): one
        for row in rows
        for one in inside(unpack(connection, row.content, resource_version, tenant, row.ref, row.version))
    }
    return _restored(value, held)


def digest(text: str) -> str:
    """SHA-256 (hex) of an attachment as it is written."""
    return hashlib.sha256(text.encode()).hexdigest()


def _large(name: str, part: Json) -> bool:
    return name == "data" and isinstance(part, str) and len(part) >= LARGE


def _is_mark(name: str, part: Json) -> bool:
    return name == "data" and isinstance(part, dict) and part.keys() == {MARK}


def _mark(text: str, place: Place) -> Json:
    return {MARK: [*place, digest(text)]}


def _marks(value: Json) -> Iterator[tuple[str, int, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if _is_mark(name, part):
                ref, version, own = part[MARK]
                yield ref, version, own
            else:
                yield from _marks(part)
    elif isinstance(value, list):
        for part in value:
            yield from _marks(part)


def _replaced(value: Json, made: Callable[[str], Json]) -> Json:
    if isinstance(value, dict):
        return {n: made(p) if _large(n, p) else _replaced(p, made) for n, p in value.items()}
    if isinstance(value, list):
        return [_replaced(part, made) for part in value]
    return value


def _restored(value: Json, held: Mapping[str, str]) -> Any:
    if isinstance(value, dict):  # versions are never taken away
        return {n: held[p[MARK][2]] if _is_mark(n, p) else _restored(p, held) for n, p in value.items()}
    if isinstance(value, list):
        return [_restored(part, held) for part in value]
    return value
