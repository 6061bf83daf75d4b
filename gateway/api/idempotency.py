"""Idempotency-Key (the IETF draft): a repeat with the same key and body gets the very answer of the first;
the same key with another body is an error. The key alone is remembered, as a digest, for a day."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import Response
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.access.tokens_in import Caller
from gateway.errors import Conflict, Unprocessable
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.tables import idempotency
from gateway.hub.store import Store

KEPT = timedelta(days=1)
ABANDONED = timedelta(minutes=2)  # a process that died in the middle; the repeat may then try
PENDING = b""


@dataclass(frozen=True, slots=True)
class Keyed:
    """One request under a key."""

    store: Store
    tenant: str
    client: str
    key_digest: str
    body_digest: str

    def begin(self, now: datetime) -> Response | None:
        """Claim the key, or the stored answer. Raises Conflict while the first request is under way, and
        Unprocessable when the key was used with another body."""
        try:
            with self.store.write(self.tenant) as connection:
                connection.execute(
                    delete(idempotency).where(
                        idempotency.c.tenant == self.tenant, idempotency.c.created < now - KEPT
                    )
                )
                connection.execute(insert(idempotency), self._row(now))
        except IntegrityError:
            return self._again(now)
        return None

    def keep(self, answer: Response) -> None:
        """The answer that every repeat gets."""
        kept = {
            "status": answer.status_code,
            "type": answer.media_type,
            "body": b64encode(bytes(answer.body)).decode(),
        }
        with self.store.write(self.tenant) as connection:
            content = pack(connection, kept, TENANT, idempotency, *self._key())
            connection.execute(update(idempotency).where(*self._place()).values(content=content))

    def forget(self) -> None:
        """The request failed inside: a repeat is a first one."""
        with self.store.write(self.tenant) as connection:
            connection.execute(delete(idempotency).where(*self._place(), idempotency.c.content == PENDING))

    def _again(self, now: datetime) -> Response | None:
        with self.store.write(self.tenant) as connection:
            row = connection.execute(select(idempotency).where(*self._place()).with_for_update()).first()
            if row is None:
                raise Conflict("The first request with this key has just ended", code="idempotency-race")
            if row.body_digest != self.body_digest:
                raise Unprocessable("This Idempotency-Key was used with another body", code="idempotency-key")
            if row.content != PENDING:
                kept = unpack(connection, row.content, idempotency, *self._key())
                return Response(b64decode(kept["body"]), kept["status"], media_type=kept["type"])
            if row.created > now - ABANDONED:
                raise Conflict("The first request with this key is under way", code="idempotency-pending")
            connection.execute(update(idempotency).where(*self._place()).values(created=now))
        return None

    def _key(self) -> tuple[str, str, str]:
        return self.tenant, self.client, self.key_digest

    def _place(self) -> tuple[ColumnElement[bool], ...]:
        columns = idempotency.c
        return (
            columns.tenant == self.tenant,
            columns.client == self.client,
            columns.key_digest == self.key_digest,
        )

    def _row(self, now: datetime) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "client": self.client,
            "key_digest": self.key_digest,
            "body_digest": self.body_digest,
            "created": now,
            "content": PENDING,
        }


def keyed(store: Store, caller: Caller, key: str, *about: bytes) -> Keyed:
    """The request under its key; `about` is all that makes it what it is (path, type, body)."""
    whole = hashlib.sha256()
    for part in about:
        whole.update(len(part).to_bytes(8, "big") + part)
    own = hashlib.sha256(key.encode()).hexdigest()
    return Keyed(store, caller.tenant, caller.client_id[:255], own, whole.hexdigest())
