"""A copy of the hub's database while it is in use, and the database made anew from one. Beside the way of a
record; it never touches the journal, nor any key: those are kept apart from every copy.

SQLite: SQLite's own online copy. PostgreSQL: pg_dump and pg_restore, in PostgreSQL's custom format.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import URL, make_url

from gateway import jsontext
from gateway.errors import StafettbroError

MANIFEST: Final = "manifest.json"
COPIES: Final = {"sqlite": "stafettbro.db", "postgresql": "stafettbro.dump"}
_DEBIAN = Path("/usr/lib/postgresql")
_BLOCK = 1 << 20


class BackupError(StafettbroError):
    """A copy cannot be made or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy says of itself. digest: SHA-256 (hex) of the copy; schema: the revision it is on."""

    kind: str
    schema: str | None
    made: datetime
    digest: str
    size: int


def back_up(url: str, folder: Path, schema: str | None, now: datetime) -> Manifest:
    """Copy the database into a folder that holds nothing yet; its manifest comes last, so that a copy that
    was cut off is not taken for one. Raises BackupError."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty: a copy is never written over another")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    copy = folder / COPIES[kind]
    copy.touch(mode=0o600)
    _copy_sqlite(_file(parsed), copy) if kind == "sqlite" else _dump(parsed, copy)
    manifest = Manifest(kind, schema, now, _digest(copy), copy.stat().st_size)
    _keep(folder / MANIFEST, manifest)
    return manifest


def verified(folder: Path) -> Manifest:
    """The manifest of a copy that is whole. Raises BackupError for one that is not."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupError(f"{folder} holds no whole copy: {MANIFEST} is missing")
    said = jsontext.decode(path.read_bytes())
    made = datetime.fromisoformat(said["made"])
    manifest = Manifest(said["kind"], said["schema"], made, said["digest"], said["size"])
    copy = folder / COPIES[manifest.kind]
    if not copy.is_file() or _digest(copy) != manifest.digest:
        raise BackupError(f"{copy} is not what {MANIFEST} tells of: it has been changed or cut off")
    return manifest


def restore(url: str, folder: Path, *, replace: bool) -> Manifest:
    """Make the database what the copy holds. replace: also where there is one already (a SQLite file is set
    aside beside it, not deleted). Nobody else may use the database meanwhile. Raises BackupError."""
    manifest = verified(folder)
    parsed = make_url(url)
    if parsed.get_backend_name() != manifest.kind:
        raise BackupError(
            f"the copy is of {manifest.kind}, and database_url is of {parsed.get_backend_name()}"
        )
    copy = folder / COPIES[manifest.kind]
    if manifest.kind == "sqlite":
        _put_back_sqlite(_file(parsed), copy, replace=replace, at=manifest.made)
    else:
        _put_back_dump(parsed, copy, replace=replace)
    return manifest


# --- SQLite ----------------------------------------------------------------------------------------------


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise BackupError("a database in memory cannot be copied")
    return Path(url.database)


def _copy_sqlite(source: Path, copy: Path) -> None:
    if not source.is_file():
        raise BackupError(f"there is no database {source}")
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _put_back_sqlite(target: Path, copy: Path, *, replace: bool, at: datetime) -> None:
    if target.exists() and not replace:
        raise BackupError(f"{target} exists: say --replace to set it aside")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        for suffix in ("", "-wal", "-shm"):
            beside = target.with_name(target.name + suffix)
            if beside.exists():
                beside.rename(target.with_name(f"{target.name}.before-{at:%Y%m%dT%H%M%S}{suffix}"))
    arriving = target.with_name(f"{target.name}.arriving")
    shutil.copyfile(copy, arriving)
    with arriving.open("r+b") as file:
        os.fsync(file.fileno())
    arriving.rename(target)


# --- PostgreSQL ------------------------------------------------------------------------------------------


def _dump(url: URL, copy: Path) -> None:
    _run(_program("pg_dump"), url, "--format=custom", f"--file={copy}", "--lock-wait-timeout=10s")


def _put_back_dump(url: URL, copy: Path, *, replace: bool) -> None:
    try:
        tables = _free(url)
    except psycopg.Error as error:
        raise BackupError(f"the database cannot be used: {str(error).partition(chr(10))[0]}") from error
    if tables and not replace:
        raise BackupError("the database has tables already: say --replace to put the copy in their place")
    clean = ["--clean", "--if-exists"] if tables else []
    _run(_program("pg_restore"), url, "--single-transaction", "--exit-on-error", *clean, str(copy))


def _free(url: URL) -> int:
    """How many tables the database has. Raises BackupError where somebody uses it."""
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        others = _count(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        if others:
            raise BackupError(f"{others} connections use the database: stop every gateway and worker first")
        return _count(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


def _count(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0


def _program(name: str) -> str:
    """pg_dump or pg_restore: the newest of Debian's, else the one on PATH."""
    debian = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parent.parent.name))
    found = str(debian[-1]) if debian else shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed (Debian: apt-get install postgresql-client)")
    return found


def _run(program: str, url: URL, *words: str) -> None:
    """The password goes in the environment, never on the command line, where others could read it."""
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    open_url = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = [program, "--dbname", open_url, *words]
    ended = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - ours
    if ended.returncode:
        raise BackupError(f"{Path(program).name} failed: {_last(ended.stderr)}")


def _last(said: bytes) -> str:
    """The first line of what the program complains of: it names tables, not content."""
    lines: Sequence[str] = said.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else "it does not say why"


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


# --- the manifest ----------------------------------------------------------------------------------------


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _keep(path: Path, manifest: Manifest) -> None:
    said = {
        "kind": manifest.kind,
        "schema": manifest.schema,
        "made": manifest.made.isoformat(),
        "digest": manifest.digest,
        "size": manifest.size,
    }
    arriving = path.with_suffix(".arriving")
    with arriving.open("wb") as file:
        file.write(jsontext.encode(said))
        file.flush()
        os.fsync(file.fileno())
    arriving.rename(path)
