"""A large database out of real ones: every row that the gateway wrote about some invented children is copied
to as many children as wanted, under other ids and numbers, in the order of a life in which all are written
about at the same time. Loaded with COPY, indexed afterwards; what stands in the rows is not touched."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from multiprocessing import get_context
from pkgutil import iter_modules
from typing import Any

import psycopg

import gateway.hub.schema
from gateway.hub.schema.tables import metadata

Connect = Callable[[str], psycopg.Connection[Any]]
_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TOKEN = re.compile(rb"(" + _UUID + rb")|(?:barn|plan)-T(\d{4})|(?<![0-9])(\d{11})(?![0-9])")
SIZES = {"disclosure": 3, "link": 3, "resource_version": 3, "resource": 2}  # the largest first
NUMBERED = frozenset(
    {("resource_version", "transaction"), ("person_identifier", "keyed_hash"), ("audit", "number")}
)
WRITE = 1 << 18
for _module in iter_modules(gateway.hub.schema.__path__):  # so that every table is known
    if _module.name != "migrations":
        import_module(f"gateway.hub.schema.{_module.name}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as a pattern, and what stands in each of its gaps: one of the child's own ids, or what."""

    pattern: bytes
    gaps: tuple[int | str, ...]


Slots = list[list[Row]]  # of one child: what is written at once, in order


@dataclass(frozen=True, slots=True)
class Table:
    """One table's rows of every child that is copied from."""

    name: str
    columns: tuple[str, ...]
    lives: tuple[Slots, ...]


def patterns(connect: Connect, database: str, persons: list[str]) -> list[Table]:
    """What is known of these persons, table by table, ready to be copied."""
    found = []
    with connect(database) as connection:
        connection.execute("SET bytea_output = 'escape'")
        numbers: list[dict[bytes, int]] = [{} for _ in persons]
        for table in metadata.sorted_tables:
            key = {"person": "id", "timer": "subject"}.get(table.name, "person")
            if key in table.columns:
                lives = tuple(
                    _life(connection, table.name, key, one, numbers[n]) for n, one in enumerate(persons)
                )
                found.append(Table(table.name, tuple(c.name for c in table.columns), lives))
    return sorted(found, key=lambda t: -SIZES.get(t.name, 0))


def _life(connection: Any, table: str, key: str, person: str, numbers: dict[bytes, int]) -> Slots:
    columns = [c.name for c in metadata.tables[table].columns]
    listed = ", ".join(f'"{c}"' for c in columns)
    order = {"resource_version": '"transaction", seq', "disclosure": "started, id", "link": "changed, ref"}
    by = f" ORDER BY {order[table]}" if table in order else ""
    query = f"COPY (SELECT {listed} FROM {table} WHERE {key} = '{person}'{by}) TO STDOUT"
    with connection.cursor().copy(query) as copy:
        lines = b"".join(bytes(part) for part in copy).splitlines()
    together = columns.index("transaction") if table == "resource_version" else None
    groups = groupby(lines, key=lambda line: line.split(b"\t")[together] if together is not None else line)
    return [[_row(table, columns, line, numbers) for line in group] for _, group in groups]


def _row(table: str, columns: list[str], line: bytes, numbers: dict[bytes, int]) -> Row:
    cells = line.split(b"\t")
    gaps: list[int | str] = []

    def gap(found: re.Match[bytes]) -> bytes:
        uuid, frame, number = found.groups()
        if frame is not None:
            gaps.append("barn" if found[0].startswith(b"barn") else "plan")
        elif number is not None:
            gaps.append("number")
        else:
            gaps.append(numbers.setdefault(uuid, len(numbers)))
        return b"%b"

    for place, name in enumerate(columns):
        if (table, name) in NUMBERED:
            gaps.append("transaction" if table == "audit" else name)
            cells[place] = b"%b"
        else:
            cells[place] = _TOKEN.sub(gap, cells[place].replace(b"%", b"%%"))
    return Row(b"\t".join(cells) + b"\n", tuple(gaps))


def load(tables: list[Table], dsn: str, count: int, seed: int, processes: int = 2) -> None:
    """Fill a migrated, empty database with `count` children, index it and VACUUM ANALYZE."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = _take_down_indexes(connection, [t.name for t in tables])
    with ProcessPoolExecutor(processes, get_context("fork")) as pool:
        jobs = [pool.submit(_copy, table, dsn, count, seed) for table in tables]
        for job in jobs:
            job.result()
        for job in [pool.submit(_execute, dsn, one) for one in made]:
            job.result()
        waits = (
            "UPDATE lane SET state = 'waiting', waiting_since = 1, next_at = 1"
            " WHERE ('x' || substr(md5(id), 1, 7))::bit(28)::int % 100 = 0"
        )
        _execute(dsn, waits)
        for job in [pool.submit(_execute, dsn, f"VACUUM (ANALYZE) {t.name}") for t in tables]:
            job.result()


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(statement)


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


def _copy(table: Table, dsn: str, count: int, seed: int) -> None:
    """One table in one transaction that empties it first: then PostgreSQL needs no log of it."""
    names = ", ".join(f'"{c}"' for c in table.columns)
    with psycopg.connect(dsn) as connection:
        connection.execute(f"TRUNCATE {table.name}")
        with connection.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN (FREEZE)") as copy:
            waiting: list[bytes] = []
            size = 0
            for line in _lines(table, count, seed):
                waiting.append(line)
                size += len(line)
                if size > WRITE:
                    copy.write(b"".join(waiting))
                    waiting, size = [], 0
            copy.write(b"".join(waiting))


def _lines(table: Table, count: int, seed: int) -> Iterator[bytes]:
    """All rows, so interleaved that neighbours are of different children."""
    lives, children = table.lives, len(table.lives)
    most = max((len(life) for life in lives), default=0)
    own = [_mixed(f"{seed}/child/{n}") for n in range(count)]
    at = [_mixed(f"{seed}/id/{n}") for n in range(4096)]
    order = list(range(count))
    for slot in range(most):
        random.Random(f"{seed}/{slot}").shuffle(order)
        for place, child in enumerate(order):
            life = lives[child % children]
            if slot < len(life):
                for row in life[slot]:
                    yield row.pattern % tuple(
                        _id(own[child] ^ at[gap])
                        if isinstance(gap, int)
                        else _said(gap, child, own, slot * count + place)
                        for gap in row.gaps
                    )


def _mixed(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=16).digest())


def _id(value: int) -> bytes:
    text = b"%032x" % value
    return b"%b-%b-%b-%b-%b" % (text[:8], text[8:12], text[12:16], text[16:20], text[20:])


def _said(gap: str, child: int, own: list[int], transaction: int) -> bytes:
    if gap == "transaction":
        return b"%d" % (transaction + 1000)
    if gap == "keyed_hash":
        return b"%064x" % (own[child] ** 2 % 2**256)
    if gap == "number":
        return b"%011d" % (own[child] % 10**11)
    return b"%b-%07d" % (gap.encode(), child)


def person_id(tables: list[Table], child: int, seed: int) -> str:
    """What the database calls a child."""
    (row,) = next(t for t in tables if t.name == "person").lives[child % len(tables[0].lives)][0]
    (number,) = (gap for gap in row.gaps if isinstance(gap, int))
    return _id(_mixed(f"{seed}/child/{child}") ^ _mixed(f"{seed}/id/{number}")).decode()
