"""Who was taken for somebody else for a while is erased there too, and that somebody keeps what is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from gateway.hub import erasing, persons, versions
from gateway.hub.schema.receipts import snapshot
from gateway.hub.schema.seats import seat
from gateway.hub.schema.tables import resource, resource_version
from tests.end_to_end.invented import Child
from tests.exchange.merging import BY, held, merge, merging, owner
from tests.intake.world import NOW, TENANT, World

CHILD, OTHER = Child(1), Child(2)


def refs_of(here: World, person: str) -> list[str]:
    with here.service.store.read(TENANT) as connection:
        return list(connection.execute(select(resource.c.ref).where(resource.c.person == person)).scalars())


def rows_of(here: World, refs: Iterable[str]) -> dict[str, int]:
    """How many rows are about these, whoever they are said to be of."""
    wanted = list(refs)
    with here.service.store.read(TENANT) as connection:
        return {
            column.table.name: connection.execute(select(func.count()).where(column.in_(wanted))).scalar_one()
            for column in (resource_version.c.ref, seat.c.ref, snapshot.c.scope)
        }


def mixed_up(here: World) -> tuple[str, str]:
    """Two children who were taken for one for a while: who it all was, and the other."""
    here.take("stafettlogg", *CHILD.log_records(), *OTHER.log_records(), OTHER.goal("m1", 1))
    one, other = owner(here, CHILD), owner(here, OTHER)
    merging(here).undo(one, merge(here, CHILD, OTHER).id, BY, NOW)
    return one, other


def erase(here: World, person: str) -> None:
    erasing.erase(here.service.store, TENANT, person, [], NOW, "drift", by="Kari Nordmann", reason="Krav")


def told_of(here: World, refs: Iterable[str]) -> dict[str, list[tuple[int, object]]]:
    """Every version there has been of each."""
    with here.service.store.read(TENANT) as connection:
        return {
            ref: [(one.version, one.resource) for one in versions.history(connection, TENANT, ref)]
            for ref in refs
        }


def test_who_it_had_been_is_erased_and_the_other_loses_nothing(here: World) -> None:
    gone, kept = mixed_up(here)
    refs, before = refs_of(here, kept), held(here, kept, OTHER)
    history = told_of(here, refs)
    assert min(len(some) for some in history.values()) > 2
    erase(here, gone)
    assert here.service.store.keys is not None
    here.service.store.keys._kept.clear()  # as after a minute
    assert told_of(here, refs) == history
    assert held(here, kept, OTHER) == before


def test_after_a_merge_and_its_undoing_each_is_erased_alone(here: World) -> None:
    kept, gone = mixed_up(here)
    refs, before = refs_of(here, gone), held(here, kept, CHILD)
    assert rows_of(here, refs)["resource_version"] > 2 * len(refs)
    erase(here, gone)
    assert set(rows_of(here, refs).values()) == {0}
    assert held(here, kept, CHILD) == before
    with here.service.store.read(TENANT) as connection:
        assert versions.of_person(connection, TENANT, gone) == {}


def test_who_is_erased_while_something_of_theirs_comes_in_is_not_known_any_more(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite one writes at a time: nobody can be erased between being found and being locked."""
    if here.service.store.sqlite:
        pytest.skip("on SQLite one process writes, one transaction at a time")
    here.take("stafettlogg", *CHILD.log_records())
    gone, lock = owner(here, CHILD), persons.lock

    def erased_first(connection: Connection, tenant: str, wanted: Iterable[str]) -> Any:
        monkeypatch.setattr(persons, "lock", lock)
        erase(here, gone)
        return lock(connection, tenant, wanted)

    monkeypatch.setattr(persons, "lock", erased_first)
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    assert (answer.status.value, answer.waits_for) == ("waiting", CHILD.log)
