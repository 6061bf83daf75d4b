"""What every test may ask for: databases of both kinds, the sample data, and a network that ends at
loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import databases
from tests.guard import sitecustomize as guard
from tests.postgres import Cluster

ROOT = Path(__file__).resolve().parent.parent
GUARD_FOLDER = str(Path(guard.__file__).parent)

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [GUARD_FOLDER, os.environ.get("PYTHONPATH", "")]))
settings.register_profile("house", deadline=None, print_blob=True)  # other work shares the machine
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL cluster of this run's own; tests may stop, crash and start it."""
    cluster = databases.start_cluster()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> databases.SqliteTemplate:
    return databases.SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def _postgres_template(postgres: Cluster) -> databases.PostgresTemplate:
    return databases.PostgresTemplate(postgres)


@pytest.fixture
def sqlite_url(_sqlite_template: databases.SqliteTemplate, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated SQLite database."""
    with _sqlite_template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def postgres_url(_postgres_template: databases.PostgresTemplate) -> Iterator[str]:
    """URL of a fresh, migrated PostgreSQL database."""
    with _postgres_template.copy() as url:
        yield url


@pytest.fixture(params=databases.KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh, migrated database; the test runs once on each kind."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(params=databases.KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without any table, as its owner, for tests of the migrations; once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    name = cluster.create()
    databases.given_roles(cluster, name)
    yield cluster.url(name, databases.OWNER)
    cluster.drop(name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The project's sample data, which lies beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared sample data is not beside this checkout")
    return folder
