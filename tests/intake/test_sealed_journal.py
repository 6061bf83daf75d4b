"""The journal beside the database tells nothing to who finds it, and closes all the same: also one of before,
once it is sealed, and never one that was changed or that belongs to other keys."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Keys
from gateway.errors import ConfigurationError
from gateway.hub import acts, journal_marks, sealing, versions
from gateway.hub.acts import Act
from gateway.hub.journal import Journal
from gateway.hub.opened import open_at
from gateway.hub.schema import NAMES_TENANTS, set_floor
from gateway.hub.schema.acts import act
from gateway.intake.replay import replay
from gateway.keys.keyring import Keyring
from tests.databases import OWNER, as_role
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World, world
from tests.leaks import in_files

CHILD = Child(4)
PURPOSE, REASON, WHO = "Bare skolen skal vite om søvnen", "Mor vil ikke at BUP får det", "Kari Kontaktlærer"
WORDS = (PURPOSE, REASON, WHO)


def narrow(here: World) -> str:
    """Somebody refuses, and somebody objects: what they say of it. The act's id."""
    handed = here.take("stafettlogg", *CHILD.log_records())
    refused = CHILD.consent("nei", 5) | {"avgjoerelse": "nekter", "formaal": PURPOSE}
    assert [one.status.value for one in here.take("stafettlogg", refused)] == ["stored"]
    with here.service.store.read(TENANT) as connection:
        log = versions.current(connection, TENANT, handed[0].ref or "")
    assert log is not None
    made = Act(
        id="0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10", person=log.person, kind=acts.Kind.OBJECTION,
        by=WHO, reason=REASON, client="drift", created=NOW,
    )  # fmt: skip
    here.service.acting(TENANT, None).make(made, NOW)
    return made.id


def told(here: World) -> list[dict[str, Any]]:
    return [note.plain() for note in here.service.journal.newest(here.service.store.keys)]


def test_it_tells_nothing_and_closes_all_the_same(database_url: str, tmp_path: Path) -> None:
    with world(database_url, tmp_path) as here:
        own = narrow(here)
        assert in_files(WORDS, [here.service.journal.path]) == []
        assert all(word in str(told(here)) for word in WORDS)
        with here.service.store.write(TENANT) as connection:  # as if it had not been said at the backup
            connection.execute(act.delete())
        assert replay(here.service.store, here.service.journal, NOW) == 1
        with here.service.store.read(TENANT) as connection:
            again = acts.by_id(connection, TENANT, own)
        assert again is not None
        assert (again.by, again.reason) == (WHO, REASON)


def test_one_of_before_is_sealed_and_still_says_the_same(database_url: str, tmp_path: Path) -> None:
    with world(database_url, tmp_path) as old:
        assert old.service.store.keys is not None
        old.service.store.keys.seals = False
        narrow(old)
        before, journal = told(old), old.service.journal
    owner = database_url if database_url.startswith("sqlite") else as_role(database_url, OWNER)
    set_floor(owner, NAMES_TENANTS)
    assert {word for _, word in in_files(WORDS, [journal.path])} == set(WORDS)
    with closing(open_at(database_url, Keyring.of(Keys(), tmp_path), to_seal=True)) as store:
        journal.seal(store, [TENANT])
        assert {word for _, word in in_files(WORDS, [journal.path])} == set(WORDS), "the database comes first"
        list(sealing.seal(store, owner, [TENANT]))
        for _ in range(2):  # again, where the command was cut off behind it
            journal.seal(store, [TENANT])
            assert in_files(WORDS, [journal.path]) == []
            assert journal_marks.reached(store, [TENANT]) == journal.path.stat().st_size
    assert [path.name for path in journal.path.parent.iterdir()] == [journal.path.name]
    with world(database_url, tmp_path) as new:
        assert told(new) == before


def test_one_that_was_changed_or_is_anothers_stops_the_start(sqlite_url: str, tmp_path: Path) -> None:
    with world(sqlite_url, tmp_path) as here:
        narrow(here)
        journal = here.service.journal
    whole = journal.path.read_bytes()
    place = whole.index(b'"sealed":"') + 60
    other = b"A" if whole[place : place + 1] != b"A" else b"B"
    journal.path.write_bytes(whole[:place] + other + whole[place + 1 :])
    with pytest.raises(ConfigurationError, match="line 1 cannot be read"), world(sqlite_url, tmp_path):
        pass
    journal.path.write_bytes(whole)
    others = Keyring.of(Keys(), tmp_path / "other")
    for keys in (None, others):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            Journal(journal.path.parent).newest(keys)
    others.close()
