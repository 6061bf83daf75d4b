"""Changes to a database that nobody may make, one at a time: a value, a row taken away or slipped in, two
rows in each other's place, an end cut off, a whole chain made anew. Each is made by somebody with every right
in the database, and undone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.hub.audit import chain, rows
from gateway.hub.audit.verify import Report, verify
from tests.audit.standing import TENANT, Standing

TABLES = {
    "audit": ("tenant", "number"),
    "audit_block": ("tenant", "number"),
    "disclosure": ("tenant", "id"),
}
SIZES = {"state": 10, "channel": 10, "kind": 16, "outcome": 10, "source": 10, "tenant": 40, "recipient": 40,
         "system": 40, "action": 80, "id": 64, "person": 64, "owner": 64, "subject": 128}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """What was changed, in words."""

    what: str


class Tamperer:
    """Makes one random change within a transaction."""

    def __init__(self, connection: Connection, chance: random.Random) -> None:
        self.connection = connection
        self.chance = chance

    def once(self) -> Done | None:
        """One change; None where the database itself would not have it."""
        ways = (self.value, self.value, self.value, self.value, self.gone, self.swapped, self.slipped_in,
                self.cut_off, self.made_anew)  # fmt: skip
        return self.chance.choice(ways)()

    def value(self) -> Done | None:
        """One value of one row."""
        table = self.chance.choice(sorted(TABLES))
        row = self._any(table)
        name = self.chance.choice(sorted(row))
        other = self._other(name, row[name])
        if other == row[name]:
            return None
        return self._update(table, row, {name: other}, f"{table}.{name}")

    def gone(self) -> Done:
        """One row."""
        table = self.chance.choice(sorted(TABLES))
        row = self._any(table)
        self._run(f"DELETE FROM {table} WHERE {self._key(table)}", row)
        return Done(f"{table}: a row taken away")

    def swapped(self) -> Done | None:
        """Two entries, or two blocks, in each other's place."""
        table = self.chance.choice(("audit", "audit_block"))
        one, two = self._any(table), self._any(table)
        if one["number"] == two["number"]:
            return None
        for row in (one, two):
            self._run(f"DELETE FROM {table} WHERE {self._key(table)}", row)
        for row, number in ((one, two["number"]), (two, one["number"])):
            self._insert(table, {**row, "number": number})
        return Done(f"{table}: two rows in each other's place")

    def slipped_in(self) -> Done | None:
        """An entry or a disclosure that was never written."""
        if self.chance.random() < 0.5:
            row = self._any("disclosure")
            return self._insert("disclosure", {**row, "id": f"f{self.chance.getrandbits(64):x}"})
        row = self._any("audit")
        free = self._run("SELECT max(number) FROM audit_block").scalar_one()
        self._run("DELETE FROM audit WHERE number = :number AND tenant = :tenant", row)
        return self._insert("audit", {**row, "number": -int(free)}) and Done("audit: an entry slipped in")

    def cut_off(self) -> Done:
        """The newest blocks, and the entries in them."""
        blocks = list(rows.blocks(self.connection, TENANT))
        kept = self.chance.randrange(len(blocks))
        for block in blocks[kept:]:
            for number, _ in block.members():
                self._run("DELETE FROM audit WHERE number = :number", {"number": number})
            self._run("DELETE FROM audit_block WHERE number = :number", {"number": block.number})
        return Done(f"cut off after block {kept}")

    def made_anew(self) -> Done | None:
        """An entry changed, and every block from there on made to fit."""
        row = self._any("audit")
        changed = f"{row['action']}x"[:80]
        self._update("audit", row, {"action": changed}, "")
        blocks, last = list(rows.blocks(self.connection, TENANT)), None
        for block in blocks:
            there = rows.of_numbers(self.connection, TENANT, [number for number, _ in block.members()])
            members = [(number, chain.digest_of(one._mapping)) for number, one in there.items()]
            last = chain.after(last, TENANT, members, at=block.at, low=block.low)
            self._run("DELETE FROM audit_block WHERE number = :number", {"number": block.number})
            rows.add(self.connection, last)
        return Done("an entry changed and the chain made anew")

    # --- how -----------------------------------------------------------------------------------------------

    def _any(self, table: str) -> dict[str, Any]:
        found = self._run(f"SELECT * FROM {table} ORDER BY {', '.join(TABLES[table])}").all()
        return dict(self.chance.choice(found)._mapping)

    def _other(self, name: str, value: Any) -> Any:
        chance = self.chance
        if isinstance(value, memoryview):
            value = bytes(value)
        if isinstance(value, bytes):
            if not value or chance.random() < 0.2:
                return value + bytes([chance.randrange(256)])
            place = chance.randrange(len(value))
            return value[:place] + bytes([value[place] ^ (1 << chance.randrange(8))]) + value[place + 1 :]
        if isinstance(value, int):
            return value + chance.choice((-1, 1, chance.randrange(2, 10**9)))
        if isinstance(value, str):
            return f"{value}x"[: SIZES.get(name, 255)] if chance.random() < 0.5 else f"x{value}"[: len(value)]
        whole = name in ("deadline", "closed")
        return chance.randrange(10**6) if whole else b"x" if name in ("pin", "content") else "x"

    def _update(self, table: str, row: dict[str, Any], new: dict[str, Any], what: str) -> Done | None:
        given = {f"old_{name}": row[name] for name in TABLES[table]} | new
        where = " AND ".join(f"{name} = :old_{name}" for name in TABLES[table])
        sets = ", ".join(f'"{name}" = :{name}' for name in new)
        return self._may(f"UPDATE {table} SET {sets} WHERE {where}", given, what)

    def _insert(self, table: str, row: dict[str, Any]) -> Done | None:
        names = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        always = " OVERRIDING SYSTEM VALUE" if self.connection.dialect.name == "postgresql" else ""
        statement = f"INSERT INTO {table} ({names}){always if table == 'audit' else ''} VALUES ({values})"
        return self._may(statement, row, f"{table}: a row slipped in")

    def _may(self, statement: str, given: dict[str, Any], what: str) -> Done | None:
        try:
            with self.connection.begin_nested():
                self._run(statement, given)
        except (IntegrityError, DBAPIError):
            return None
        return Done(what)

    def _key(self, table: str) -> str:
        return " AND ".join(f"{name} = :{name}" for name in TABLES[table])

    def _run(self, statement: str, given: dict[str, Any] | None = None) -> Any:
        return self.connection.execute(text(statement), given or {})


def campaign(connection: Connection, standing: Standing, seed: int, changes: int) -> dict[str, int]:
    """So many changes that took effect, each verified and undone: how many of each. Raises AssertionError
    with the seed's first one that was not found."""
    chance, signed, counts = random.Random(seed), standing.signed(), dict[str, int]()
    while sum(counts.values()) < changes:
        undo = connection.begin_nested()
        done = Tamperer(connection, chance).once()
        if done is not None:
            found: Report = verify(connection, TENANT, signed)
            assert found.first is not None, f"seed {seed}, change {sum(counts.values()) + 1}: {done.what}"
            counts[done.what] = counts.get(done.what, 0) + 1
        undo.rollback()
    return counts
