"""How far the parts of an import have come: written in the very transactions that take the records in, so
that after a crash at any moment each record has been taken in exactly once, and its answer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.backfill import import_part
from gateway.intake.answer import Answer

Line = dict[str, Any]  # an answer with the number of its record, for the report
_HERE = import_part.c


class Elsewhere(Exception):
    """Another process takes this part in. Nothing of ours was kept."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of one import: records of some logs, in order."""

    tenant: str
    run: str
    number: int

    def _key(self) -> tuple[str, str, int]:
        return self.tenant, self.run, self.number

    def stands(self, connection: Connection) -> tuple[int, list[Line]]:
        """How many of its records are in, and what was answered to the last of them."""
        row = connection.execute(
            select(_HERE.position, _HERE.answers).where(
                _HERE.tenant == self.tenant, _HERE["import"] == self.run, _HERE.part == self.number
            )
        ).first()
        return (
            (0, [])
            if row is None
            else (row.position, unpack(connection, row.answers, import_part, *self._key()))
        )

    def move(self, connection: Connection, before: int, after: int, lines: list[Line], now: datetime) -> None:
        """The records between are in with this transaction. Raises Elsewhere where they were in already."""
        told = {
            "position": after,
            "answers": pack(connection, lines, TENANT, import_part, *self._key()),
            "changed": now,
        }
        if before == 0:
            known, _ = self.stands(connection)
            if known:
                raise Elsewhere
            key = {"tenant": self.tenant, "import": self.run, "part": self.number}
            connection.execute(insert(import_part), {**key, **told})
            return
        moved = connection.execute(
            update(import_part)
            .where(
                _HERE.tenant == self.tenant,
                _HERE["import"] == self.run,
                _HERE.part == self.number,
                _HERE.position == before,
            )
            .values(**told)
        )
        if moved.rowcount != 1:
            raise Elsewhere


Within = Callable[[Connection, list[Answer]], None]  # called before the commit, with every answer
