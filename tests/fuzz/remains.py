"""What is there when all is asked: whether those who may see a child still do, and whether any word stands
in a log, a figure, the database, its log, a backup, or anything else that the gateway left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.databases import as_role
from tests.fuzz.installation import Installation
from tests.fuzz.judgement import Judge
from tests.fuzz.known import Known
from tests.fuzz.wire import Asked
from tests.leaks import in_files, in_raw, leaks
from tests.postgres import Cluster

LOOKS = (
    ("bup", "/fhir/Goal?patient={Delt}"), ("leser", "/timeline/{Delt}?limit=200"),
    ("logg", "/timeline/{Delt}?limit=200"), ("logg", "/timeline/{Taus}?limit=200"),
    ("nabologg", "/timeline/{Nabo}?limit=200"), ("nabobup", "/fhir/Goal?patient={Nabo}"),
)  # fmt: skip


def shown(made: Installation, known: Known, judge: Judge) -> set[tuple[str, str]]:
    """(caller, word) of what those who may see a child are shown of it and nobody changes, so that a search
    that finds nothing elsewhere is known to find."""
    made.renew()
    told: set[tuple[str, str]] = set()
    wire = made.wire()
    for caller, path in LOOKS:
        asked = Asked(caller, b"GET", path.format(**known.persons).encode(), label="a look of who may")
        answer = wire.ask(asked, made.credentials(caller))
        judge.look(asked, answer)
        kept = [
            word
            for word in judge.canaries.in_answer(answer.whole)
            if _stays(judge.canaries.told.get(word, ""))
        ]
        told |= {(caller, word) for word in kept}
    judge.asked -= len(LOOKS)
    wire.close()
    return told


def _stays(what: str) -> bool:
    """Whether nobody who asks may write it anew: of Taus everything, of Delt the goal that nobody names."""
    return what.startswith("Taus") or (what.startswith("Delt") and what.endswith("fast"))


def search(made: Installation, figures: bytes, cluster: Cluster | None) -> list[tuple[str, str]]:
    """(where, word) of all that is left: as the gateway runs, and after it has ended."""
    words = made.canaries.stems
    left = [("metrics", word) for word in in_raw(words, figures)]
    left += in_files(words, _database(made))
    left += _copies(made, words, cluster)
    for name in list(made.processes):
        made.end(name)
    left += leaks(made.database_url, words)
    left += in_files(words, _database(made))
    left += in_files(words, made.folder.glob("*.log"))
    kept = [path for path in (made.folder / "state").rglob("*") if path.is_file()]
    return left + in_files(words, kept)


def _database(made: Installation) -> list[Path]:
    return [path for path in made.folder.glob("stafettbro.db*") if path.is_file()]


def _copies(made: Installation, words: list[str], cluster: Cluster | None) -> list[tuple[str, str]]:
    """What the gateway's own backup holds, and on PostgreSQL its log and a copy of the cluster."""
    folder = made.folder / "backup"
    command = [
        sys.executable,
        "-m",
        "gateway.cli",
        "backup",
        str(folder),
        "--config",
        str(made.folder / "stafettbro.toml"),
    ]
    if cluster:
        command += ["--backup-url", as_role(made.database_url, "postgres")]
    done = subprocess.run(command, env=made.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if cluster is None:
        return in_files(words, folder.iterdir())
    base, dump = made.folder / "base", folder / "dump.sql"
    cluster.tool("pg_restore", "-f", str(dump), str(folder / "stafettbro.dump"))
    cluster.tool("pg_basebackup", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres",
                 "-D", str(base), "-X", "none", "--checkpoint=fast", "--no-manifest")  # fmt: skip
    return in_files(
        words, [dump, *cluster.log_files(), *(path for path in base.rglob("*") if path.is_file())]
    )
