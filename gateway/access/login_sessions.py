"""Logins under way and sessions, on the server: a browser holds a random id, and the database its digest
alone. A session ends when it rests too long, at its latest hour, and when the person logs out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Delete, Row, Table, delete, insert, select, update

from gateway.access.endings import Endings
from gateway.access.people_login import Begun
from gateway.config import Login
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind, Outcome
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.login_tables import login_attempt, login_session
from gateway.hub.store import Store

ATTEMPT = timedelta(minutes=10)  # as long as somebody may take at the provider
SEEN_AGAIN = timedelta(seconds=60)  # how exactly the time of last use is kept


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in. key: what the browser holds. hashes: keyed hashes of the identities.
    secret: of this session alone; handles and the forms' tokens are made with it. draft: a consent that was
    written and not yet signed. proven: when the provider was made to ask anew who it is, if it was.
    rights, name: of operators."""

    key: str
    login: str
    tenant: str
    hashes: frozenset[str]
    secret: bytes
    draft: dict[str, Any] | None
    proven: datetime | None = None
    rights: frozenset[str] = frozenset()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """One of the sessions of somebody, as they may see it. digest: of what its browser holds. seen: within a
    minute. here: the one in which it is looked at."""

    digest: str
    login: str
    started: datetime
    seen: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Live:
    """A session that counts, as operators know of it. staff: of an employee or operator."""

    digest: str
    login: str
    seen: datetime
    hashes: frozenset[str]
    staff: bool
    rights: frozenset[str]
    name: str | None


class Sessions:
    """The sessions of one installation."""

    def __init__(self, store: Store, logins: Iterable[Login], endings: Endings) -> None:
        self._store = store
        self._endings = endings
        self._logins = {login.id: login for login in logins}

    def await_return(self, login: Login, begun: Begun, now: datetime) -> str:
        """Remember a login under way; what the browser is to hold meanwhile."""
        key = secrets.token_urlsafe(32)
        content: dict[str, Any] = {
            "state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, **_anew(begun.anew),
            **({"moment": begun.moment} if begun.anew else {}),
        }  # fmt: skip
        row = {
            "tenant": login.tenant,
            "digest": _digest(key),
            "login": login.id,
            "expires": now + ATTEMPT,
        }
        with self._store.write(login.tenant) as connection:
            row["content"] = pack(connection, content, TENANT, login_attempt, login.tenant, _digest(key))
            connection.execute(_expired(login_attempt, login.tenant, now))
            connection.execute(_expired(login_session, login.tenant, now))
            connection.execute(insert(login_attempt), row)
        return key

    def returned(self, login: Login, key: str, now: datetime) -> Begun | None:
        """The login under way, once: whoever comes back a second time finds nothing."""
        table = login_attempt.c
        with self._store.write(login.tenant) as connection:
            row = connection.execute(
                delete(login_attempt)
                .where(
                    table.tenant == login.tenant,
                    table.digest == _digest(key),
                    table.login == login.id,
                    table.expires > now,
                )
                .returning(table.content)
            ).first()
            if row is None:
                return None
            return Begun(**unpack(connection, row.content, login_attempt, login.tenant, _digest(key)))

    def open(
        self,
        login: Login,
        hashes: Iterable[str],
        now: datetime,
        *,
        anew: bool = False,
        rights: frozenset[str] = frozenset(),
        name: str | None = None,
    ) -> str:
        """A new session, under an id that nobody has held before; what the browser is to hold. anew: the
        provider has just asked who it is."""
        key = f"{login.id}.{secrets.token_urlsafe(32)}"
        content: dict[str, Any] = {"hashes": sorted(hashes), "secret": secrets.token_hex(32), **_anew(anew)}
        if rights:
            content |= {"rights": sorted(rights), "name": name}
        row = {
            "tenant": login.tenant,
            "digest": _digest(key),
            "login": login.id,
            "started": now,
            "seen": now,
            "expires": now + timedelta(minutes=login.longest_minutes),
        }
        with self._store.write(login.tenant) as connection:
            row["content"] = pack(connection, content, TENANT, login_session, login.tenant, _digest(key))
            connection.execute(insert(login_session), row)
            entries.write(connection, login.tenant, [_entry("logged in", login.id, now, _digest(key))])
        return key

    def refused(self, login: Login, code: str, now: datetime) -> None:
        """Somebody came back from the provider and was not let in. code: why."""
        said = _entry("login refused", login.id, now, None, Outcome.REFUSED, code=code)
        with self._store.write(login.tenant) as connection:
            entries.write(connection, login.tenant, [said])

    def find(self, key: str | None, now: datetime, *, used: bool = True) -> Session | None:
        """The session of a browser, if it still counts. used: somebody uses it; what a page asks by itself
        does not keep it from resting."""
        login = self._logins.get((key or "").partition(".")[0])
        if key is None or login is None:
            return None
        table = login_session.c
        here = (table.tenant == login.tenant, table.digest == _digest(key), table.login == login.id)
        with self._store.read(login.tenant) as connection:
            row = connection.execute(select(login_session).where(*here)).first()
            kept = _kept(connection, login, row) if row is not None else {}
            gone = row is not None and self._is_ended(connection, login, kept)
        if row is None or gone or not self._counts(row, now):
            return None
        if used and row.seen + SEEN_AGAIN <= now:
            with self._store.write(login.tenant) as connection:
                connection.execute(update(login_session).where(*here).values(seen=now))
        return Session(
            key=key,
            login=login.id,
            tenant=login.tenant,
            hashes=frozenset(kept["hashes"]),
            secret=bytes.fromhex(kept["secret"]),
            draft=kept.get("draft"),
            proven=row.started if kept.get("anew") else None,
            rights=frozenset(kept.get("rights", ())),
            name=kept.get("name"),
        )

    def was_ended(self, key: str | None) -> bool:
        """Whether a browser holds a session of somebody whose access has been ended, as long as there is a
        trace of it."""
        login = self._logins.get((key or "").partition(".")[0])
        if key is None or login is None or login.who == "family":
            return False
        table = login_session.c
        here = (table.tenant == login.tenant, table.digest == _digest(key), table.login == login.id)
        with self._store.read(login.tenant) as connection:
            row = connection.execute(select(login_session).where(*here)).first()
            return row is not None and self._is_ended(connection, login, _kept(connection, login, row))

    def live(self, connection: Connection, tenant: str, now: datetime) -> list[Live]:
        """All sessions of a tenant that count."""
        rows = connection.execute(
            select(login_session).where(login_session.c.tenant == tenant, login_session.c.expires > now)
        ).all()
        return [self._live(connection, row) for row in rows if self._counts(row, now)]

    def end_of(self, connection: Connection, tenant: str, hashes: frozenset[str], now: datetime) -> int:
        """End every session of an employee, by all they are known by; how many there were. What is left of
        them tells their browsers why, until it is swept away."""
        going = [one for one in self.live(connection, tenant, now) if one.staff and one.hashes & hashes]
        table = login_session.c
        connection.execute(
            update(login_session)
            .where(table.tenant == tenant, table.digest.in_([one.digest for one in going]))
            .values(expires=now)
        )
        return len(going)

    def _is_ended(self, connection: Connection, login: Login, kept: dict[str, Any]) -> bool:
        return login.who != "family" and self._endings.ends(connection, login.tenant, kept["hashes"])

    def _live(self, connection: Connection, row: Row[Any]) -> Live:
        login = self._logins[row.login]
        kept = _kept(connection, login, row)
        return Live(
            row.digest, row.login, row.seen, frozenset(kept["hashes"]), login.who != "family",
            frozenset(kept.get("rights", ())), kept.get("name"),
        )  # fmt: skip

    def keep(self, session: Session, draft: dict[str, Any] | None) -> None:
        """Remember a draft in the session, or forget it."""
        content: dict[str, Any] = {"hashes": sorted(session.hashes), "secret": session.secret.hex()}
        content |= _anew(session.proven is not None)
        if session.rights:
            content |= {"rights": sorted(session.rights), "name": session.name}
        if draft is not None:
            content["draft"] = draft
        table = login_session.c
        key = (session.tenant, _digest(session.key))
        with self._store.write(session.tenant) as connection:
            connection.execute(
                update(login_session)
                .where(table.tenant == session.tenant, table.digest == key[-1])
                .values(content=pack(connection, content, TENANT, login_session, *key))
            )

    def close(self, key: str | None, now: datetime) -> None:
        """End the session of a browser, if it has one."""
        login = self._logins.get((key or "").partition(".")[0])
        if key is None or login is None:
            return
        table = login_session.c
        with self._store.write(login.tenant) as connection:
            ended = connection.execute(
                delete(login_session).where(table.tenant == login.tenant, table.digest == _digest(key))
            )
            if ended.rowcount:
                entries.write(connection, login.tenant, [_entry("logged out", login.id, now, _digest(key))])

    def own(self, session: Session, now: datetime) -> list[Own]:
        """The sessions of the same person in this tenant that still count, newest first."""
        with self._store.read(session.tenant) as connection:
            return self._own(connection, session, now)

    def end_own(self, session: Session, digests: Iterable[str], now: datetime) -> int:
        """End these sessions of the same person, never the one in which it is asked; how many there were."""
        wanted = frozenset(digests)
        table = login_session.c
        with self._store.write(session.tenant) as connection:
            found = [one for one in self._own(connection, session, now) if one.digest in wanted]
            going = [one for one in found if not one.here]
            connection.execute(
                delete(login_session).where(
                    table.tenant == session.tenant, table.digest.in_([one.digest for one in going])
                )
            )
            said = [_entry("logged out from elsewhere", one.login, now, one.digest) for one in going]
            entries.write(connection, session.tenant, said)
        return len(going)

    def _own(self, connection: Connection, session: Session, now: datetime) -> list[Own]:
        """Who a session is stands in its sealed content alone, so every session of the tenant that counts is
        opened: those who are logged in within one rest."""
        rows = connection.execute(
            select(login_session).where(
                login_session.c.tenant == session.tenant, login_session.c.expires > now
            )
        ).all()
        here = _digest(session.key)
        found = [
            Own(row.digest, row.login, row.started, row.seen, row.digest == here)
            for row in rows
            if self._counts(row, now)
            and not session.hashes.isdisjoint(_kept(connection, self._logins[row.login], row)["hashes"])
        ]
        return sorted(found, key=lambda one: (one.started, one.digest), reverse=True)

    def _counts(self, row: Row[Any], now: datetime) -> bool:
        """Whether it has neither rested too long nor passed its latest hour, and is of a login of ours."""
        login = self._logins.get(row.login)
        if login is None or login.tenant != row.tenant:
            return False
        idle = timedelta(minutes=login.idle_minutes)
        return bool(row.expires > now and row.seen + idle > now)

    def end_all(self, login: Login, now: datetime) -> int:
        """End every session of a login, and every login under way; how many sessions there were."""
        here = (login_session.c.tenant == login.tenant, login_session.c.login == login.id)
        begun = (login_attempt.c.tenant == login.tenant, login_attempt.c.login == login.id)
        with self._store.write(login.tenant) as connection:
            connection.execute(delete(login_attempt).where(*begun))
            ended = connection.execute(delete(login_session).where(*here)).rowcount
            said = _entry("all logged out", login.id, now, None, count=str(ended))
            entries.write(connection, login.tenant, [said])
        return ended


def _entry(
    action: str,
    login: str,
    now: datetime,
    session: str | None,
    outcome: Outcome = Outcome.DONE,
    **more: str,
) -> Entry:
    """As the audit tells of it. Who it was stands in the entries of what the session looks at: here nobody
    knows yet whose child it is about."""
    named = {"login": login, **more}
    subject = f"session/{session[:32]}" if session else None
    return Entry(Kind.LOGIN, now, None, action, outcome, subject=subject, details=named)


def _anew(anew: bool) -> dict[str, Any]:
    """As it is kept, where it is so: a process of an earlier release knows no such field."""
    return {"anew": True} if anew else {}


def _kept(connection: Connection, login: Login, row: Row[Any]) -> dict[str, Any]:
    kept: dict[str, Any] = unpack(connection, row.content, login_session, login.tenant, row.digest)
    return kept


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _expired(table: Table, tenant: str, now: datetime) -> Delete:
    return delete(table).where(table.c.tenant == tenant, table.c.expires <= now)
