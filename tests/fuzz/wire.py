"""One connection to the gateway that sends bytes as they are: no client of HTTP between that would refuse a
strange path, header or method."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

Headers = tuple[tuple[bytes, bytes], ...]
PATIENCE = 60.0  # seconds until an answer has to be there
CURRENT = b"current"  # as If-Match: the version that the caller reads right before
_OURS = {b"content-length", b"transfer-encoding"}


@dataclass(frozen=True)
class Asked:
    """A request. caller: whose credentials go with it; label: the operation; framed: whether its length is
    said by whoever sends it."""

    caller: str
    method: bytes
    target: bytes
    headers: Headers = ()
    body: bytes | None = None
    label: str = ""
    framed: bool = False

    def sent(self, host: bytes, credentials: Headers) -> bytes:
        """The bytes on the wire."""
        headers = [*credentials, *self.headers]
        names = {name.lower() for name, _ in headers}
        if b"host" not in names:
            headers.insert(0, (b"Host", host))
        if self.body is not None and not (self.framed and names & _OURS):
            headers.append((b"Content-Length", str(len(self.body)).encode()))
        lines = [self.method + b" " + self.target + b" HTTP/1.1", *(b": ".join(one) for one in headers)]
        return b"\r\n".join([*lines, b"", self.body or b""])


@dataclass(frozen=True)
class Answered:
    """What came back. status: 0 where nothing did."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def whole(self) -> bytes:
        """Headers and body."""
        return "\n".join(f"{name}: {value}" for name, value in self.headers).encode() + b"\n\n" + self.body


class Wire:
    """Keeps the connection as long as the gateway does."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}".encode()
        self._port = port
        self._line: socket.socket | None = None

    def ask(self, asked: Asked, credentials: Headers) -> Answered:
        """One request and its answer. A kept connection may just have been closed by the gateway, so what was
        never answered there is asked once more on a new one."""
        sent = asked.sent(self.host, credentials)
        fresh = self._line is None
        answer = self._once(asked, sent)
        if answer.status == 0 and not fresh:
            answer = self._once(asked, sent)
        return answer

    def _once(self, asked: Asked, sent: bytes) -> Answered:
        self._line = self._line or socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        try:
            self._send(sent)
            with HTTPResponse(self._line, method=asked.method.decode("latin-1")) as response:
                response.begin()
                body = response.read()
                closing = response.will_close or asked.framed
            if closing:
                self.close()
            return Answered(response.status, tuple(response.getheaders()), body)
        except (OSError, HTTPException, ValueError):
            self.close()
            return Answered(0)

    def _send(self, sent: bytes) -> None:
        assert self._line is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before its end: the answer is there
            self._line.sendall(sent)

    def close(self) -> None:
        """End the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None


def headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Headers as bytes; what is no Latin-1 goes as UTF-8."""
    return tuple((name.encode("utf-8"), value.encode("utf-8", "surrogatepass")) for name, value in pairs)
