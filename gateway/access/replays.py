"""Which proofs have been shown before, to any process of the installation: remembered in the hub's database
for as long as they could be shown again. Where that memory may have a gap, older proofs count no more; so it
need not outlast a crash, and nobody waits for the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum

from gateway.hub import shown_proofs
from gateway.hub.store import Store


class Shown(Enum):
    """What is known of a proof. UNSURE: the memory has been lost since its nonce was made."""

    FIRST = 1
    BEFORE = 2
    UNSURE = 3


class Replays:
    """The proofs of one installation. Safe to share between threads."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store.passing()
        self._clock = clock
        self.since = ""  # names the time since which the memory is whole; nonces are made with it

    def begin(self) -> None:
        """When a process starts: the database may be an older copy that was put back."""
        with self._store.outside(write=True) as connection:
            shown_proofs.begin(connection, self._now())
            self.since = shown_proofs.begun(connection, self._now()).isoformat()

    def look(self) -> str:
        """Since when the memory is whole: another process may have found a gap, or begun it anew."""
        with self._store.outside() as connection:
            found = shown_proofs.since(connection)
        if found is None:
            with self._store.outside(write=True) as connection:
                found = shown_proofs.begun(connection, self._now())
        self.since = found.isoformat()
        return self.since

    def show(self, thumbprint: str, name: str, until: float, since: str) -> Shown:
        """Remember a proof (the key's thumbprint, the proof's `jti`) and say what was known of it. until:
        epoch seconds at which it ceases to count by itself; since: what its nonce was made with."""
        digest = hashlib.sha256(f"{thumbprint}.{name}".encode()).hexdigest()
        with self._store.outside(write=True) as connection:
            first = shown_proofs.remember(connection, digest, datetime.fromtimestamp(until, UTC))
            known = shown_proofs.begun(connection, self._now()).isoformat()
        self.since = known
        if known != since:
            return Shown.UNSURE
        return Shown.FIRST if first else Shown.BEFORE

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
