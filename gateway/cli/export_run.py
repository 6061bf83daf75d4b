"""Reads everything about a person in one transaction, notes the export among the disclosures, and writes it
out: to a folder or a zip file that only the caller may read."""

from __future__ import annotations

import getpass
import os
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from gateway.cli import export_content, export_files, export_filtered, people
from gateway.cli.export_content import Everything
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub, Person
from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed

RECIPIENT = CHANNEL = "export"


def run(config: Path, named: str, out: Path | None, reader: str | None = None) -> tuple[Path, int]:
    """Export one person: all of it, or what a reader may see. Returns where to, and how many files. Raises
    Impossible."""
    now = datetime.now(UTC)
    with people.opened(config) as hub:
        who = people.find(hub, named)
        target = out or Path(f"export-{who.id[:8]}-{now:%Y-%m-%d}")
        _check_free(target)
        everything = _whole(hub, who, now) if reader is None else _for(hub, who, reader, now)
    files = export_files.files(everything)
    return target, _zip(target, files) if target.suffix == ".zip" else _folder(target, files)


def _whole(hub: Hub, who: Person, now: datetime) -> Everything:
    with hub.store.read(who.tenant) as connection:
        everything = export_content.read(connection, hub, who, now)
    told = tuple(
        Disclosed(one.ref, one.version, (), "operator", (), ()) for one in everything.current.values()
    )
    with hub.store.write(who.tenant) as connection:
        _note(connection, everything, told, RECIPIENT, 0)
    return everything


def _for(hub: Hub, who: Person, reader: str, now: datetime) -> Everything:
    """Read and noted in one transaction: what is decided in it is what is told."""
    with hub.store.write(who.tenant) as connection:
        everything, told, epoch = export_filtered.read(connection, hub, who, reader, now)
        recipient = reader if hub.settings.system(reader) is not None else export_filtered.READER
        if told:
            _note(connection, everything, told, recipient, epoch)
    return everything


def _check_free(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists():
        raise Impossible(f"{target} exists already; name a new one with --out.")


def _note(
    connection: Connection, everything: Everything, told: tuple[Disclosed, ...], recipient: str, epoch: int
) -> None:
    """The export itself is a disclosure, written before the first file is."""
    disclosures.begin(
        connection,
        everything.tenant,
        [Attempt(disclosures.new_id(), everything.person, told)],
        recipient=recipient,
        channel=CHANNEL,
        run=0,
        epoch=epoch,
        owner=None,
        now=everything.now,
        deadline=None,
        client=f"command line: {getpass.getuser()}"[:255],
        state=disclosures.DELIVERED,
    )


def _folder(target: Path, files: Iterable[tuple[str, bytes]]) -> int:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    for name, content in files:
        path = target / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(_private(path), "wb") as file:
            file.write(content)
        count += 1
    return count


def _zip(target: Path, files: Iterable[tuple[str, bytes]]) -> int:
    count = 0
    with (
        os.fdopen(_private(target), "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, content in files:
            archive.writestr(name, content)
            count += 1
    return count


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
