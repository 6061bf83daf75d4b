"""A tap on the line between the gateway and one recipient: every request goes through unchanged, and a copy
of it stays here, body included. So a test can say what left, and not only what the recipient kept."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
)


@dataclass(slots=True)
class Request:
    """One request as it left the gateway. at, done: monotonic seconds; status: of the answer, if it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float
    done: float | None = None
    status: int | None = None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def writes(self) -> bool:
        """Whether it is meant to change something there."""
        return self.method in ("PUT", "POST", "PATCH", "DELETE") and not self.path.endswith("/_search")

    @property
    def text(self) -> str:
        """Everything of it that anyone could read."""
        heads = "\n".join(f"{n}: {v}" for n, v in self.headers.items() if n.lower() != "authorization")
        return f"{self.method} {self.target}\n{heads}\n\n{self.body.decode()}"


@dataclass(slots=True)
class Wire:
    """The tapped line: where the gateway finds the recipient, and what has gone over it."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def writes(self) -> list[Request]:
        """What was meant to change something."""
        return [one for one in self.requests if one.writes]

    def forget(self) -> None:
        """Start anew."""
        self.requests.clear()


@contextmanager
def tapped(upstream: str) -> Iterator[Wire]:
    """Tap the line to the server at `upstream` until the block ends."""
    address = urlsplit(upstream)

    class Tap(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args: object) -> None:
            return

        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = Request(
                self.command, self.path, dict(self.headers), self.rfile.read(length), time.monotonic()
            )
            wire.requests.append(seen)
            self.connection_upstream().request(
                seen.method,
                seen.target,
                seen.body or None,
                {n: v for n, v in seen.headers.items() if n.lower() not in HOP},
            )
            answer = self.connection_upstream().getresponse()
            payload = answer.read()
            seen.status = answer.status
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)
            seen.done = time.monotonic()

        def connection_upstream(self) -> http.client.HTTPConnection:
            found: http.client.HTTPConnection | None = getattr(self, "_upstream", None)
            if found is None:
                found = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
                self._upstream = found
            return found

        def finish(self) -> None:
            super().finish()
            self.connection_upstream().close()

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self.forward
            raise AttributeError(name)

    server = _Server(("127.0.0.1", 0), Tap)
    wire = Wire(f"http://127.0.0.1:{server.server_port}{address.path}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A gateway that was killed in the middle of a request breaks its line; that is no fault here."""
