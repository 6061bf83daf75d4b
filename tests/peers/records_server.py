"""A records system over the published contract (openapi/system-contract.yaml), in all its variants: ids ours
or theirs, with or without versions. Memory and loopback only; started as a process by tests.peers."""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Entry:
    """One stored record: its text as it came, its version, its place in the order of changes."""

    text: str
    version: int
    place: int
    item: str | None


@dataclass
class System:
    """The whole system behind one lock."""

    ids: str
    versions: bool
    token: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    entries: dict[str, Entry] = field(default_factory=dict)
    place: int = 0
    faults: dict[str, Any] = field(default_factory=dict)
    arrivals: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)  # what callers stored here, in order

    def save(self, record_id: str, record: dict[str, Any], item: str | None) -> Entry:
        """Store as the newest change."""
        before = self.entries.get(record_id)
        self.place += 1
        text = json.dumps({**record, "id": record_id}, ensure_ascii=False)
        version = before.version + 1 if before else 1
        entry = Entry(text, version, self.place, item or (before.item if before else None))
        self.entries[record_id] = entry
        return entry


class Records(BaseHTTPRequestHandler):
    """The system's own port."""

    protocol_version = "HTTP/1.1"
    system: System

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the control port tells what arrived."""

    def do_GET(self) -> None:
        self._begin(b"")

    def do_PUT(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) == length:  # else the caller went away in the middle of it
            self._begin(body)

    def do_POST(self) -> None:
        self.do_PUT()

    def _begin(self, body: bytes) -> None:
        arrival: dict[str, Any] = {"at": str(time.monotonic_ns()), "method": self.command}
        arrival |= {"path": urlsplit(self.path).path, "item": self.headers.get("Stafettbro-Item")}
        arrival |= {
            "source": self.headers.get("Stafettbro-Source"),
            "key": self.headers.get("Idempotency-Key"),
        }
        self.system.arrivals.append(arrival)
        if self.system.faults.get("delay"):
            threading.Event().wait(self.system.faults["delay"] / 1000)
        if self.system.faults.get("hang"):
            return self._hang()
        if self.system.faults.get("reset"):
            return self._reset()
        if self.system.faults.get("refuse"):
            wait = self.system.faults.get("retryAfter")
            headers = {} if wait is None else {"Retry-After": str(wait)}
            return self._answer(self.system.faults["refuse"], {}, headers)
        if any(part in body.decode() for part in self.system.faults.get("reject", [])):
            return self._answer(422, {"title": "feil", "field": "tekst", "detail": body.decode()})
        if self.headers.get("Authorization") != f"Bearer {self.system.token}":
            return self._answer(401, {})
        with self.system.lock:
            self._route(body)
        if self.close_connection and self.system.faults.get("loseAnswer") == "hang":
            threading.Event().wait()
        return None

    def _hang(self) -> None:
        """Never answer, and do nothing of it later either."""
        while self.system.faults.get("hang"):
            threading.Event().wait(0.1)
        self.close_connection = True

    def _reset(self) -> None:
        """Break the line instead of answering."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _route(self, body: bytes) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        one = re.fullmatch(r"/api/records/([^/]+)", address.path)
        if self.command == "GET" and address.path == "/api/info":
            return self._answer(200, {"ids": self.system.ids, "versions": self.system.versions})
        if self.command == "GET" and address.path == "/api/records":
            return self._list(query)
        if self.command == "POST" and address.path == "/api/records" and self.system.ids == "theirs":
            return self._create(json.loads(body))
        if one and self.command == "GET":
            return self._read(unquote(one[1]))
        if one and self.command == "PUT":
            return self._replace(unquote(one[1]), json.loads(body))
        return self._answer(404, {})

    def _list(self, query: dict[str, str]) -> None:
        after, limit = int(query.get("after", "0")), int(query.get("limit", "100"))
        chosen = sorted(self.system.entries.values(), key=lambda e: e.place)
        if "item" in query:
            chosen = [e for e in chosen if e.item == query["item"]]
        chosen = [e for e in chosen if e.place > after]
        listed = [self._listed(e) for e in chosen[:limit]]
        cursor = str(chosen[:limit][-1].place if listed else after)
        self._answer(200, {"records": listed, "cursor": cursor, "more": len(chosen) > limit})

    def _listed(self, entry: Entry) -> dict[str, Any]:
        version = {"version": str(entry.version)} if self.system.versions else {}
        return {"record": json.loads(entry.text), **version}

    def _read(self, record_id: str) -> None:
        entry = self.system.entries.get(record_id)
        if entry is None:
            return self._answer(404, {"title": "finnes ikke"})
        return self._stored(200, entry)

    def _create(self, record: dict[str, Any]) -> None:
        item = unquote(self.headers["Stafettbro-Item"])
        entry = self.system.save(f"deres-{self.system.place + 1}", record, item)
        self._stored(201, entry, only_id=True)

    def _replace(self, record_id: str, record: dict[str, Any]) -> None:
        entry = self.system.entries.get(record_id)
        if self.system.versions:
            match, fresh = self.headers.get("If-Match"), self.headers.get("If-None-Match")
            if match is None and fresh is None:
                return self._answer(428, {})
            if (fresh and entry) or (match and (entry is None or match != f'"{entry.version}"')):
                return self._answer(412, {})
        elif entry is not None and self.headers.get("If-None-Match"):
            return self._answer(412, {})
        if self.system.ids == "theirs" and entry is None:
            return self._answer(404, {})
        return self._stored(200 if entry else 201, self.system.save(record_id, record, None))

    def _stored(self, status: int, entry: Entry, *, only_id: bool = False) -> None:
        if self.command != "GET":
            told = {"key": self.headers.get("Idempotency-Key"), "record": json.loads(entry.text)}
            self.system.accepted.append({"at": str(time.monotonic_ns()), **told})
        if self.command != "GET" and self.system.faults.get("storedThen"):
            return self._answer(self.system.faults["storedThen"], {})
        if self.command != "GET" and self.system.faults.get("loseAnswer"):
            self.close_connection = True  # it is stored, and nobody is told
            return None
        headers = {"ETag": f'"{entry.version}"'} if self.system.versions else {}
        record = json.loads(entry.text)
        return self._answer(status, {"id": record["id"]} if only_id else record, headers)

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


class Control(BaseHTTPRequestHandler):
    """The port that tests steer by: /faults, /arrivals, /clear as at the FHIR peer; /own: what its own people
    write; /accepted: what callers stored."""

    system: System

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._done(self.system.accepted if self.path == "/accepted" else self.system.arrivals)

    def do_DELETE(self) -> None:
        self.system.arrivals.clear()
        self._done([])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/faults":
            self.system.faults = json.loads(body)
        elif self.path == "/own":
            with self.system.lock:
                for record in json.loads(body):
                    self.system.save(record["id"], record, None)
        else:
            self.system.entries.clear()
        self._done([])

    def _done(self, told: list[dict[str, Any]]) -> None:
        payload = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


class Server(ThreadingHTTPServer):
    """One thread for each line."""

    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that is killed breaks its line; that is no fault here."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    """Announce both addresses, then serve until standard input closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ids", choices=["ours", "theirs"], default="ours")
    parser.add_argument("--versions", choices=["yes", "no"], default="yes")
    given = parser.parse_args()
    system = System(given.ids, given.versions == "yes", os.environ["PEER_TOKEN"])
    addresses = {}
    for name, base, below in (("url", Records, "/api"), ("control", Control, "")):
        handler = type(name, (base,), {"system": system})
        server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        addresses[name] = f"http://127.0.0.1:{server.server_port}{below}"
    print(json.dumps(addresses), flush=True)  # noqa: T201
    sys.stdin.read()


if __name__ == "__main__":
    main()
