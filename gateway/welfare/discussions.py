"""Anonymous discussions that a person has confirmed: that it was done, by whom, when, to whom and with how
many warnings. Never the text, once it has left, and never which child."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.errors import NotFound
from gateway.hub.store import Store
from gateway.welfare import outbox
from gateway.welfare.message import Message
from gateway.welfare.readings import Reader
from gateway.welfare.seal import Seal
from gateway.welfare.tables import discussion


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One text that a person has let go. findings: how many warnings they had seen; fhir: the form that the
    recipient's system reads."""

    request: str
    text: str
    by: str
    findings: int
    recipient: str
    fhir: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of it afterwards."""

    id: str
    recipient: str
    by: str
    confirmed: datetime
    findings: int
    state: str
    error: str | None


@dataclass(slots=True)
class Discussions:
    """All anonymous discussions of all tenants."""

    store: Store
    seal: Seal
    clock: Callable[[], datetime]

    def send(self, reader: Reader, confirmed: Confirmed) -> Kept:
        """Note who confirmed, and have the text sent. A repeat of the same request sends nothing anew."""
        try:
            return self._send(reader, confirmed)
        except IntegrityError:  # the same request in another process, a moment before
            return self._send(reader, confirmed)

    def _send(self, reader: Reader, confirmed: Confirmed) -> Kept:
        name = self.seal.name("discussion", reader.tenant, reader.system, confirmed.request)
        with self.store.write(reader.tenant) as connection:
            known = connection.execute(
                select(discussion).where(
                    discussion.c.tenant == reader.tenant,
                    discussion.c.source == reader.system,
                    discussion.c.request_name == name,
                )
            ).first()
            if known is not None:
                return self._kept(connection, known)
            own = self._keep(connection, reader, confirmed, name)
            return self._kept(connection, self._row(connection, reader, own))

    def _keep(self, connection: Connection, reader: Reader, confirmed: Confirmed, name: str) -> str:
        own, now = str(uuid.uuid4()), self.clock()
        values = {
            "tenant": reader.tenant,
            "id": own,
            "source": reader.system,
            "request_name": name,
            "recipient": confirmed.recipient,
            "findings": confirmed.findings,
            "confirmed": now,
            "content": self.seal.close({"by": confirmed.by}, reader.tenant, "discussion", own),
        }
        connection.execute(insert(discussion), values)
        message = Message(own, confirmed.text, confirmed.by, reader.organization, now)
        record = message.fhir() if confirmed.fhir else message.native()
        to = confirmed.recipient
        claim = outbox.Claim(reader.tenant, own, outbox.DISCUSSION, to, False, 0, now, record)
        outbox.add(connection, self.seal, claim)
        return own

    def read(self, reader: Reader, discussion_id: str) -> Kept:
        """How it stands with one, for the system that sent it. Raises NotFound for any other."""
        with self.store.read(reader.tenant) as connection:
            return self._kept(connection, self._row(connection, reader, discussion_id))

    def _row(self, connection: Connection, reader: Reader, discussion_id: str) -> Row[Any]:
        row = connection.execute(
            select(discussion).where(
                discussion.c.tenant == reader.tenant,
                discussion.c.id == discussion_id,
                discussion.c.source == reader.system,
            )
        ).first()
        if row is None:
            raise NotFound("Drøftingen finnes ikke her.")
        return row

    def _kept(self, connection: Connection, row: Row[Any]) -> Kept:
        state, error = outbox.standing(connection, row.tenant, row.id)
        by = self.seal.open(row.content, row.tenant, "discussion", row.id)["by"]
        return Kept(row.id, row.recipient, by, row.confirmed, row.findings, state, error)
