"""Hands the audit on to whoever watches over the installation (a SIEM): every entry that has been chained, in
the order of the chain, as JSON lines or as syslog (RFC 5424). Ids and codes, never `content`. At least once:
how far it came is kept after what was written is out of hand."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from sqlalchemy import Connection

from gateway import jsontext
from gateway.hub.audit import rows
from gateway.hub.audit.chain import Block
from gateway.hub.audit.entries import Kind, Outcome
from gateway.hub.schema.instant import Instant

TOLD: Final = (
    "tenant",
    "number",
    "kind",
    "action",
    "outcome",
    "source",
    "person",
    "client",
    "system",
    "subject",
)
AUTHENTICATION: Final = 4  # syslog facilities: security and authorization
AUDIT: Final = 13  # log audit
SECONDS: Final = 20.0  # for one word of a syslog server
NOTICE, WARNING, INFORMATIONAL = 5, 4, 6
SD: Final = (
    "stafettbro@32473"  # the enterprise number that RFC 5612 keeps for examples: ours is nobody else's
)
_INSTANT: Final = Instant()


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as it is handed on. block: where it is chained."""

    at: datetime
    block: int
    values: dict[str, Any]

    def json(self) -> bytes:
        """One line of JSON."""
        said = {"at": self.at.isoformat(), **self.values, "block": self.block}
        return jsontext.encode({name: value for name, value in said.items() if value is not None}) + b"\n"

    def syslog(self, host: str) -> bytes:
        """One message of RFC 5424, without its frame."""
        kind, outcome = self.values["kind"], self.values["outcome"]
        facility = AUTHENTICATION if kind == Kind.LOGIN else AUDIT
        severity = INFORMATIONAL if outcome == Outcome.DONE else WARNING
        severity = NOTICE if kind in (Kind.EMERGENCY, Kind.CONFIGURATION) else severity
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        known = {**self.values, "block": self.block}
        params = " ".join(f'{name}="{_escaped(value)}"' for name, value in known.items() if value is not None)
        head = f"<{facility * 8 + severity}>1 {at} {host} stafettbro - {kind} [{SD} {params}]"
        return head.encode()


def _escaped(value: Any) -> str:
    text = str(value)
    for mark in ("\\", '"', "]"):
        text = text.replace(mark, f"\\{mark}")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def since(connection: Connection, tenant: str, block: int) -> Iterator[tuple[Block, list[Told]]]:
    """Every block after one, with its entries."""
    for one in rows.blocks(connection, tenant, block):
        numbers = [number for number, _ in one.members()]
        found = rows.of_numbers(connection, tenant, numbers)
        yield one, [_told(one, found[number]) for number in numbers if number in found]


def _told(block: Block, row: rows.Stored) -> Told:
    at = _INSTANT.process_result_value(row.at, None)  # type: ignore[arg-type]
    values = {name: getattr(row, name) for name in TOLD}
    return Told(at or datetime.now(UTC), block.number, values)


class Position:
    """How far a stream has come: the last block of each tenant, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, int] = jsontext.decode(path.read_bytes()) if path.exists() else {}

    def of(self, tenant: str) -> int:
        """The last block that was handed on whole."""
        return self._known.get(tenant, 0)

    def reached(self, tenant: str, block: int) -> None:
        """This one is out of hand; on the disk when this returns."""
        self._known[tenant] = block
        self.path.parent.mkdir(parents=True, exist_ok=True)
        arriving = self.path.with_suffix(".arriving")
        with arriving.open("wb") as file:
            file.write(jsontext.encode(self._known))
            file.flush()
            os.fsync(file.fileno())
        arriving.rename(self.path)


class Sink(Protocol):
    """Where entries go. `send` returns once they are out of hand; raises OSError where they are not."""

    def send(self, told: list[Told]) -> None:
        """These, in order."""

    def close(self) -> None:
        """Nothing more comes."""


class Lines:
    """JSON lines to a file or a pipe."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def send(self, told: list[Told]) -> None:
        """Written and flushed; on the disk where it is a file."""
        self._out.write(b"".join(one.json() for one in told))
        self._out.flush()
        with suppress(OSError):  # a pipe has no disk
            os.fsync(self._out.fileno())

    def close(self) -> None:
        """Nothing more comes."""
        self._out.close()


class Syslog:
    """Syslog over TCP, each message with its length before it (RFC 6587), or over TLS (RFC 5425)."""

    def __init__(self, host: str, port: int, *, tls: bool, ca_file: Path | None = None) -> None:
        self._host = socket.gethostname()[:255] or "-"
        plain = socket.create_connection((host, port), timeout=SECONDS)
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None) if tls else None
        self._line = context.wrap_socket(plain, server_hostname=host) if context else plain

    def send(self, told: list[Told]) -> None:
        """Handed to the network, of a server that has not hung up."""
        self._listen()
        messages = (one.syslog(self._host) for one in told)
        self._line.sendall(b"".join(b"%d %b" % (len(one), one) for one in messages))

    def close(self) -> None:
        """Nothing more comes. The server reads to the end first: a line that is closed while something stands
        unread on it is reset, and takes along what is still on its way."""
        with suppress(OSError):
            if isinstance(self._line, ssl.SSLSocket):
                self._line.unwrap()
            else:
                self._line.shutdown(socket.SHUT_WR)
                while self._line.recv(4096):
                    pass
        self._line.close()

    def _listen(self) -> None:
        """Take in what the server has said, which of TLS is tickets. Raises ConnectionError where it has hung
        up: what is sent then would be lost unseen."""
        self._line.setblocking(False)
        try:
            if not self._line.recv(4096):
                raise ConnectionError("the syslog server has hung up")
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self._line.settimeout(SECONDS)
