"""The store's migrations make what its tables say, on each database, and its configuration keeps it apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import ValidationError
from sqlalchemy import inspect

from gateway.config import Settings
from gateway.hub.store import Store
from gateway.welfare.schema import VERSION_TABLE, migrate
from gateway.welfare.tables import metadata
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.welfare.conftest import with_welfare


def test_the_migrations_make_the_tables(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate(empty_database_url)  # a second start changes nothing
    store = Store(empty_database_url)
    with store.outside(write=True) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        assert {c["name"] for c in found.get_columns("report")} == {
            c.name for c in metadata.tables["report"].c
        }
    store.close()


def test_clear_columns_are_of_ids_states_and_times_alone() -> None:
    clear = {c.name for table in metadata.tables.values() for c in table.columns} - {"content"}
    assert clear == {
        "tenant", "id", "source", "record_name", "author", "recipient", "recipient_organization",
        "received",
        "assess_by", "answer_by", "investigate_by", "assessed", "answered", "investigated", "report",
        "number",
        "state", "said", "stored", "kind", "urgent", "run", "created", "next_at", "until", "closed", "error",
        "client", "system", "organization", "act", "at", "request_name", "findings", "confirmed",
    }  # fmt: skip


@pytest.fixture
def plain(tmp_path: Path, issuer: Issuer) -> dict[str, Any]:
    whole = with_welfare(worlds.settings("sqlite:///hub.db", tmp_path, issuer))
    return whole.model_dump(mode="json")


def refused(plain: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(plain)
    return str(caught.value)


def test_the_hubs_own_database_is_refused(plain: dict[str, Any]) -> None:
    plain["welfare"]["database_url"] = plain["database_url"]
    assert "a database of their own" in refused(plain)


@pytest.mark.parametrize(
    ("hub", "keys"),
    [
        ("sqlite:///var/hub.db", "sqlite:///var/hub.db"),
        ("sqlite:///var/hub.db", "sqlite:///var/../var/hub.db"),
        ("postgresql+psycopg://app:x@localhost/hub", "postgresql+psycopg://keys:y@127.0.0.1:5432/hub?sslmode=prefer"),
        ("postgresql+psycopg://app@db.kommune.test/hub", "postgresql://app@DB.kommune.test:5432/hub"),
    ],
)  # fmt: skip
def test_keys_in_the_database_that_they_open_are_refused(plain: dict[str, Any], hub: str, keys: str) -> None:
    plain["database_url"], plain["keys"]["database_url"] = hub, keys
    assert "never kept in a database that they open" in refused(plain)


def test_keys_beside_reports_of_concern_are_refused(plain: dict[str, Any]) -> None:
    plain["keys"]["database_url"] = f"sqlite:///{plain['state_folder']}/welfare.db"
    plain["welfare"]["database_url"] = None
    assert "never kept in a database that they open" in refused(plain)


def test_keys_in_another_database_of_the_same_server_are_allowed(plain: dict[str, Any]) -> None:
    plain["database_url"] = "postgresql+psycopg://app@localhost/hub"
    plain["keys"]["database_url"] = "postgresql+psycopg://app@localhost/keys"
    assert Settings.model_validate(plain).keys.database_url


def test_reports_go_to_child_welfare_and_nobody_else(plain: dict[str, Any]) -> None:
    for wrong, said in (("bup", "regime"), ("nabologg", "unknown system"), ("ingen", "unknown system")):
        plain["tenants"][0]["child_welfare"] = wrong
        assert said in refused(plain), wrong


def test_a_child_welfare_that_cannot_be_reached_is_refused(plain: dict[str, Any]) -> None:
    own = next(s for s in plain["systems"] if s["id"] == "barnevern")
    own["url"] = None
    assert "need a records system" in refused(plain)
    own |= {"url": "http://127.0.0.1:9", "adapter": "fhir"}
    assert "need a records system" in refused(plain)
