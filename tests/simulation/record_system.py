"""A virtual records system (stafettlogg, individuell plan) that keeps the contract of
openapi/system-contract.yaml, with the weaknesses it is made with. What people write goes to an outbox."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gateway import jsontext
from tests.simulation.network import Answered, Asked
from tests.simulation.virtual_loop import Clock

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a system is. skew: seconds its clock is wrong; echoes: sends back what it gets as its own."""

    versions: bool = True
    theirs: bool = False
    echoes: bool = False
    skew: float = 0.0


@dataclass
class RecordSystem:
    """One system. records: id -> (version, body); outbox: what was written here and not yet told."""

    name: str
    clock: Clock
    quality: Quality
    records: dict[str, tuple[int, Record]] = field(default_factory=dict)
    outbox: list[tuple[Record, str | None]] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)  # our id -> its own, where it makes ids
    backup: Any = None
    _minted: int = 0

    def now(self) -> str:
        """The present, as this system's clock says it."""
        return (self.clock() + timedelta(seconds=self.quality.skew)).isoformat()

    def save(self, record: Record, *, push: bool) -> int:
        """Store; a record written here also goes to the outbox."""
        version = self.records.get(record["id"], (0, {}))[0] + 1
        body = {k: v for k, v in record.items() if k != "versjon"}
        if self.quality.versions:
            body["versjon"] = version
        self.records[record["id"]] = (version, body)
        if push:
            self.outbox.append((copy.deepcopy(body), self._tag(version)))
        return version

    def _tag(self, version: int) -> str | None:
        return str(version) if self.quality.versions else None

    def remember(self) -> None:
        """Take a backup."""
        self.backup = (dict(self.records), dict(self.items))

    def restore(self) -> bool:
        """Go back to the last backup, and tell the gateway of everything, as after a restore one does."""
        if self.backup is None:
            return False
        self.records, self.items = dict(self.backup[0]), dict(self.backup[1])
        self.outbox = [(copy.deepcopy(body), self._tag(v)) for v, body in self.records.values()]
        return True

    # --- the contract ------------------------------------------------------------------------------------

    def receive(self, asked: Asked) -> Answered:
        """Answer one request."""
        if asked.path == "info":
            return _json(200, {"ids": "theirs" if self.quality.theirs else "ours", "versions": True})
        own = asked.path.removeprefix("records").strip("/")
        if asked.method == "GET":
            return self._read(own) if own else self._find(dict(asked.query))
        record = jsontext.decode(asked.body)
        if "UGYLDIG" in json.dumps(record, default=str):
            return _json(422, {"title": "ugyldig", "field": "tekst"})
        return self._create(record, asked) if asked.method == "POST" else self._put(own, record, asked)

    def _read(self, own: str) -> Answered:
        found = self.records.get(own)
        return _json(404, {}) if found is None else self._stored(200, own)

    def _find(self, query: dict[str, str]) -> Answered:
        if "item" in query:
            own = self.items.get(query["item"])
            found = [self._entry(own)] if own is not None and own in self.records else []
        else:
            found = [self._entry(one) for one in self.records]
        return _json(200, {"records": found, "cursor": "1", "more": False})

    def _entry(self, own: str) -> dict[str, Any]:
        version, body = self.records[own]
        return {"record": body, "version": self._tag(version)}

    def _create(self, record: Record, asked: Asked) -> Answered:
        item = asked.headers["stafettbro-item"]
        if item in self.items and self.items[item] in self.records:  # the key makes a repeat harmless
            return self._stored(200, self.items[item])
        self._minted += 1
        own = f"{self.name[:2]}{self._minted}"
        self.items[item] = own
        return self._take(201, {**record, "id": own})

    def _put(self, own: str, record: Record, asked: Asked) -> Answered:
        known = self.records.get(own)
        if asked.headers.get("if-none-match") == "*" and known is not None:
            return _json(412, {})
        match = asked.headers.get("if-match")
        if match is not None and (known is None or match.strip('"') != str(known[0])):
            return _json(412 if known else 404, {})
        return self._take(200 if known else 201, {**record, "id": own})

    def _take(self, status: int, record: Record) -> Answered:
        self.save(record, push=False)
        if self.quality.echoes:
            version, body = self.records[record["id"]]
            self.outbox.append(({**body, "endret": self.now()}, self._tag(version)))
        return self._stored(status, record["id"])

    def _stored(self, status: int, own: str) -> Answered:
        version, body = self.records[own]
        headers = {"etag": f'"{version}"'} if self.quality.versions else {}
        return status, headers, jsontext.encode(body)


def _json(status: int, body: Any) -> Answered:
    return status, {"content-type": "application/json"}, jsontext.encode(body)
