"""The previous release, as its users run it: its own source out of this repository's history."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from gateway.hub import schema
from tests.conftest import ROOT
from tests.databases import APPLICATION, OWNER, as_role, given_roles
from tests.postgres import Cluster

PREVIOUS = "3d4fb380d48bedcff961748cef6dac02c3d73e65"  # 0.1.0; the one before the newest in CHANGELOG.md
SAYS_NOTHING = 'audience = "stafettbro"\n'  # of its issuer's tokens: that release knew bearer tokens alone
TURNS = 60
PACKAGES = ("gateway", "adapters", "mappings", "consent")


def unpacked(folder: Path) -> Path:
    """Its packages, in this folder. Skips the test where the checkout has no history."""
    made = subprocess.run(
        ["git", "-C", str(ROOT), "archive", PREVIOUS, *PACKAGES], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"the previous release ({PREVIOUS[:8]}) is not in this checkout's history")
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def its_database(cluster: Cluster) -> str:
    """The address of an empty database as that release wanted it: its one role owns everything."""
    given_roles(cluster, cluster.create())  # so that the role is there
    name = cluster.create()
    with cluster.connect(name) as connection:
        connection.execute(f"ALTER DATABASE {name} OWNER TO {APPLICATION}")
        connection.execute(f"ALTER SCHEMA public OWNER TO {APPLICATION}")
    return cluster.url(name, APPLICATION)


def bring_forward(cluster: Cluster, url: str) -> None:
    """What an operator does before the first process of this release: the roles, and the migration as the
    tables' owner. Nothing is held to its tenant yet, so that the previous release goes on."""
    for turn in range(TURNS):
        try:
            given_roles(cluster, make_url(url).database or "")
            break
        except psycopg.errors.LockNotAvailable:  # the tables' new owner waits for those who work on them
            assert turn + 1 < TURNS
    schema.migrate(as_role(url, OWNER), application=APPLICATION)


def for_this_release(config: str) -> str:
    """A copy of that release's file as an operator makes it before the upgrade; its path."""
    given = Path(config)
    made = given.with_stem(given.stem + ".new")
    text = given.read_text()
    assert text.count(SAYS_NOTHING) == 1
    made.write_text(text.replace(SAYS_NOTHING, SAYS_NOTHING + 'tokens = "bearer"\n'))
    return str(made)
