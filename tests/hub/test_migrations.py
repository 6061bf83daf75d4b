"""A database of an earlier release opens and is brought up to this one, with nothing lost."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, text

from gateway import jsontext
from gateway.errors import ConfigurationError
from gateway.hub import absences, writers
from gateway.hub.schema import HEAD, current, migrate, serves
from gateway.hub.schema.tables import resource, resource_version
from gateway.hub.store import Store
from tests.intake.world import NOW, TENANT

REF = "Provenance/m1-provenance"
ROW = (
    "INSERT INTO resource (tenant, ref, person, type, item, version, change_no, created_by)"
    " VALUES (:tenant, :ref, 'p1', 'Provenance', 'Goal/m1', 2, 2, 'logg')"
)

CONFLICT = (
    "INSERT INTO conflict (tenant, id, person, ref, path, system, state, created, content)"
    " VALUES (:tenant, :id, 'p1', 'Goal/m1', :path, 'bup', 'open', 1, :content)"
)


def version(number: int, *names: str) -> dict[str, object]:
    agents = [{"who": {"reference": name}} for name in names]
    return {
        "tenant": TENANT,
        "ref": REF,
        "version": number,
        "person": "p1",
        "change_no": number,
        "transaction": number,
        "seq": 0,
        "source": "logg",
        "stored": NOW,
        "content": jsontext.encode({"resourceType": "Provenance", "id": "m1-provenance", "agent": agents}),
    }


def test_who_has_ever_written_is_found_in_the_versions_there_are(empty_database_url: str) -> None:
    migrate(empty_database_url, "0007")
    store = Store(empty_database_url)
    with store.write(TENANT) as connection:
        connection.execute(text(ROW), {"tenant": TENANT, "ref": REF})
        first, second = version(1, "PractitionerRole/a"), version(2, "PractitionerRole/b")
        connection.execute(insert(resource_version), [first, second])
    migrate(empty_database_url)
    with store.read(TENANT) as connection:
        found = connection.execute(select(resource.c.writers)).scalar_one()
    store.close()
    assert writers.read(found) == ("PractitionerRole/a", "PractitionerRole/b")


def test_what_a_system_had_deleted_is_no_conflict_any_more_but_missing_there(empty_database_url: str) -> None:
    migrate(empty_database_url, "0013")
    store = Store(empty_database_url)
    with store.write(TENANT) as connection:
        for own, path in (("c1", "(deleted)"), ("c2", "(deleted)"), ("c3", "description")):
            connection.execute(text(CONFLICT), {"id": own, "tenant": TENANT, "path": path, "content": b"{}"})
    migrate(empty_database_url)
    with store.read(TENANT) as connection:
        (one,) = absences.of_person(connection, TENANT, "p1")
        states = connection.execute(text("SELECT path, state FROM conflict ORDER BY id")).all()
    store.close()
    assert (one.system, one.ref, one.reason) == ("bup", "Goal/m1", "slettet")
    assert [tuple(row) for row in states] == [
        ("(deleted)", "decided"), ("(deleted)", "decided"), ("description", "open"),
    ]  # fmt: skip


def brought_forward(url: str, floor: str) -> None:
    """As a newer release would leave it."""
    migrate(url)
    store = Store(url)
    with store.outside(write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_floor SET oldest = :floor"), {"floor": floor})
    store.close()


def test_a_schema_of_a_newer_release_is_left_as_it_is(empty_database_url: str) -> None:
    brought_forward(empty_database_url, floor=HEAD)
    migrate(empty_database_url)
    store = Store(empty_database_url)
    with store.outside() as connection:
        assert current(connection) == "9999"
        assert serves(connection)
    store.close()


def test_a_schema_that_has_lost_what_this_release_needs_stops_it(empty_database_url: str) -> None:
    brought_forward(empty_database_url, floor="9998")
    with pytest.raises(ConfigurationError, match="before schema 9998"):
        migrate(empty_database_url)
