"""After an older backup was put back: persons that were merged are one again, or two, and what was refused
about either is refused, before anything can leave."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from consent import fhir_consent
from gateway.hub import acts, joining, versions
from gateway.hub.acts import Act, Kind
from gateway.hub.joining import State
from gateway.hub.schema.tables import resource
from tests.end_to_end.invented import Child
from tests.exchange.merging import BY, merge, merging, owner
from tests.intake.world import NOW, TENANT, World, world

CHILD, OTHER = Child(1), Child(2)


def begun(here: World) -> tuple[str, str]:
    here.take("stafettlogg", *CHILD.log_records(), *OTHER.log_records(), OTHER.goal("m1", 1))
    return owner(here, CHILD), owner(here, OTHER)


def withdraw(here: World, child: Child) -> None:
    """The consent of a child's log is taken back."""
    consent = next(r for r in child.log_records() if r["type"] == "samtykke")
    by = {"tidspunkt": "2026-11-20T10:00:00+01:00", "av": f"{child.log}-mor"}
    here.take("stafettlogg", consent | {"trukket": by, "endret": "2026-11-20T10:00:00+01:00"})


def copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as two:
        one.backup(two)


def restored(sqlite_url: str, folder: Path, backup: Path) -> None:
    """The backup in place of the database; the journal beside it stays."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        (path.parent / name).unlink(missing_ok=True)
    shutil.copy(backup, path)
    assert (folder / "journal").exists()


def test_a_merge_is_done_again_and_what_was_withdrawn_since_is_withdrawn(
    sqlite_url: str, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"
    with world(sqlite_url, tmp_path) as here:
        kept, joined = begun(here)
        copy(Path(sqlite_url.removeprefix("sqlite:///")), backup)
        merge(here, CHILD, OTHER)
        here.service.acting(TENANT, None).make(
            Act("object", kept, Kind.OBJECTION, "Kari", "Nei", "drift", NOW), NOW
        )
        withdraw(here, OTHER)
    restored(sqlite_url, tmp_path, backup)
    with world(sqlite_url, tmp_path) as here:
        assert owner(here, OTHER) == owner(here, CHILD) == kept
        with here.service.store.read(TENANT) as connection:
            (again,) = joining.of_person(connection, TENANT, kept)
            (refused,) = acts.of_person(connection, TENANT, kept)
            found = versions.of_types(connection, TENANT, kept, ["Consent"])
            left = connection.execute(select(resource.c.ref).where(resource.c.person == joined)).all()
        assert (again.state, again.by, refused.id, left) == (State.STANDING, BY.by, "object", [])
        taken_back = [act.withdrawn for v in found.values() for act in fhir_consent.read(v.resource)]
        assert sorted(one is not None for one in taken_back) == [False, True]
        before = here.count("resource_version")
    with world(sqlite_url, tmp_path) as here:
        assert here.count("resource_version") == before  # once


def test_the_undoing_of_a_merge_is_done_again_too(sqlite_url: str, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with world(sqlite_url, tmp_path) as here:
        kept, joined = begun(here)
        done = merge(here, CHILD, OTHER)
        here.service.acting(TENANT, None).make(
            Act("object", kept, Kind.OBJECTION, "Kari", "Nei", "drift", NOW), NOW
        )
        copy(Path(sqlite_url.removeprefix("sqlite:///")), backup)
        merging(here).undo(kept, done.id, BY, NOW)
        withdraw(here, OTHER)
    restored(sqlite_url, tmp_path, backup)
    with world(sqlite_url, tmp_path) as here:
        assert (owner(here, CHILD), owner(here, OTHER)) == (kept, joined)
        with here.service.store.read(TENANT) as connection:
            found = versions.of_types(connection, TENANT, joined, ["Consent"])
            both = [len(acts.of_person(connection, TENANT, who)) for who in (kept, joined)]
        assert [
            act.withdrawn is not None for v in found.values() for act in fhir_consent.read(v.resource)
        ] == [True]
        assert both == [1, 1]
