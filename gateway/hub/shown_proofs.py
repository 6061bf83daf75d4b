"""Proofs of possession that have been shown: hashes and times, of nobody's data and no tenant's. A proof is
refused before it is known for which tenant it was shown, and one that was shown to one tenant counts at none.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, text

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.proofs import shown_proof

KEPT_LONGER = timedelta(minutes=5)  # than it counts: processes' clocks differ

_INSERT = text(
    "INSERT INTO shown_proof (digest, ends) VALUES (:digest, :ends) ON CONFLICT DO NOTHING"
).bindparams(bindparam("ends", type_=Instant()))


def remember(connection: Connection, digest: str, ends: datetime) -> bool:
    """Whether it was not there yet. Of several who ask at once, one is told so."""
    return connection.execute(_INSERT, {"digest": digest, "ends": ends}).rowcount == 1


def forget(connection: Connection, now: datetime) -> int:
    """Leave out those that have long ceased to count; how many."""
    return connection.execute(delete(shown_proof).where(shown_proof.c.ends < now - KEPT_LONGER)).rowcount
