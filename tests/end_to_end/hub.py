"""What stands in the gateway's database, read beside it: who has got what, what waits, what disagrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from gateway.hub.schema.tables import (
    conflict,
    disclosure,
    lane,
    link,
    person,
    resource,
    resource_version,
    waiting_record,
)
from mappings.model import Resource
from tests.end_to_end.standing import Names
from tests.sealed import looking, said


class Hub:
    """Read-only sight of one database."""

    def __init__(self, url: str, state: Path) -> None:
        self.store = looking(url, state)

    def close(self) -> None:
        """Give back the connections."""
        self.store.close()

    def rows(self, statement: Any) -> list[Any]:
        """The rows of any select."""
        with self.store.read("fjordbyen") as connection:
            return list(connection.execute(statement).all())

    def said(self, table: Table, *which: ColumnElement[bool], by: Any = None) -> list[tuple[Any, Any]]:
        """(row, what stands in its content) of rows of a table, in the order of a column."""
        with self.store.read("fjordbyen") as connection:
            rows = connection.execute(select(table).where(*which).order_by(by)).all()
            return [(row, said(connection, table, row)) for row in rows]

    def pending(self) -> list[tuple[str, str, str | None]]:
        """(recipient, state, error) of lanes with something to do. A lane whose person the recipient does not
        have looks again only in an hour: it rests."""
        rows = self.rows(
            select(lane.c.recipient, lane.c.state, lane.c.last_error).where(
                lane.c.state.in_(("waiting", "running"))
            )
        )
        return [
            (r.recipient, r.state, r.last_error)
            for r in rows
            if r.state == "running" or r.last_error != "no-such-person"
        ]

    def mark(self) -> tuple[int, ...]:
        """A figure that moves with everything that happens: changes, attempts, runs."""
        statements = (
            select(func.coalesce(func.sum(person.c.change_no), 0)),
            select(func.count()).select_from(disclosure),
            select(func.coalesce(func.sum(lane.c.run), 0)),
            select(func.count()).select_from(waiting_record),
        )
        return tuple(int(self.rows(one)[0][0]) for one in statements)

    def changes(self) -> tuple[int, int, int]:
        """(versions, attempts, records that wait): what must stand still when nothing new was said."""
        statements = (
            select(func.count()).select_from(resource_version),
            select(func.count()).select_from(disclosure),
            select(func.count()).select_from(waiting_record),
        )
        counts = [int(self.rows(one)[0][0]) for one in statements]
        return counts[0], counts[1], counts[2]

    def disclosures(self) -> list[dict[str, Any]]:
        """Every attempt, in order."""
        rows = self.said(disclosure, by=disclosure.c.started)
        return [{**row._mapping, "items": items} for row, items in rows]

    def resources(self) -> dict[str, Resource]:
        """Current resources by reference."""
        with self.store.read("fjordbyen") as connection:
            rows = connection.execute(_heads()).all()
            return {row.ref: said(connection, resource_version, row) for row in rows}

    def history(self, ref: str) -> list[Resource]:
        """All versions of one resource, oldest first."""
        columns = resource_version.c
        return [value for _, value in self.said(resource_version, columns.ref == ref, by=columns.version)]

    def links(self) -> dict[tuple[str, str], Any]:
        """(system, native id) -> link row, for everything that stands at a system."""
        return {(r.system, r.native_id): r for r in self.rows(select(link)) if r.native_id}

    def ref(self, system: str, native_id: str) -> str:
        """What a record of a system is in the hub."""
        return str(self.links()[(system, native_id)].ref)

    def names(self) -> Names:
        """What each system calls what stands there."""
        return Names({(row.system, row.ref): native for (_, native), row in self.links().items()})

    def conflicts(self) -> list[dict[str, Any]]:
        """Open conflicts with both values."""
        rows = self.said(conflict, conflict.c.state == "open", by=conflict.c.created)
        return [{"ref": r.ref, "path": r.path, "system": r.system, **content} for r, content in rows]

    def waiting(self) -> list[str]:
        """Native ids of records that wait."""
        return [r.native_id for r in self.rows(select(waiting_record.c.native_id))]


def _heads() -> Any:
    old = resource_version.c
    head = resource.c
    return select(old).join_from(
        resource, resource_version, (old.ref == head.ref) & (old.version == head.version)
    )
