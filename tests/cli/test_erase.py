"""`people erase`: nothing about the person is left but what was told to whom, and no copy can be read."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import config
from gateway.errors import Conflict
from gateway.exchange import liveness
from gateway.exchange.housekeeping import Counters, Housekeeper
from gateway.hub import erasing, versions
from gateway.hub.schema.every import metadata
from gateway.hub.schema.tables import disclosure, link, resource
from gateway.keys.key_store import KeyDestroyed
from gateway.service import build
from tests.cli.conftest import Installation, Invoke, children
from tests.cli.test_consents import told as told
from tests.sealed import looking

WHY = ("--by", "Kari Nordmann", "--reason", "Krav om sletting")
JONAS = "stafettlogg:jonas-logg"


def person_of(own: Installation, log: str) -> str:
    with closing(looking(own.url, own.state)) as store, store.read("fjordbyen") as connection:
        return str(connection.execute(select(link.c.person).where(link.c.native_id == log)).scalar_one())


def rows_about(own: Installation, person: str) -> dict[str, int]:
    with closing(looking(own.url, own.state)) as store, store.read("fjordbyen") as connection:
        counted = {
            table.name: connection.execute(
                select(func.count()).select_from(table).where(table.c.person == person)
            ).scalar_one()
            for table in metadata.sorted_tables
            if "person" in table.c
        }
    return {name: count for name, count in counted.items() if count}


def test_nothing_is_left_but_what_was_told_and_no_older_copy_can_be_read(
    told: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    person, other = person_of(told, "jonas-logg"), person_of(told, "emma-logg")
    before = rows_about(told, other)
    copy = invoke("backup", tmp_path / "copy", "-c", told.config)
    assert copy.exit_code == 0, copy.output
    done = invoke("people", "erase", JONAS, *WHY, "-c", told.config)
    assert done.exit_code == 0, done.output
    assert set(rows_about(told, person)) == {"audit", "disclosure", "erasure"}
    assert rows_about(told, other) == before
    assert invoke("people", "show", JONAS, "-c", told.config).exit_code == 3
    back = invoke("restore", tmp_path / "copy", "--replace", "-c", told.config)
    assert back.exit_code == 0, back.output
    assert set(rows_about(told, person)) <= {"audit", "disclosure", "erasure"}
    assert rows_about(told, other).keys() == before.keys()


def test_a_copy_opened_with_todays_keys_beside_everything_gives_nothing(
    told: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    person = person_of(told, "jonas-logg")
    old = tmp_path / "old.db"
    with closing(looking(told.url, told.state)) as store, store.read("fjordbyen") as connection:
        refs = list(connection.execute(select(resource.c.ref).where(resource.c.person == person)).scalars())
    shutil.copy(told.folder / "stafettbro.db", old)
    assert invoke("people", "erase", JONAS, *WHY, "-c", told.config).exit_code == 0
    with closing(looking(f"sqlite:///{old}", told.state)) as store, store.read("fjordbyen") as connection:
        for ref in refs:
            with pytest.raises(KeyDestroyed):
                versions.current(connection, "fjordbyen", ref)
        told_of = connection.execute(select(disclosure).where(disclosure.c.person == person)).all()
    assert refs
    assert told_of


def test_an_erasure_that_was_cut_off_is_finished_at_the_next_start(
    told: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = person_of(told, "jonas-logg")
    with monkeypatch.context() as cut, closing(looking(told.url, told.state)) as store:
        cut.setattr(erasing, "_destroy", lambda *_: None)  # the process ends before it has destroyed the key
        erasing.erase(store, "fjordbyen", person, [], datetime.now(UTC), "test", by="Kari", reason="Krav")
        assert store.keys is not None
        assert person not in store.keys.destroyed("fjordbyen")
    service = build(config.load(told.config))
    try:
        assert service.store.keys is not None
        assert person in service.store.keys.destroyed("fjordbyen")
    finally:
        service.close()


def test_an_erasure_that_was_cut_off_is_finished_by_a_worker_that_goes_on(
    told: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, service = person_of(told, "jonas-logg"), build(config.load(told.config))
    store, keys = service.store, service.store.keys
    assert keys is not None
    house = Housekeeper(store, service.settings, {}, service.intake, service.clock, Counters(), service.facts)
    life = liveness.take(store, service.settings.state_folder, service.clock())
    try:
        with monkeypatch.context() as cut:
            cut.setattr(erasing, "_destroy", lambda *_: None)
            erasing.erase(store, "fjordbyen", person, [], datetime.now(UTC), "test", by="Kari", reason="Krav")
        assert person not in keys.destroyed("fjordbyen")
        house.keep(life)
        assert person in keys.destroyed("fjordbyen")
    finally:
        life.close()
        service.close()


def test_a_child_that_is_sent_again_is_somebody_new(told: Installation, invoke: Invoke) -> None:
    person = person_of(told, "jonas-logg")
    assert invoke("people", "erase", JONAS, *WHY, "-c", told.config).exit_code == 0
    file = told.folder / "igjen.json"
    file.write_bytes(children("jonas"))
    again = invoke("import", "stafettlogg", file, "-c", told.config)
    assert again.exit_code == 0, again.output
    assert person_of(told, "jonas-logg") != person


def test_where_nothing_is_sealed_nothing_is_erased(told: Installation) -> None:
    """Copies of before could be read: that would be no erasure."""
    person = person_of(told, "jonas-logg")
    with closing(looking(told.url, told.state)) as store:
        assert store.keys is not None
        store.keys.seals = False
        with pytest.raises(Conflict):
            erasing.erase(store, "fjordbyen", person, [], datetime.now(UTC), "test", by="Kari", reason="Krav")
