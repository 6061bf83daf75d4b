"""What `backup` and `restore` do: the copy, the look at whether anybody works on the database, and the
journal that closes what was withdrawn since the copy was made."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from gateway import config
from gateway.cli import database
from gateway.cli.outcome import Impossible
from gateway.config import Settings
from gateway.hub import backup, erasing, journal_marks
from gateway.hub.audit import entries, rows
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.audit.heads import Heads
from gateway.hub.backup import Manifest
from gateway.hub.journal import Journal
from gateway.hub.opened import open_store
from gateway.hub.schema import migrate
from gateway.hub.store import Store
from gateway.intake.replay import replay
from gateway.service import now


@dataclass(frozen=True, slots=True)
class Restored:
    """Of when the copy is (UTC), and how many limits of the journal it did not know."""

    made: datetime
    replayed: int


def back_up(path: Path, folder: Path, backup_url: str | None) -> Manifest:
    """Copy the configured database; on PostgreSQL as who is at `backup_url`."""
    settings = config.load(path)
    missing = database.absent(settings.database_url)
    if missing is not None:
        raise Impossible(f"There is no database yet ({missing}).")
    if backup_url is None and not settings.database_url.startswith("sqlite"):
        raise Impossible(
            "Say --backup-url: a role that row-level security does not bind (docs/operations.md)."
        )
    url = backup_url or settings.database_url
    return backup.back_up(url, folder, database.revision(settings.database_url), now())


def restore(
    path: Path, folder: Path, owner_url: str | None, *, replace: bool, journal_lost: bool
) -> Restored:
    """Put the copy in place, migrate, replay."""
    settings = database.owned(config.load(path), owner_url)
    if journal_lost and any(route.open for route in settings.routes):
        raise Impossible(
            "Without its journal nobody knows what was withdrawn since the copy was made: set open = false on"
            " every route first, enter the withdrawals again, and open the routes after that."
        )
    kept = Journal(settings.journal_folder or settings.state_folder / "journal")
    if not journal_lost and not kept.path.is_file():
        raise Impossible(
            f"The journal {kept.path} is missing: what it says was withdrawn would be shared anew. Put it"
            " back, or say --journal-lost."
        )
    demand_nobody_works(settings.state_folder / "workers")
    owner = settings.database_owner_url or settings.database_url
    made = backup.restore(owner, folder, replace=replace).made
    migrate(owner, application=make_url(settings.database_url).username)
    store = open_store(settings)
    try:
        if journal_lost:
            journal_marks.forget(store, settings.tenant_ids)
        kept.open(store, settings.tenant_ids)
        erasing.again(store, settings.tenant_ids)
        _say_in_the_heads(settings, store)
        return Restored(made, replay(store, kept, now()))
    finally:
        store.close()


def _say_in_the_heads(settings: Settings, store: Store) -> None:
    """That the audit's chain goes on from where the copy ends: otherwise it would look as if it had been cut
    off."""
    heads = Heads.of(settings)
    for tenant in settings.tenant_ids:
        with store.write(tenant) as connection:
            newest = rows.newest(connection, tenant)
            entries.write(connection, tenant, [Entry(Kind.OPERATION, now(), action="restored")])
        heads.sign(tenant, newest, now(), restored=True)


def demand_nobody_works(locks: Path) -> None:
    """A process on SQLite holds a lock beside it as long as it lives."""
    for path in locks.glob("*.lock"):
        with path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Impossible("A gateway is at work on this database: stop it first.") from None
