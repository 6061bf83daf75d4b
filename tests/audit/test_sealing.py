"""Every entry is chained once, whoever writes beside the sealer, and whichever sealer it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.hub.audit import rows
from gateway.hub.audit.entries import Entry, Kind, write
from gateway.hub.audit.verify import verify
from gateway.hub.store import Store
from tests.audit.standing import NOW, TENANT, Standing


@pytest.fixture
def standing(database_url: str, tmp_path: Path) -> Iterator[Standing]:
    made = Standing(database_url, tmp_path)
    yield made
    made.close()


def chained(standing: Standing) -> list[int]:
    with standing.store.read(TENANT) as connection:
        return [number for block in rows.blocks(connection, TENANT) for number, _ in block.members()]


def there(standing: Standing) -> list[int]:
    with standing.store.read(TENANT) as connection:
        return list(rows.every_number(connection, TENANT))


def whole(standing: Standing) -> None:
    with standing.store.read(TENANT) as connection:
        found = verify(connection, TENANT, standing.signed())
    assert (found.faults, found.tail) == ([], 0)


def test_what_is_written_by_many_at_once_is_chained_once(standing: Standing) -> None:
    writers, each = 6, 15
    done = threading.Event()

    def writing(start: int) -> None:
        for number in range(start, start + each):
            standing.note(number)

    def sealing() -> None:
        sealer = standing.another_sealer()
        while not done.is_set():
            sealer.round(TENANT)

    threads = [threading.Thread(target=writing, args=(n * each,)) for n in range(writers)]
    sealers = [threading.Thread(target=sealing) for _ in range(2)]
    for one in (*sealers, *threads):
        one.start()
    for one in threads:
        one.join()
    done.set()
    for one in sealers:
        one.join()
    standing.sealer.round(TENANT)
    assert sorted(chained(standing)) == there(standing)
    assert len(there(standing)) == writers * each
    whole(standing)


def test_when_it_is_quiet_nothing_is_looked_back_for(standing: Standing) -> None:
    for sealer in (standing.sealer, standing.another_sealer()):
        for number in range(3):
            standing.note(number)
        for _ in range(3):
            sealer.round(TENANT)
        assert sealer.looks_back(TENANT) == 0
    late = standing.another_sealer()
    for _ in range(3):
        late.round(TENANT)
    assert late.looks_back(TENANT) == 0


EVENTS = st.lists(
    st.tuples(st.sampled_from(["begin", "commit", "back", "seal", "seal anew"]), st.integers(0, 3)),
    max_size=25,
)


LATE = [
    ("begin", 0), ("begin", 1), ("commit", 1), ("seal", 0), ("begin", 2), ("commit", 2), ("seal", 0),
    ("commit", 0), ("seal", 0),
]  # fmt: skip


@given(events=EVENTS)
@example(events=LATE)
@example(events=[*LATE[:-1], ("seal anew", 0)])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_transaction_that_ends_late_is_looked_back_for(
    postgres_url: str, tmp_path: Path, events: list[tuple[str, int]]
) -> None:
    """Whatever the order in which transactions begin, end and are given up, and sealers come and go."""
    standing = Standing(postgres_url, tmp_path)
    store, open_now = Store(postgres_url), dict[int, Any]()
    written = len(there(standing))
    for what, which in events:
        if what == "begin" and which not in open_now:
            scope = store.write(TENANT)
            write(scope.__enter__(), TENANT, [Entry(Kind.LOGIN, NOW, subject=str(which))])
            open_now[which] = scope
        elif what == "commit" and which in open_now:
            open_now.pop(which).__exit__(None, None, None)
            written += 1
        elif what == "back" and which in open_now:
            with suppress(RuntimeError):
                open_now.pop(which).__exit__(RuntimeError, RuntimeError(), None)
        elif what == "seal":
            standing.sealer.round(TENANT)
        elif what == "seal anew":
            standing.another_sealer().round(TENANT)
    for scope in open_now.values():
        scope.__exit__(None, None, None)
        written += 1
    standing.sealer.round(TENANT)
    assert sorted(chained(standing)) == there(standing)
    assert len(there(standing)) == written
    whole(standing)
    store.close()
    standing.close()
