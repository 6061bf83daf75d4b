"""Nothing personal can be read in the database itself: no name, text or national id, and no name that another
system gave a record, in whatever form. And a database of before becomes one like that."""

from __future__ import annotations

import zlib
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, func, insert, select

from gateway import jsontext
from gateway.config import Keys
from gateway.errors import ConfigurationError
from gateway.exchange import timers
from gateway.hub import links, sealing, versions
from gateway.hub.content import CLEAR
from gateway.hub.opened import open_at
from gateway.hub.schema import NAMES_TENANTS, migrate, set_floor
from gateway.hub.schema.every import metadata
from gateway.hub.schema.tables import conflict, lane, link, resource, resource_version, waiting_record
from gateway.keys.keyring import Keyring, SealBroken
from tests.databases import OWNER, as_role
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World, world
from tests.leaks import forms, found, leaks

CHILD = Child(3)
LOG, PLAN = "stafettlogg", "individuell-plan"
LEFT = "nabokommunen"  # has rows, and stands in no configuration any more
WRITTEN = "Turteldueslag"
SECRET = "Gråter når døra går 🚪 og sier «æsj»"


def fill(here: World) -> list[str]:
    """A child's log and plan, late and waiting records; the words that must not be read."""
    log, plan = CHILD.log_records(), CHILD.plan_records()
    here.take(LOG, *log)
    here.take(PLAN, *plan)
    here.take(LOG, CHILD.goal("m1", 5) | {"tekst": SECRET})
    here.take(LOG, CHILD.goal("m1", 2))
    here.take(LOG, {**CHILD.goal("m9", 1), "logg": "logg-som-ikke-er-kommet", "tekst": SECRET})
    assert here.count("late_edition") == 1
    assert here.count("waiting_record") == 1
    texts = {str(r[k]) for r in (*log, *plan) for k in ("tekst", "beskrivelse", "egneOrd") if r.get(k)}
    names = {str(r["navn"][k]) for r in (*log, *plan) if isinstance(r.get("navn"), dict) for k in r["navn"]}
    natives = {str(r["id"]) for r in (*log, *plan)} | {"logg-som-ikke-er-kommet"}
    words = {SECRET, CHILD.fnr, *texts, *names, *natives}
    return sorted(word for word in words if len(word) > 4)  # shorter ones stand anywhere by chance


def test_nothing_personal_stands_in_any_table(here: World, database_url: str, tmp_path: Path) -> None:
    words = fill(here)
    assert len(words) > 10
    assert leaks(database_url, words) == [], leaks(database_url, words)
    if database_url.startswith("sqlite"):
        assert found(words, b"".join(path.read_bytes() for path in hub_files(tmp_path))) == []


@pytest.mark.parametrize("form", range(7))
def test_the_search_finds_what_is_planted_in_each_form(here: World, database_url: str, form: int) -> None:
    planted = [*forms(SECRET), zlib.compress(SECRET.encode())][form]
    content = planted if form == 6 else b"{" + planted
    row = {"tenant": TENANT, "id": "c", "person": "p", "ref": "Goal/1", "path": "x", "system": LOG,
           "state": "open", "created": here.service.clock(), "content": content}  # fmt: skip
    with here.service.store.write(TENANT) as connection:
        connection.execute(insert(conflict), row)
    assert leaks(database_url, [SECRET]) == [("conflict.content", SECRET)]


def test_content_that_nobody_sealed_is_not_believed(here: World) -> None:
    (answer,) = here.take(LOG, *CHILD.log_records())[:1]
    with here.service.store.write(TENANT) as connection:
        forged = jsontext.encode({"resourceType": "CarePlan"})
        connection.execute(resource_version.update().values(content=forged))
    with here.service.store.read(TENANT) as connection, pytest.raises(SealBroken):
        versions.current(connection, TENANT, answer.ref or "")


def test_content_of_another_row_does_not_open(here: World) -> None:
    here.take(LOG, *CHILD.log_records())
    with here.service.store.write(TENANT) as connection:
        rows = connection.execute(select(link.c.ref, link.c.content)).all()
        one, other = rows[0], rows[1]
        connection.execute(link.update().where(link.c.ref == one.ref).values(content=other.content))
    with here.service.store.read(TENANT) as connection, pytest.raises(SealBroken):
        links.load(connection, TENANT, LOG, [one.ref])


def test_another_key_store_starts_nothing(here: World, database_url: str, tmp_path: Path) -> None:
    here.take(LOG, *CHILD.log_records())
    with pytest.raises(ConfigurationError, match="key store"):
        open_at(database_url, Keyring.of(Keys(), tmp_path / "elsewhere"))


def test_a_database_of_before_is_sealed_and_everything_in_it_is_still_there(
    database_url: str, tmp_path: Path
) -> None:
    words, before, owner = of_before(database_url, tmp_path)
    assert {word for _, word in leaks(database_url, words)} == set(words)
    store = open_at(database_url, keys_in(tmp_path))
    assert max(sealing.seal(store, owner, [TENANT])) > 20
    assert list(sealing.seal(store, owner, [TENANT])) == []
    assert leaks(database_url, words) == []
    if database_url.startswith("sqlite"):  # nor in its free pages, nor in the log beside it
        assert found(words, b"".join(path.read_bytes() for path in hub_files(tmp_path))) == []
    store.close()
    with world(database_url, tmp_path) as new:
        assert told(new) == before
        again = new.take(LOG, *CHILD.log_records(), CHILD.goal("m1", 2))
        assert {one.status.value for one in again} <= {"unchanged", "stored"}
        assert new.count("resource") == len(before["resources"])
        assert new.count("waiting_record") == 1


def test_cut_off_it_goes_on_and_leaves_out_nobody_who_has_rows(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, before, owner = of_before(database_url, tmp_path)
    with closing(open_at(database_url, keys_in(tmp_path))) as store, store.write(LEFT) as connection:
        row = {"tenant": LEFT, "id": "c", "person": "p", "ref": "Goal/1", "path": "x", "system": LOG,
               "state": "open", "created": NOW, "content": jsontext.encode({"tekst": SECRET})}  # fmt: skip
        connection.execute(insert(conflict), row)
    monkeypatch.setattr(sealing, "CHUNK", 4)
    for cut in (0, 1, 5, 11):
        with closing(open_at(database_url, keys_in(tmp_path), to_seal=True)) as store:
            assert len(list(islice(sealing.seal(store, owner, [TENANT]), cut + 1))) == cut + 1
        migrate(owner)  # as the command does before it goes on
        with pytest.raises(ConfigurationError, match="being sealed"):
            open_at(database_url, keys_in(tmp_path))
    other = open_at(database_url, keys_in(tmp_path / "other"), to_seal=True)
    with closing(other), pytest.raises(ConfigurationError, match="key store"):
        list(sealing.seal(other, owner, [TENANT]))
    with closing(open_at(database_url, keys_in(tmp_path), to_seal=True)) as store:
        assert max(sealing.seal(store, owner, [TENANT])) > 20
    assert leaks(database_url, words) == []
    with world(database_url, tmp_path) as new:
        assert told(new) == before


def keys_in(folder: Path) -> Keyring:
    """Those that an installation keeps in its state folder."""
    return Keyring.of(Keys(), folder)


def hub_files(folder: Path) -> list[Path]:
    """The hub's database and what SQLite keeps beside it."""
    return [path for path in folder.rglob("*.db*") if "keys" not in path.name]


def of_before(database_url: str, folder: Path) -> tuple[list[str], dict[str, Any], str]:
    """A database as a release of before wrote it: the words in it, what it holds, its owner's address."""
    with world(database_url, folder) as old:
        assert old.service.store.keys is not None
        old.service.store.keys.seals = False
        words = [*fill(old), WRITTEN]
        with old.service.store.write(TENANT) as connection:  # why a lane is held was written freely then
            connection.execute(lane.update().values(state="held", last_error=f"{WRITTEN} er syk"))
        before = told(old)
    owner = database_url if database_url.startswith("sqlite") else as_role(database_url, OWNER)
    set_floor(owner, NAMES_TENANTS)
    return words, before, owner


def told(here: World) -> dict[str, Any]:
    """What the hub holds, read as the gateway reads it."""
    with here.service.store.read(TENANT) as connection:
        refs = list(connection.execute(select(resource.c.ref)).scalars())
        held = [links.load(connection, TENANT, system, refs).values() for system in (LOG, PLAN)]
        return {
            "resources": {
                ref: one.resource for ref, one in versions.of_refs(connection, TENANT, refs).items()
            },
            "links": sorted((one.system, str(one.native_id), str(one.held)) for some in held for one in some),
            "waiting": connection.execute(select(func.count()).select_from(waiting_record)).scalar_one(),
        }


def test_every_table_that_holds_content_is_known() -> None:
    columns = [c for t in metadata.sorted_tables for c in t.columns if isinstance(c.type, LargeBinary)]
    binary = {c.table.name for c in columns if c.name not in ("pin", "entries", "previous", "hash")}
    assert binary - {t.name for t in sealing.tables()} == CLEAR


def test_how_far_a_system_has_been_read_tells_no_name_of_its_records(here: World, database_url: str) -> None:
    """The next page of a FHIR server, and what is to be asked for again, are said by its own ids."""
    words, store = ["pasient-hos-bup", "https://bup/Goal?page=2"], here.service.store
    cursor = jsontext.encode({"patients": {words[0]: words[1]}}).decode()
    until, due = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    with store.write(TENANT) as connection:
        timers.claim_poll(connection, TENANT, "bup", NOW, until)
        assert timers.end_poll(connection, TENANT, "bup", until, due, cursor)
    assert leaks(database_url, words) == []
    with store.write(TENANT) as connection:
        assert timers.claim_poll(connection, TENANT, "bup", due, due + timedelta(minutes=1)) == (True, cursor)


def test_nothing_is_sealed_under_somebody_at_work(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a SQLite file's processes are asked after by the command: tests/cli")
    _, _, owner = of_before(database_url, tmp_path)
    monkeypatch.setattr(sealing, "PATIENCE", 0.2)
    working, store = (open_at(database_url, keys_in(tmp_path)) for _ in range(2))
    with closing(working), closing(store), pytest.raises(ConfigurationError, match="stop the gateway"):
        list(sealing.seal(store, owner, [TENANT]))
    open_at(database_url, keys_in(tmp_path)).close()  # it was not begun
