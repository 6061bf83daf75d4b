"""Many writers at once: nobody locked out, no version given twice, no reader stepping over a late commit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select, text, update

from gateway.hub import persons, versions
from gateway.hub.schema.tables import person as person_table
from gateway.hub.schema.tables import resource_version
from gateway.hub.store import Store
from gateway.hub.versions import Version
from mappings.model import Resource
from tests.sealed import looking

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT = "fjordbyen"


def goal(number: int) -> Resource:
    return {"resourceType": "Goal", "id": f"g{number}", "lifecycleStatus": "active"}


def append(store: Store, connection: Connection, person_id: str, resource: Resource) -> int:
    """One more version of a resource, numbered under its person's lock; returns the change number."""

    row = persons.lock(connection, TENANT, [person_id])[person_id]
    ref = f"Goal/{resource['id']}"
    old = versions.current(connection, TENANT, ref)
    version = Version(
        ref=ref,
        version=old.version + 1 if old else 1,
        person=person_id,
        item=ref,
        change_no=row.change_no + 1,
        source="stafettlogg",
        created_by="stafettlogg",
        recorded=NOW,
        first_recorded=NOW,
        stored=NOW,
        resource=resource,
    )
    versions.append(connection, TENANT, [version], store.transaction_id(connection))
    connection.execute(
        update(person_table)
        .where(person_table.c.tenant == TENANT, person_table.c.id == person_id)
        .values(change_no=version.change_no)
    )
    return version.change_no


def new_person(store: Store, name: str) -> str:
    with store.write(TENANT) as connection:
        return persons.create(connection, TENANT, [name * 64], NOW)


def test_eight_writers_of_one_resource_get_consecutive_versions(database_url: str, tmp_path: Path) -> None:
    store = looking(database_url, tmp_path)
    person_id = new_person(store, "a")

    def write(_: int) -> None:
        for _round in range(25):
            with store.write(TENANT) as connection:
                append(store, connection, person_id, goal(1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with store.read(TENANT) as connection:
        rows = connection.execute(select(resource_version.c.version, resource_version.c.change_no)).all()
    assert sorted(r.version for r in rows) == list(range(1, 201))
    assert sorted(r.change_no for r in rows) == list(range(1, 201))
    store.close()


def test_a_reader_of_the_feed_never_steps_over_a_late_commit(postgres_url: str, tmp_path: Path) -> None:
    """An early transaction stays open while later ones commit: the feed waits for it, then shows it first."""
    store = looking(postgres_url, tmp_path)
    first, second = new_person(store, "a"), new_person(store, "b")
    started, release = threading.Event(), threading.Event()

    def slow() -> None:
        with store.write(TENANT) as connection:
            append(store, connection, first, goal(1))
            started.set()
            assert release.wait(20)

    thread = threading.Thread(target=slow)
    thread.start()
    assert started.wait(20)
    with store.write(TENANT) as connection:
        append(store, connection, second, goal(2))
    start = (0, 0, "")
    with store.read(TENANT) as connection:
        seen = versions.feed(connection, TENANT, start, store.horizon(connection), 100)
    assert seen == []  # the later commit is visible, and not shown yet
    release.set()
    thread.join(20)
    with store.read(TENANT) as connection:
        seen = versions.feed(connection, TENANT, start, store.horizon(connection), 100)
    assert [ref for _, ref in seen] == ["Goal/g1", "Goal/g2"]
    store.close()


def test_a_feed_read_while_eight_writers_work_misses_nothing(postgres_url: str, tmp_path: Path) -> None:
    store = looking(postgres_url, tmp_path)
    people = [new_person(store, letter) for letter in "abcdefgh"]
    done = threading.Event()

    def write(index: int) -> None:
        for number in range(40):
            with store.write(TENANT) as connection:
                append(store, connection, people[index], goal(index * 1_000 + number))
                connection.execute(text("SELECT pg_sleep(:s)"), {"s": (number % 5) / 1_000})

    seen: list[str] = []
    position = (0, 0, "")

    def read() -> None:
        nonlocal position
        while True:
            last = done.is_set()
            with store.read(TENANT) as connection:
                page = versions.feed(connection, TENANT, position, store.horizon(connection), 7)
            seen.extend(ref for _, ref in page)
            if page:
                position = page[-1][0]
            elif last:
                return

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    done.set()
    reader.join(30)
    assert len(seen) == len(set(seen)) == 8 * 40
    store.close()
