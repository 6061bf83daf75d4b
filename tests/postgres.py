"""A PostgreSQL cluster of the test run's own: made in a temporary folder, gone with the test process.

It keeps fsync on, listens on a free loopback port and runs as the `postgres` user where the tests run as
root (PostgreSQL refuses root). It never touches a cluster that is already on the machine.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_READY = b"ready to accept connections"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
}


class Missing(Exception):
    """PostgreSQL cannot be started here; the message says why and what to install."""


def binaries() -> Path:
    """The folder of the newest initdb and postgres on this machine. Raises Missing."""
    debian = sorted(
        (p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists()),
        key=lambda p: int(p.parent.name),
    )
    if debian:
        return debian[-1]
    found = shutil.which("initdb")
    if found is None:
        raise Missing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(found).resolve().parent


def _identity() -> dict[str, Any]:
    """Arguments that make a child process run as someone PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Cluster:
    """One running cluster. `create` gives a fresh database, `drop` takes it away."""

    def __init__(self, stays: Path | None = None) -> None:
        """stays: a folder to make it in that is not removed, or that has it already."""
        self.bin = binaries()
        self.folder = stays or Path(tempfile.mkdtemp(prefix="stafettbro-pg-"))
        self.port = _free_port()
        self._stays = stays is not None
        self._numbers = itertools.count(int(time.time()) if stays else 1)  # no name comes twice
        self._process: subprocess.Popen[bytes] | None = None
        self._log = bytearray()
        try:
            if not (self.folder / "data" / "PG_VERSION").exists():
                self._initialize()
            self.start()
        except BaseException:
            self.remove()
            raise

    def url(self, database: str, role: str = "postgres") -> str:
        """The SQLAlchemy URL of one of its databases, as one of its roles."""
        return f"postgresql+psycopg://{role}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A plain connection, each statement its own transaction."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True
        )

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._process.pid if self._process else None

    def create(self, template: str = "template0") -> str:
        """A new database, empty or copied from another that nobody is connected to. Returns its name."""
        name = f"t{next(self._numbers)}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def drop(self, name: str) -> None:
        """Remove a database, ending whatever connections tests left open."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def start(self) -> None:
        """Start the server, or start it again, and wait until it answers."""
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, preexec_fn=_end_with_parent, cwd="/", **_identity()
        )
        self._log.clear()
        ready = threading.Event()
        threading.Thread(target=self._follow, args=(self._process, ready), daemon=True).start()
        ready.wait(timeout=30)
        if _READY not in self._log:
            raise Missing(f"PostgreSQL did not start: {self._log.decode(errors='replace')[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT fast and clean, SIGQUIT as in a crash."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(timeout=30)
        self._process = None

    def tool(self, name: str, *words: str) -> None:
        """Run one of PostgreSQL's own programs."""
        done = subprocess.run([str(self.bin / name), *words], stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise Missing(f"{name}: {done.stderr.decode(errors='replace')[-2000:]}")

    def log_files(self) -> list[Path]:
        """The segments of its write-ahead log."""
        return [path for path in (self.folder / "data" / "pg_wal").iterdir() if path.is_file()]

    def remove(self) -> None:
        """Stop the server, and delete its folder unless it is one that stays."""
        self.stop()
        if not self._stays:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _initialize(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            try:
                shutil.chown(self.folder, "postgres", "postgres")
            except LookupError as error:
                raise Missing("the tests run as root and there is no user named postgres") from error
        command = [str(self.bin / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres"]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **_identity())
        lines = [f"{name} = '{value}'" for name, value in _SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'")
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write("\n" + "\n".join(lines) + "\n")

    def _follow(self, process: subprocess.Popen[bytes], ready: threading.Event) -> None:
        """Read the server's log until it ends; say when it accepts connections, or never will."""
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self._log += line
                if _READY in line:
                    ready.set()
        ready.set()

    def _execute(self, statement: str, *names: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
