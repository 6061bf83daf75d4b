"""Proofs of possession that have been shown: hashes and times, of nobody's data and no tenant's. A proof is
refused before it is known for which tenant it was shown, and one that was shown to one tenant counts at none.

PostgreSQL keeps this table without its log, since a wait for the disk at each request would cost more than
all else in it: a crash empties the table, and with it goes the row that says since when it is whole.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, text

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.proofs import shown_proof

KEPT_LONGER = timedelta(minutes=5)  # than it counts: processes' clocks differ
SINCE = "since"  # no digest: the row that says since when every proof shown is here

_AT = bindparam("at", type_=Instant())
_INSERT = text(
    "INSERT INTO shown_proof (digest, ends) VALUES (:digest, :at) ON CONFLICT (digest) DO NOTHING"
).bindparams(_AT)
_SINCE = select(shown_proof.c.ends).where(shown_proof.c.digest == SINCE)
_BEGIN = text(
    f"INSERT INTO shown_proof (digest, ends) VALUES ('{SINCE}', :at)"  # noqa: S608 - our own word
    " ON CONFLICT (digest) DO UPDATE SET ends = excluded.ends"
).bindparams(_AT)


def remember(connection: Connection, digest: str, ends: datetime) -> bool:
    """Whether it was not there yet. Of several who ask at once, one is told so."""
    return connection.execute(_INSERT, {"digest": digest, "at": ends}).rowcount == 1


def begin(connection: Connection, now: datetime) -> None:
    """Proofs made before now count no more: what was shown may have been lost."""
    connection.execute(_BEGIN, {"at": now})


def since(connection: Connection) -> datetime | None:
    """Since when every proof shown is here; None where that has been lost."""
    found: datetime | None = connection.execute(_SINCE).scalar()
    return found


def begun(connection: Connection, now: datetime) -> datetime:
    """Since when every proof shown is here; since now, where that has been lost."""
    found = since(connection)
    if found is not None:
        return found
    connection.execute(_INSERT, {"digest": SINCE, "at": now})
    anew: datetime = connection.execute(_SINCE).scalar_one()  # another process may have been there first
    return anew


def forget(connection: Connection, now: datetime) -> int:
    """Leave out those that have long ceased to count; how many."""
    table = shown_proof.c
    gone = delete(shown_proof).where(table.ends < now - KEPT_LONGER, table.digest != SINCE)
    return connection.execute(gone).rowcount
