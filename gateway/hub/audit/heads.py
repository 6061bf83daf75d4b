"""The newest block of each tenant, signed now and then and written outside the database: whoever can change
the database cannot shorten the chain, or make another, without its showing. Appended to, never changed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway import jsontext
from gateway.config import Settings
from gateway.errors import ConfigurationError
from gateway.hub.audit.chain import Block
from gateway.key_file import written_once

FILE: Final = "audit-heads.jws"
KEY: Final = "audit-key.pem"
ALGORITHM: Final = "ES256"


@dataclass(frozen=True, slots=True)
class Head:
    """One line. restored: the database was put back to this, and blocks after it that were signed before
    are gone."""

    tenant: str
    block: int
    hash: str  # hexadecimal
    at: str
    restored: bool = False


class Heads:
    """One file that every process of the installation may append to, and the key of its signatures."""

    def __init__(self, folder: Path, key: Path) -> None:
        self.path = folder / FILE
        self._key_path = key

    @classmethod
    def of(cls, settings: Settings) -> Heads:
        """As configured."""
        folder = settings.audit_folder or settings.state_folder / "audit"
        return cls(folder, settings.audit_key_file or settings.state_folder / KEY)

    def sign(self, tenant: str, block: Block | None, now: datetime, *, restored: bool = False) -> None:
        """Append a tenant's newest block; on the disk when this returns. Raises OSError."""
        said = {
            "tenant": tenant,
            "block": block.number if block else 0,
            "hash": block.hash.hex() if block else "",
            "at": now.isoformat(),
            **({"restored": True} if restored else {}),
        }
        line = jws.serialize_compact({"alg": ALGORITHM}, jsontext.encode(said), self._key())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[Head | int]:
        """Each line's head, in the order they were signed; the number of a line that is not ours. Raises
        ConfigurationError where there are lines and no key."""
        if not self.path.exists():
            return
        if not self._key_path.exists():
            raise ConfigurationError(f"{self._key_path}: the key that {self.path} was signed with is missing")
        key = self._key()
        *lines, _cut_off = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                found = jws.deserialize_compact(line, key, algorithms=[ALGORITHM])
                said: dict[str, Any] = jsontext.decode(found.payload)
                yield Head(**said)
            except (JoseError, jsontext.DecodeError, TypeError, ValueError):
                yield number

    def _key(self) -> ECKey:
        """The key, made at first use."""
        return ECKey.import_key(written_once(self._key_path, _fresh))


def _fresh() -> str:
    return ECKey.generate_key("P-256").as_pem(private=True).decode()
