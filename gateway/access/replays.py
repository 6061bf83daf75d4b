"""Which proofs have been shown before, to any process of the installation: remembered in the hub's database
for as long as they could be shown again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from gateway.hub import shown_proofs
from gateway.hub.store import Store


class Replays:
    """The proofs of one installation. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def first(self, thumbprint: str, name: str, until: float) -> bool:
        """Whether this proof (the key's thumbprint, the proof's `jti`) is shown for the first time; from now
        on it is not. until: epoch seconds at which it ceases to count by itself."""
        digest = hashlib.sha256(f"{thumbprint}.{name}".encode()).hexdigest()
        with self._store.outside(write=True) as connection:
            return shown_proofs.remember(connection, digest, datetime.fromtimestamp(until, UTC))
