"""The notices that are due, for those they are for: listed until they are done or nothing is left to tell of.
Reads rows that gateway/exchange/reminders.py and gateway/hub/notices.py keep; works out none itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Subquery, Table, and_, literal, null, or_, select, update
from sqlalchemy import union_all as joined

from gateway.config import Settings
from gateway.consents.visible import Visible
from gateway.errors import NotFound, Unprocessable
from gateway.exchange.deadlines import STAYING
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.occasions import addressees
from gateway.hub.notices import Kind
from gateway.hub.schema.notices import notice
from gateway.hub.schema.reminders import reminder
from gateway.hub.schema.tables import person

CHUNK = 100
LASTING = STAYING | {Kind.WRONG_PERSON}
TABLES = (reminder, notice)
NAMES = ("tenant", "id", "person", "kind", "about", "addressee", "at", "due", "told", "settled", "done",
         "done_by")  # fmt: skip


def _both() -> Subquery:
    """Both tables as one. Consents know their log or plan themselves."""
    parts: list[Select[Any]] = [
        select(
            *(table.c[name] for name in NAMES),
            _frame(table).label("frame"),
            literal(table is notice).label("noticed"),
        )
        for table in TABLES
    ]
    return joined(*parts).subquery("told_of")


def _frame(table: Table) -> Any:
    return table.c.frame if "frame" in table.c else null()


either = _both()
columns = either.c


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing to tell. addressees: references of those it is for, as things are now."""

    id: str
    person: str
    kind: str
    about: str
    frame: str | None
    at: datetime
    due: datetime
    told: datetime | None
    done: datetime | None
    done_by: str | None
    addressees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reminders:
    """The reminders of one tenant. system: only those for people who take part in this system's own logs and
    plans; None: all."""

    settings: Settings
    facts: FactsReader
    tenant: str
    system: str | None
    now: datetime

    def due(
        self, connection: Connection, after: str | None = None, *, of_person: str | None = None
    ) -> Iterator[Reminder]:
        """Those due and not done, the longest due first, from after the one of this id on. Raises NotFound
        where there is no such one."""
        place = self._place(connection, after) if after is not None else None
        while True:
            rows = self._rows(connection, place, of_person)
            for row in rows:
                found = self._of(connection, row)
                if found is not None:
                    yield found
            if len(rows) < CHUNK:
                return
            place = rows[-1].due, rows[-1].id

    def told(self, connection: Connection, ids: list[str]) -> None:
        """Note that these have been listed."""
        for table in TABLES:
            own = table.c
            connection.execute(
                update(table)
                .where(own.tenant == self.tenant, own.id.in_(ids), own.told.is_(None))
                .values(told=self.now)
            )

    def finish(self, connection: Connection, wanted: str, by: str) -> Reminder:
        """Say that one is done, on behalf of a participant it is for. Once done it stays so. Raises NotFound,
        Unprocessable where it is for somebody else."""
        found = self._find(connection, wanted)
        if found is None:
            raise NotFound("No such notice")
        if found.done is not None:
            return found
        if found.kind in LASTING:
            raise Unprocessable("This stays until what it tells of is mended", field="id")
        if by not in found.addressees:
            raise Unprocessable("`by` is nobody that this notice is for", field="by")
        for table in TABLES:
            own = table.c
            connection.execute(
                update(table)
                .where(own.tenant == self.tenant, own.id == wanted, own.done.is_(None))
                .values(done=self.now, done_by=by)
            )
        return self._find(connection, wanted) or found

    def _find(self, connection: Connection, wanted: str) -> Reminder | None:
        """The one of this id, where it is due and the system knows somebody whom it is for."""
        where = columns.tenant == self.tenant, columns.id == wanted, columns.due <= self.now
        row = connection.execute(select(either).where(*where)).first()
        return self._of(connection, row) if row is not None else None

    def _rows(
        self, connection: Connection, place: tuple[datetime, str] | None, of_person: str | None
    ) -> list[Any]:
        where = [
            columns.tenant == self.tenant,
            columns.done.is_(None),
            columns.settled.is_(None),
            columns.due <= self.now,
        ]
        if of_person is not None:
            where.append(columns.person == of_person)
        if place is not None:
            due, own = place
            where.append(or_(columns.due > due, and_(columns.due == due, columns.id > own)))
        chosen = select(either).where(*where).order_by(columns.due, columns.id).limit(CHUNK)
        return list(connection.execute(chosen).all())

    def _place(self, connection: Connection, after: str) -> tuple[datetime, str]:
        row = connection.execute(
            select(either).where(columns.tenant == self.tenant, columns.id == after)
        ).first()
        if row is None or self._of(connection, row) is None:
            raise NotFound("No such page")
        return row.due, row.id

    def _of(self, connection: Connection, row: Any) -> Reminder | None:
        """The reminder with whom it is for; None where the system knows nobody of them, or may not know of
        what it tells of. That nobody holds its own log, it is told though there is nobody to tell."""
        facts = self._facts(connection, row.person)
        people = addressees(facts, row.about, row.addressee, self.now, row.frame)
        own = [p.id for p in people if self.system in (None, facts.frames.get(p.frame))]
        mine = row.frame is not None and facts.frames.get(row.frame) == self.system
        if self.system is not None and not own and not mine:
            return None
        if row.noticed and "/" in row.about:
            visible = Visible(self.settings, self.facts, self.system, self.now)
            ref = row.about.partition("@")[0]  # what is at one recipient: "Goal/…@bup"
            if not visible.of(connection, self.tenant, row.person, [ref]):
                return None
        names = (field for field in Reminder.__slots__ if field != "addressees")
        return Reminder(**{name: getattr(row, name) for name in names}, addressees=tuple(sorted(own)))

    def _facts(self, connection: Connection, person_id: str) -> PersonFacts:
        number = connection.execute(
            select(person.c.facts_no).where(person.c.tenant == self.tenant, person.c.id == person_id)
        ).scalar_one()
        return self.facts.read(connection, self.tenant, person_id, int(number))
