"""What child welfare answers to a report, and what the law's deadlines then say: assess within 7 days, answer
the one who reported within 3 weeks, investigate within 3 months. Only the service that received a report
answers it.

Source: barnevernsloven §§ 2-1, 2-2, 13-4; the days are counted by consent.reporting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from gateway.errors import NotFound, Unprocessable
from gateway.hub.store import Store
from gateway.welfare import readings
from gateway.welfare.readings import Reader
from gateway.welfare.record import AHEAD
from gateway.welfare.reports import Feedback, Reports
from gateway.welfare.seal import Seal
from gateway.welfare.tables import feedback, report

# Each state, and the deadlines that it ends. "mottatt" alone tells the reporter nothing that was asked.
STATES: Final[dict[str, tuple[str, ...]]] = {
    "mottatt": (),
    "undersoekes": ("assessed", "answered"),
    "henlagt": ("assessed", "answered", "investigated"),
    "tiltak": ("assessed", "answered", "investigated"),
}
DEADLINES: Final = (("assess", "assessed"), ("answer", "answered"), ("investigate", "investigated"))
FOREIGN: Final = "Meldingen finnes ikke her."


@dataclass(frozen=True, slots=True)
class Deadline:
    """One deadline of one report. met: when what it asks for was done."""

    name: str
    by: datetime
    met: datetime | None

    def state(self, now: datetime) -> str:
        """met, due or overdue. What was done too late is met: the answer says when."""
        if self.met is not None:
            return "met"
        return "overdue" if now >= self.by else "due"


@dataclass(frozen=True, slots=True)
class Due:
    """A report and its deadlines."""

    report: str
    received: datetime
    deadlines: tuple[Deadline, ...]


@dataclass(slots=True)
class Answers:
    """The receiving side of reports."""

    reports: Reports
    store: Store
    seal: Seal
    clock: Callable[[], datetime]

    def give(self, reader: Reader, report_id: str, said: Feedback) -> int:
        """Keep what child welfare answers; its number. The same word again is kept once. Raises NotFound for
        any other than the one who received the report, and Unprocessable for a time that cannot be."""
        now = self.clock()
        with self.store.write(reader.tenant) as connection:
            row = self.reports.row(connection, reader, report_id, lock=True)
            if reader.system != row.recipient:
                raise NotFound(FOREIGN)
            if not row.received <= said.said <= now + AHEAD:
                raise Unprocessable(
                    "Tidspunktet er før meldingen kom inn, eller i framtida.", code="time", field="time"
                )
            number = self._repeated(connection, row, said) or self._keep(connection, row, said, now)
            readings.note(connection, reader, "answered", row.id, now)
        return number

    def _repeated(self, connection: Connection, row: Row[Any], said: Feedback) -> int | None:
        columns = feedback.c
        same = connection.execute(
            select(feedback).where(
                columns.tenant == row.tenant,
                columns.report == row.id,
                columns.state == said.state,
                columns.said == said.said,
            )
        )
        for one in same:
            content = self.seal.open(one.content, row.tenant, "feedback", row.id, str(one.number))
            if content.get("text") == said.text:
                return int(one.number)
        return None

    def _keep(self, connection: Connection, row: Row[Any], said: Feedback, now: datetime) -> int:
        last = connection.execute(
            select(func.coalesce(func.max(feedback.c.number), 0)).where(
                feedback.c.tenant == row.tenant, feedback.c.report == row.id
            )
        ).scalar_one()
        number = int(last) + 1
        content = self.seal.close({"text": said.text}, row.tenant, "feedback", row.id, str(number))
        values = {"tenant": row.tenant, "report": row.id, "number": number, "state": said.state}
        values |= {"said": said.said, "stored": now, "content": content}
        connection.execute(insert(feedback), values)
        met = {name: said.said for name in STATES[said.state] if getattr(row, name) is None}
        if met:
            place = (report.c.tenant == row.tenant, report.c.id == row.id)
            connection.execute(update(report).where(*place).values(met))
        return number

    def due(self, reader: Reader, *, after: str | None, limit: int, overdue: bool) -> list[Due]:
        """Reports to this system with a deadline still open, oldest first; with `overdue` only those for
        which one has passed. after: id of the last one seen. Raises NotFound when it is unknown."""
        columns, now = report.c, self.clock()
        where = [columns.tenant == reader.tenant, columns.recipient == reader.system]
        where.append(columns.recipient_organization == reader.organization)
        open_ones = [(columns[met].is_(None), columns[f"{name}_by"] <= now) for name, met in DEADLINES]
        where.append(or_(*(is_open & passed if overdue else is_open for is_open, passed in open_ones)))
        with self.store.write(reader.tenant) as connection:
            if after is not None:
                last = self.reports.row(connection, reader, after)
                same = (columns.received == last.received) & (columns.id > last.id)
                where.append(or_(columns.received > last.received, same))
            rows = connection.execute(
                select(report).where(*where).order_by(columns.received, columns.id).limit(limit)
            ).all()
            readings.note(connection, reader, "deadlines", None, now)
        return [Due(row.id, row.received, tuple(deadlines(row))) for row in rows]


def deadlines(row: Row[Any]) -> Iterator[Deadline]:
    """The three deadlines of a report."""
    for name, met in DEADLINES:
        yield Deadline(name, getattr(row, f"{name}_by"), getattr(row, met))
