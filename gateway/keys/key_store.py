"""Where the wrapped keys of content are kept: a small database of its own, never in the hub's, nor in any
copy of it. A key that is destroyed here is nowhere; a mark stays, so that none is made anew for the same
person."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.errors import StafettbroError
from gateway.keys.wrapping import KeyWrapper

SIZE: Final = 32  # bytes of a key: AES-256
CHUNK: Final = 500
_metadata = MetaData()
_key = Table(
    "content_key",
    _metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("person", String(64), nullable=False),  # "": what of a tenant is about nobody
    Column("wrapped", LargeBinary),  # None: destroyed
    Column("wrapped_by", String(32), nullable=False),  # the name of the key-encryption key
    Column("made", BigInteger, nullable=False),  # seconds since 1970
    Column("destroyed", BigInteger),
    UniqueConstraint("tenant", "person", name="uq_content_key_person"),
)
# Asked at most requests, and built once: building them costs as much as running them.
_OF = select(_key).where(_key.c.tenant == bindparam("tenant"), _key.c.person == bindparam("person"))
_BY_ID = select(_key).where(_key.c.id == bindparam("own"))


class KeyDestroyed(StafettbroError):
    """The content was erased: its key is gone for good."""


@dataclass(frozen=True, slots=True)
class ContentKey:
    """A key as it is used. id: 16 bytes that stand in front of what it sealed."""

    id: bytes
    tenant: str
    person: str
    key: bytes


class KeyStore:
    """The wrapped keys. Safe to use from several threads and processes."""

    def __init__(self, url: str, wrapper: KeyWrapper) -> None:
        self._wrapper = wrapper
        parsed = make_url(url)
        self._sqlite = parsed.get_backend_name() == "sqlite"
        if self._sqlite and parsed.database:
            _own_file(Path(parsed.database))
        self._engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
        if self._sqlite:
            event.listen(self._engine, "connect", _settle)
        try:
            _metadata.create_all(self._engine)
        except DBAPIError:  # another process was before us
            _metadata.create_all(self._engine)

    def of(self, tenant: str, person: str) -> ContentKey:
        """The key of a person ("": of the tenant itself), made now where there is none. Raises KeyDestroyed
        for one who was erased, and KeyUnknown."""
        here = {"tenant": tenant, "person": person}
        with self._engine.connect() as connection:
            row = connection.execute(_OF, here).one_or_none()
        if row is None:
            try:
                return self._made(tenant, person)
            except IntegrityError:  # another process was before us
                with self._engine.connect() as connection:
                    row = connection.execute(_OF, here).one()
        return self._opened(row)

    def by_id(self, own: bytes) -> ContentKey:
        """A key by its id. Raises KeyDestroyed, and KeyUnknown for one that was never here."""
        with self._engine.connect() as connection:
            row = connection.execute(_BY_ID, {"own": own}).one_or_none()
        if row is None:
            raise KeyDestroyed("the key of this content is not in the key store")
        return self._opened(row)

    def destroy(self, tenant: str, person: str) -> bool:
        """Destroy the key of a person for good; False where it already was, or there never was one: then
        there will be none either."""
        try:
            done = self._mark(tenant, person)
        except IntegrityError:  # another process has just made one
            done = self._mark(tenant, person)
        self._wipe()
        return done

    def destroyed(self, tenant: str) -> set[str]:
        """Those of a tenant whose keys are destroyed."""
        with self._engine.connect() as connection:
            gone = select(_key.c.person).where(_key.c.tenant == tenant, _key.c.wrapped.is_(None))
            return set(connection.execute(gone).scalars())

    def rewrap(self) -> Iterator[int]:
        """Wrap by the newest key-encryption key what a former one wraps, some at a time while everybody
        works; how many so far. Raises KeyUnknown."""
        done = 0
        while True:
            with self._engine.begin() as connection:
                rows = connection.execute(
                    select(_key)
                    .where(_key.c.wrapped.is_not(None), _key.c.wrapped_by != self._wrapper.name)
                    .limit(CHUNK)
                ).all()
                for row in rows:
                    key = self._opened(row)
                    wrapped = self._wrapper.wrap(key.key, _bound(key.id, key.tenant, key.person))
                    connection.execute(
                        update(_key)
                        .where(_key.c.id == row.id, _key.c.wrapped.is_not(None))
                        .values(wrapped=wrapped, wrapped_by=self._wrapper.name)
                    )
            if not rows:
                return
            done += len(rows)
            yield done

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def _mark(self, tenant: str, person: str) -> bool:
        with self._engine.begin() as connection:
            done = connection.execute(
                update(_key)
                .where(_key.c.tenant == tenant, _key.c.person == person, _key.c.wrapped.is_not(None))
                .values(wrapped=None, destroyed=int(time.time()))
            )
            if done.rowcount:
                return True
            there = select(_key.c.id).where(_key.c.tenant == tenant, _key.c.person == person)
            if connection.execute(there).one_or_none() is None:
                now = int(time.time())
                row = self._row(tenant, person) | {"wrapped": None, "destroyed": now}
                connection.execute(insert(_key), row)
        return False

    def _wipe(self) -> None:
        """What was destroyed goes from SQLite's log beside the file too."""
        if self._sqlite:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()

    def _made(self, tenant: str, person: str) -> ContentKey:
        row = self._row(tenant, person)
        fresh = ContentKey(row["id"], tenant, person, os.urandom(SIZE))
        row["wrapped"] = self._wrapper.wrap(fresh.key, _bound(fresh.id, tenant, person))
        with self._engine.begin() as connection:
            connection.execute(insert(_key), row)
        return fresh

    def _row(self, tenant: str, person: str) -> dict[str, Any]:
        return {
            "id": uuid.uuid4().bytes,
            "tenant": tenant,
            "person": person,
            "wrapped_by": self._wrapper.name,
            "made": int(time.time()),
        }

    def _opened(self, row: Row[Any]) -> ContentKey:
        if row.wrapped is None:
            raise KeyDestroyed("this content was erased")
        own = bytes(row.id)
        key = self._wrapper.unwrap(bytes(row.wrapped), _bound(own, row.tenant, row.person), row.wrapped_by)
        return ContentKey(own, row.tenant, row.person, key)


def _bound(own: bytes, tenant: str, person: str) -> bytes:
    """What a wrapped key is bound to: put in another row, it does not open."""
    return b"\x00".join((own, tenant.encode(), person.encode()))


def _own_file(path: Path) -> None:
    """A file that is readable by its own user alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _settle(raw: Any, _record: Any) -> None:
    for pragma in ("busy_timeout=60000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}")
