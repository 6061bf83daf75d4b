"""Answers that somebody is writing and has not sent, one for each who takes part in a log or plan: sealed by
the child's key, read by its author alone, gone when it is sent or thrown away. Rows in, rows out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete

from gateway.hub import one_each
from gateway.hub.schema.clinic_tables import answer_draft


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer so far. key: by which it is one entry, however often it is sent; answers: the message it
    answers ("Communication/…"), if any."""

    key: str
    subject: str
    text: str
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as it is kept. at: when it was last written."""

    draft: Draft
    at: datetime


def find(connection: Connection, tenant: str, author: str) -> Kept | None:
    """What somebody is writing."""
    found = one_each.find(connection, answer_draft, tenant, author)
    return None if found is None else Kept(Draft(**found[0]), found[1])


def keep(connection: Connection, tenant: str, person: str, author: str, draft: Draft, now: datetime) -> None:
    """Keep a draft in the place of the one before."""
    one_each.keep(connection, answer_draft, tenant, person, author, asdict(draft), now)


def forget(connection: Connection, tenant: str, author: str, at: datetime) -> bool:
    """It is sent, or thrown away. at: as it was read, so that one that was written since stays; False where
    there was none."""
    columns = answer_draft.c
    own = (columns.tenant == tenant, columns.author == author, columns.at == at)
    gone = connection.execute(delete(answer_draft).where(*own))
    return bool(gone.rowcount)
