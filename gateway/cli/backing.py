"""The commands `backup` and `restore`: a copy of the hub's database, and the database made anew from one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config, OwnerUrl

BackupUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="STAFETTBRO_BACKUP_URL",
        help="PostgreSQL: the database's address as a role that sees every row.",
    ),
]


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the copy.")],
    config: Config = CONFIG_FILE,
    backup_url: BackupUrl = None,
) -> None:
    """Copy the hub's database while everything runs.

    The copy is one moment's whole state, with a manifest that proves it whole. Keys, the journal and the
    store of reports are not in it: keep each apart. PostgreSQL needs pg_dump of its own version or newer, and
    a role that row-level security does not bind; any other would copy nobody's data, and is refused.

    Example:

    ```
    stafettbro backup /var/backups/stafettbro/2026-11-22 --config stafettbro.toml
    ```
    """
    from gateway.cli import backup_work

    made = backup_work.back_up(config, folder, backup_url)
    screen.say(f"{folder}: {made.size} bytes on schema {made.schema}, SHA-256 {made.digest}")


def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `backup` wrote.", exists=True)],
    config: Config = CONFIG_FILE,
    owner_url: OwnerUrl = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where there is a database already.")
    ] = False,
    journal_lost: Annotated[
        bool, typer.Option("--journal-lost", help="The journal is gone; every route has to be closed.")
    ] = False,
) -> None:
    """Make the database what a copy holds, and take in again what was withdrawn since.

    Stop every gateway and worker first. The copy is verified, put in place, brought to the current schema,
    and the journal is replayed; only then is the command done, and until then nothing can leave: no process
    starts on a database that knows more of the journal than is there.

    Examples:

    ```
    stafettbro restore /var/backups/stafettbro/2026-11-22 --replace
    stafettbro restore /var/backups/stafettbro/2026-11-22 --replace --journal-lost
    ```
    """
    from gateway.cli import backup_work

    done = backup_work.restore(config, folder, owner_url, replace=replace, journal_lost=journal_lost)
    screen.say(
        f"The database is as it was at {done.made:%Y-%m-%d %H:%M:%S} UTC; {done.replayed} withdrawals and"
        " other limits that came later stand in it again. What the systems have written since comes in as"
        " they are asked or hand it in again."
    )
