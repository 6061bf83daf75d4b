"""A large database out of real rows: what the gateway wrote about some invented children is written again for
as many children as wanted, under other ids, names and numbers, sealed by each child's own key, in the order
of a life in which all are written about at the same time. Loaded with COPY, indexed afterwards."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import psycopg

from bench.scale.patterns import END, HEAD, Hidden, Pattern, Rows, Sealed
from bench.scale.seals import Seals

WRITE = 1 << 18  # bytes
IDS = 4096  # of one child's own
_FIRST = 1000  # the smallest of the numbers that count
_WAITS = (
    "UPDATE lane SET state = 'waiting', waiting_since = 1, next_at = 1"
    " WHERE ('x' || substr(md5(id), 1, 7))::bit(28)::int % 100 = 0"
)
_DUE = (  # as where workers are at it: one in a hundred is due
    "UPDATE timer SET due = 4102444800000000"
    " WHERE ('x' || substr(md5(subject), 1, 7))::bit(28)::int % 100 > 0"
)
_COUNTED = (
    "SELECT setval(pg_get_serial_sequence('audit', 'number'), (SELECT coalesce(max(number), 1) FROM audit))"
)
_seals: Seals  # of the database that this process fills


def load(tables: list[Rows], dsn: str, count: int, seed: int, seals: Seals, processes: int = 2) -> None:
    """Fill a migrated, empty database with `count` children, index it and VACUUM ANALYZE."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = _take_down_indexes(connection, [t.name for t in tables])
    with ProcessPoolExecutor(processes, get_context("fork"), _take, (seals,)) as pool:
        for job in [pool.submit(_copy, table, dsn, count, seed) for table in tables]:
            job.result()
        for job in [pool.submit(_execute, dsn, one) for one in made]:
            job.result()
        for statement in (_WAITS, _DUE, _COUNTED):
            _execute(dsn, statement)
        for job in [pool.submit(_execute, dsn, f"VACUUM (ANALYZE) {t.name}") for t in tables]:
            job.result()


def _take(seals: Seals) -> None:
    global _seals
    _seals = seals


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(statement.encode())


def _take_down_indexes(connection: Any, tables: list[str]) -> list[str]:
    """Drop keys and indexes; the statements that make them again, keys last."""
    keys = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype IN ('p', 'u') AND conrelid::regclass::text = ANY (%s)",
        (tables,),
    ).fetchall()
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY (%s)"
        " AND indexname <> ALL (%s)",
        (tables, [name for _, name, _ in keys]),
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for table, name, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return [
        *(f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}" for table, name, text in keys),
        *(text for _, text in indexes),
    ]


def _copy(table: Rows, dsn: str, count: int, seed: int) -> None:
    """One table in one transaction that empties it first: then PostgreSQL needs no log of it."""
    names = ", ".join(f'"{c}"' for c in table.columns)
    statement = f"COPY {table.name} ({names}) FROM STDIN (FORMAT binary, FREEZE)".encode()
    with psycopg.connect(dsn) as connection:
        connection.execute(f"TRUNCATE {table.name}".encode())
        with connection.cursor().copy(statement) as copy:
            copy.write(HEAD)
            waiting: list[bytes] = []
            size = 0
            for line in _lines(table, count, seed, _seals):
                waiting.append(line)
                size += len(line)
                if size > WRITE:
                    copy.write(b"".join(waiting))
                    waiting, size = [], 0
            copy.write(b"".join(waiting) + END)


def _lines(table: Rows, count: int, seed: int, seals: Seals) -> Iterator[bytes]:
    """All rows, so interleaved that neighbours are of different children."""
    lives, children = table.lives, len(table.lives)
    most = max((len(life) for life in lives), default=0)
    own = [_mixed(f"{seed}/child/{n}") for n in range(count)]
    ids = [_mixed(f"{seed}/id/{n}") for n in range(IDS)]
    order = list(range(count))
    for slot in range(most):
        random.Random(f"{seed}/{slot}").shuffle(order)
        for place, child in enumerate(order):
            life = lives[child % children]
            if slot < len(life):
                said = _Said(child, own[child], ids, _FIRST + slot * count + place, seals)
                for row in life[slot]:
                    yield said.filled(row)


class _Said(dict[Any, bytes]):
    """What stands in the gaps of one child's rows that are written at once."""

    def __init__(self, child: int, own: int, ids: list[int], count: int, seals: Seals) -> None:
        self._child, self._own, self._ids, self._count, self._seals = child, own, ids, count, seals

    def filled(self, pattern: Pattern) -> bytes:
        """The bytes, as this child's."""
        return pattern.pattern % tuple(map(self.__getitem__, pattern.gaps))

    def __missing__(self, gap: int | str | Hidden | Sealed) -> bytes:
        if isinstance(gap, int):
            said = self[gap] = _id(self._own ^ self._ids[gap])
        elif isinstance(gap, Sealed):  # stands in one row only
            plain = self.filled(gap.plain)
            said = self._seals.seal(self._child if gap.own else None, self.filled(gap.place), plain)
        elif isinstance(gap, Hidden):
            said = self._seals.hide(self.filled(gap.shown).decode()).encode()
        else:
            said = self[gap] = self._word(gap)
        return said

    def _word(self, gap: str) -> bytes:
        if gap == "count":
            return self._count.to_bytes(8)
        if gap == "number":
            return b"%011d" % (self._own % 10**11)
        if gap == "hash":
            return self._seals.hash(self["number"])
        return b"%b-%07d" % (gap.encode(), self._child)


def _mixed(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=16).digest())


def _id(value: int) -> bytes:
    text = b"%032x" % value
    return b"%b-%b-%b-%b-%b" % (text[:8], text[8:12], text[12:16], text[16:20], text[20:])


def person_ids(tables: list[Rows], count: int, seed: int) -> list[str]:
    """What the database calls each child."""
    lives = next(t for t in tables if t.name == "person").lives
    gaps = [next(gap for gap in life[0][0].gaps if isinstance(gap, int)) for life in lives]
    return [
        _id(_mixed(f"{seed}/child/{n}") ^ _mixed(f"{seed}/id/{gaps[n % len(gaps)]}")).decode()
        for n in range(count)
    ]
