"""A recipient as fast as one can be here: keeps FHIR resources in memory, gives them versions, checks
conditions and finds by identifier; without HTTP library or framework. Tells at /figures how much was written
to it, and at /written what that was, for the loop that does the same without a gateway.

Run as a process: python -m bench.receiver PORT
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MATCH = re.compile(rb'\r\nif-match: *W/"(\d+)"', re.IGNORECASE)
_EXIST = re.compile(rb"\r\nif-none-exist: *([^\r]+)", re.IGNORECASE)


class Shelf:
    """What it holds."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[int, bytes]] = {}
        self.found: dict[str, str] = {}
        self.written: list[tuple[str, str, str]] = []
        self.numbers = iter(range(1, 1 << 60))

    def answer(self, method: str, path: str, head: bytes, body: bytes) -> tuple[int, bytes, int]:
        """Status, body, version (0: none)."""
        if method == "GET":
            return self._read(path)
        if path.endswith("_search"):
            return 200, self._search(path.partition("/")[0], dict(parse_qsl(body.decode()))["identifier"]), 0
        if method == "POST":
            asked = _EXIST.search(head)
            known = asked and self.found.get(f"{path}?{unquote(asked[1].decode().partition('=')[2])}")
            if known:
                version, kept = self.kept[known]
                return 200, kept, version
            return self._keep(method, f"{path}/{next(self.numbers)}", body, 1)
        asked = _MATCH.search(head)
        old = self.kept.get(path)
        if asked is not None and (old is None or old[0] != int(asked[1])):
            return 412, b"{}", 0
        return self._keep(method, path, body, old[0] + 1 if old else 1)

    def _read(self, path: str) -> tuple[int, bytes, int]:
        if path == "figures":
            return 200, json.dumps({"written": len(self.written)}).encode(), 0
        if path == "written":
            return 200, json.dumps(self.written).encode(), 0
        version, kept = self.kept.get(path, (0, b"{}"))
        return (200 if version else 404), kept, version

    def _keep(self, method: str, ref: str, body: bytes, version: int) -> tuple[int, bytes, int]:
        resource: dict[str, Any] = json.loads(body)
        kind, _, own = ref.partition("/")
        for one in resource.get("identifier", ()):
            self.found[f"{kind}?{one.get('system')}|{one.get('value')}"] = ref
        kept = json.dumps({**resource, "id": own, "meta": {"versionId": str(version)}}).encode()
        self.kept[ref] = (version, kept)
        self.written.append((method, ref if method == "PUT" else kind, body.decode()))
        return (201 if version == 1 else 200), kept, version

    def _search(self, kind: str, token: str) -> bytes:
        ref = self.found.get(f"{kind}?{token}")
        entries = [{"resource": json.loads(self.kept[ref][1]), "search": {"mode": "match"}}] if ref else []
        return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode()


class Receiver(asyncio.Protocol):
    """One connection."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self.buffer += data
        while (head := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self.buffer, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < end:
                return
            request, self.buffer = self.buffer[:end], self.buffer[end:]
            method, target, _ = request[:head].split(b"\r\n", 1)[0].decode().split(" ")
            path = unquote(target.partition("?")[0]).strip("/")
            self._send(path, *self.shelf.answer(method, path, request[:head], request[head + 4 :]))

    def _send(self, path: str, status: int, body: bytes, version: int) -> None:
        own = json.loads(body).get("id", "") if status == 201 else ""
        lines = [
            f"HTTP/1.1 {status} OK",
            "content-type: application/fhir+json",
            f"content-length: {len(body)}",
        ]
        lines += [f'etag: W/"{version}"'] if version else []
        lines += [f"location: {path.partition('/')[0]}/{own}/_history/{version}"] if own else []
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)


async def main(port: int) -> None:
    """Serve until told to stop."""
    shelf = Shelf()
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(shelf), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
