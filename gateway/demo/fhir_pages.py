"""Answers in pages: the first at once, the rest kept for a while under an id that says nothing.

So no search value, and no national id, ever stands in a next link.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any

from gateway.demo.fhir_store import Version

KEPT = 200  # unfinished answers


@dataclass(frozen=True, slots=True)
class _Rest:
    kind: str
    found: list[Version]
    total: int
    count: int


class Pages:
    """Unfinished answers of one server."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._kept: dict[str, _Rest] = {}
        self._lock = threading.Lock()

    def first(self, kind: str, found: list[Version], count: int) -> dict[str, Any]:
        """The first page of an answer; kind: searchset or history."""
        return self._page(_Rest(kind, found, len(found), count))

    def take(self, page_id: str) -> dict[str, Any] | None:
        """A later page; it may be asked for again."""
        with self._lock:
            rest = self._kept.get(page_id)
        return None if rest is None else self._page(rest)

    def _page(self, rest: _Rest) -> dict[str, Any]:
        shown, left = rest.found[: rest.count], rest.found[rest.count :]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": rest.kind, "total": rest.total}
        if left:
            page_id = self._keep(_Rest(rest.kind, left, rest.total, rest.count))
            bundle["link"] = [{"relation": "next", "url": f"{self._base}/_page/{page_id}"}]
        if shown:
            bundle["entry"] = [self._entry(rest.kind, one) for one in shown]
        return bundle

    def _keep(self, rest: _Rest) -> str:
        page_id = uuid.uuid4().hex
        with self._lock:
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[page_id] = rest
        return page_id

    def _entry(self, kind: str, one: Version) -> dict[str, Any]:
        entry: dict[str, Any] = {"fullUrl": f"{self._base}/{one.reference}"}
        if one.deleted:
            request, response = {"method": "DELETE", "url": one.reference}, {"status": "204"}
            return entry | {"request": request, "response": response | {"lastModified": one.updated}}
        entry["resource"] = one.resource
        if kind == "searchset":
            return entry | {"search": {"mode": "match"}}
        method, url = ("POST", one.type) if one.version == 1 else ("PUT", one.reference)
        response = {
            "status": "201" if one.version == 1 else "200",
            "etag": f'W/"{one.version}"',
            "lastModified": one.updated,
        }
        return entry | {"request": {"method": method, "url": url}, "response": response}
