"""Reports to child welfare in their store: taken in once, answered, and due. Told to the one who reported and
to the one who received, and to nobody else; each look is noted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from consent import reporting
from gateway.errors import Conflict, NotFound
from gateway.hub.store import Store
from gateway.welfare import guardians, outbox, readings
from gateway.welfare.readings import Reader
from gateway.welfare.seal import Seal
from gateway.welfare.tables import feedback, report


@dataclass(frozen=True, slots=True)
class Recipient:
    """The child welfare service: its system, and the organization that runs it."""

    system: str
    organization: str
    name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the one who reported gets, the same however often it is asked for."""

    id: str
    received: datetime
    recipient: Recipient
    urgent: bool
    guardians: dict[str, Any]

    @property
    def deadlines(self) -> reporting.Deadlines:
        """What child welfare has to do, and by when."""
        return reporting.deadlines(self.received)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One word from child welfare: state, when, and what it says."""

    state: str
    said: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A receipt, how delivery stands, and what child welfare has answered, oldest first."""

    receipt: Receipt
    state: str
    error: str | None
    feedback: tuple[Feedback, ...]


@dataclass(slots=True)
class Reports:
    """All reports of all tenants; every question names one tenant."""

    store: Store
    seal: Seal
    clock: Callable[[], datetime]

    def take(self, reader: Reader, recipient: Recipient, record: dict[str, Any]) -> Receipt:
        """Keep a report and have it sent. The same record again gets the same receipt. Raises Conflict when
        another report has come under its id."""
        try:
            return self._take(reader, recipient, record)
        except IntegrityError:  # the same report in another process, a moment before
            return self._take(reader, recipient, record)

    def _take(self, reader: Reader, recipient: Recipient, record: dict[str, Any]) -> Receipt:
        now = self.clock()
        with self.store.write(reader.tenant) as connection:
            known = self._known(connection, reader, record)
            receipt = known or self._keep(connection, reader, recipient, record, now)
            readings.note(connection, reader, "reported", receipt.id, now)
        return receipt

    def _known(self, connection: Connection, reader: Reader, record: dict[str, Any]) -> Receipt | None:
        columns = report.c
        row = connection.execute(
            select(report).where(
                columns.tenant == reader.tenant,
                columns.source == reader.system,
                columns.record_name == self._name(reader, record),
            )
        ).first()
        if row is None:
            return None
        content = self._content(row)
        if content["record"] != record:
            raise Conflict(
                "Det er alt sendt en annen melding med denne id-en.", code="report-differs", field="id"
            )
        return _receipt(row, content)

    def _keep(
        self,
        connection: Connection,
        reader: Reader,
        recipient: Recipient,
        record: dict[str, Any],
        now: datetime,
    ) -> Receipt:
        own = str(uuid.uuid4())
        ends = reporting.deadlines(now)
        content = {"record": record, "recipientName": recipient.name}
        values = {
            "tenant": reader.tenant,
            "id": own,
            "source": reader.system,
            "record_name": self._name(reader, record),
            "author": reader.organization,
            "recipient": recipient.system,
            "recipient_organization": recipient.organization,
            "received": now,
            "assess_by": ends.assess,
            "answer_by": ends.answer,
            "investigate_by": ends.investigate,
            "content": self.seal.close(content, reader.tenant, "report", own),
        }
        connection.execute(insert(report), values)
        urgent = record.get("akutt") is True
        sent = {"endret": record["tidspunkt"], **record, "id": own}
        claim = outbox.Claim(reader.tenant, own, outbox.REPORT, recipient.system, urgent, 0, now, sent)
        outbox.add(connection, self.seal, claim)
        return Receipt(own, now, recipient, urgent, guardians.told(record))

    def read(self, reader: Reader, report_id: str) -> Whole:
        """A report's standing. Raises NotFound for anyone but the two it is between."""
        now = self.clock()
        with self.store.write(reader.tenant) as connection:
            row = self.row(connection, reader, report_id)
            readings.note(connection, reader, "read", row.id, now)
            state, error = outbox.standing(connection, row.tenant, row.id)
            said = tuple(self._feedback(connection, row))
        return Whole(_receipt(row, self._content(row)), state, error, said)

    def row(self, connection: Connection, reader: Reader, report_id: str, *, lock: bool = False) -> Row[Any]:
        """The report's row, for one of the two it is between: the organization decides, and among its systems
        only the one that sent it or the one it went to. Raises NotFound."""
        found = select(report).where(report.c.tenant == reader.tenant, report.c.id == report_id)
        row = connection.execute(found.with_for_update() if lock else found).first()
        if row is None or reader.system not in (row.source, row.recipient):
            raise NotFound("Meldingen finnes ikke her.")
        record = self._content(row)["record"]
        trace = reporting.trace(record, row.author, row.recipient_organization)
        if not reporting.may_see(trace, organization=reader.organization, guardian=False, child=False):
            raise NotFound("Meldingen finnes ikke her.")
        return row

    def _feedback(self, connection: Connection, row: Row[Any]) -> Iterable[Feedback]:
        columns = feedback.c
        rows = connection.execute(
            select(feedback)
            .where(columns.tenant == row.tenant, columns.report == row.id)
            .order_by(columns.number)
        )
        for one in rows:
            content = self.seal.open(one.content, row.tenant, "feedback", row.id, str(one.number))
            yield Feedback(one.state, one.said, content.get("text"))

    def _content(self, row: Row[Any]) -> dict[str, Any]:
        content: dict[str, Any] = self.seal.open(row.content, row.tenant, "report", row.id)
        return content

    def _name(self, reader: Reader, record: dict[str, Any]) -> str:
        return self.seal.name("report", reader.tenant, reader.system, record["id"])


def _receipt(row: Row[Any], content: dict[str, Any]) -> Receipt:
    record = content["record"]
    recipient = Recipient(row.recipient, row.recipient_organization, content["recipientName"])
    return Receipt(row.id, row.received, recipient, record.get("akutt") is True, guardians.told(record))
