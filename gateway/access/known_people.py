"""Employees and operators that have logged in here, so that the access of one who left can be ended: how each
login calls them, and when they were here last. A child's family is never listed; who takes part for which
child is not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.access.people_login import Proven
from gateway.config import Login
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.access_tables import acquainted
from gateway.hub.store import Store
from mappings.canonical import HPR

KEPT: Final = timedelta(days=365)  # since somebody was here last; who comes again is listed again
_NUMBER: Final = re.compile(r"\d{11}")  # as a national id has: kept nowhere, whatever a provider calls it
_OURS: Final = "user "  # the identity system of a user, before the issuer's name


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody, by one login. called: name, hpr and user, as far as the login tells them; hashes: keyed
    hashes of the identities."""

    login: str
    since: datetime
    seen: datetime
    hashes: frozenset[str]
    called: dict[str, str]
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """Those of one installation."""

    store: Store
    key: IdentifierKey

    def note(self, login: Login, found: Proven, hashes: frozenset[str], now: datetime) -> None:
        """Somebody has logged in. Who has not for a year is forgotten."""
        if login.who == "family":
            return
        system, value = found.identities[0]
        own = self.key.hash(f"acquainted {login.id} {system}", value)
        content = {"hashes": sorted(hashes), "called": _called(found), "rights": sorted(found.rights)}
        with self.store.write(login.tenant) as connection:
            columns = acquainted.c
            old = (columns.tenant == login.tenant, columns.seen < now - KEPT)
            connection.execute(delete(acquainted).where(*old))
            sealed = pack(connection, content, TENANT, acquainted, login.tenant, own)
            changed = {"seen": now, "content": sealed, "login": login.id}
            row = {"tenant": login.tenant, "id": own, "since": now, **changed}
            kind: Any = sqlite if self.store.sqlite else postgresql
            statement = kind.insert(acquainted).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed))


def of_tenant(connection: Connection, tenant: str) -> list[Known]:
    """Everybody that is known."""
    rows = connection.execute(select(acquainted).where(acquainted.c.tenant == tenant))
    return [_known(connection, row) for row in rows]


def _known(connection: Connection, row: Row[Any]) -> Known:
    said = unpack(connection, row.content, acquainted, row.tenant, row.id)
    return Known(
        row.login, row.since, row.seen, frozenset(said["hashes"]), said["called"], frozenset(said["rights"])
    )


def _called(found: Proven) -> dict[str, str]:
    told = {"name": found.name or ""}
    for system, value in found.identities:
        told |= {"hpr": value} if system == HPR else {"user": value} if system.startswith(_OURS) else {}
    return {name: value[:120] for name, value in told.items() if value and not _NUMBER.search(value)}
