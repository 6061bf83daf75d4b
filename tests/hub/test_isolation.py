"""PostgreSQL itself keeps municipalities apart, however wrong the code is: what no code of ours does is tried
here, and the database says no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from gateway.config import System
from gateway.errors import ConfigurationError
from gateway.exchange import breaker, disclosures, lanes, timers
from gateway.hub import directory, links, persons, schema, versions
from gateway.hub.links import Link
from gateway.hub.roles import Roles, claimer_of, demand_isolated_role, statements
from gateway.hub.schema import isolation
from gateway.hub.schema.tables import lane, metadata, person
from gateway.hub.store import Store
from gateway.hub.versions import Version
from mappings.canonical import ENH
from tests import databases
from tests.postgres import Cluster
from tests.release.previous import bring_forward, its_database
from tests.sealed import looking

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OURS, THEIRS, THIRD = "fjordbyen", "nabokommune", "utkanten"
REFUSED = "row-level security"


@pytest.fixture
def store(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    """The hub with one person and one waiting lane in each of three municipalities."""
    found = looking(postgres_url, tmp_path)
    for tenant in (OURS, THEIRS, THIRD):
        with found.write(tenant) as connection:
            known = persons.create(connection, tenant, ["a" * 64], NOW)
            breaker.ensure_recipients(connection, [system(tenant)])
            connection.execute(insert(lane), _lane(tenant, known))
            timers.put(connection, tenant, timers.EDGE, known, NOW)
    yield found
    found.close()


def system(tenant: str) -> System:
    return System(id="bup", tenant=tenant, adapter="fhir", organization="343231946", url="http://127.0.0.1:1")


def _lane(tenant: str, known: str) -> dict[str, Any]:
    numbers = dict.fromkeys(("cursor", "facts_cursor", "wake", "wake_seen", "run", "attempts"), 0)
    where = {"tenant": tenant, "person": known, "recipient": "bup", "id": "l1", "state": "waiting"}
    return {**where, **numbers, "waiting_since": NOW, "next_at": NOW}


def tenants(connection: Connection) -> set[str]:
    return {row.tenant for row in connection.execute(select(person.c.tenant))}


# --- who the tests are -------------------------------------------------------------------------------------


def test_the_tests_run_as_the_application(store: Store) -> None:
    with store.outside() as connection:
        demand_isolated_role(connection)
        row = connection.exec_driver_sql(
            "SELECT rolsuper, rolbypassrls, (SELECT count(*) FROM pg_class WHERE relowner = r.oid)"
            " FROM pg_roles r WHERE rolname = current_user"
        ).one()
    assert tuple(row) == (False, False, 0)


def test_every_table_that_has_a_tenant_is_held_to_it(store: Store) -> None:
    with store.outside() as connection:
        found = isolation.standings(connection)
    assert {one.table for one in found if not one.owned} <= isolation.OF_NO_TENANT
    assert [one.table for one in found if one.owned and not (one.held and one.allowed)] == []
    assert {one.table for one in found} >= set(metadata.tables)


def test_a_table_that_a_migration_forgot_is_held_all_the_same(store: Store) -> None:
    with databases.as_owner(store.url) as connection:
        connection.exec_driver_sql("CREATE TABLE forgotten (tenant varchar(40), said text)")
    schema.migrate(store.url.set(username=databases.OWNER).render_as_string(), application="stafettbro")
    with store.write(OURS) as connection:
        connection.exec_driver_sql(f"INSERT INTO forgotten VALUES ('{OURS}', 'x')")
    with store.read(THEIRS) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM forgotten").scalar() == 0


def test_nothing_in_the_database_leads_past_the_policies(store: Store) -> None:
    with store.outside() as connection:
        public = "'public'::regnamespace"
        views = f"SELECT count(*) FROM pg_class WHERE relnamespace = {public} AND relkind IN ('v', 'm')"
        functions = f"SELECT count(*) FROM pg_proc WHERE pronamespace = {public}"
        assert [connection.exec_driver_sql(asked).scalar() for asked in (views, functions)] == [0, 0]
        policies = connection.exec_driver_sql(
            "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies"
            " WHERE policyname <> 'claimer'"
        ).all()
        claimers = connection.exec_driver_sql(
            "SELECT tablename, roles::text, cmd FROM pg_policies WHERE policyname = 'claimer'"
        ).all()
    assert {one.policyname for one in policies} == {"tenant"}
    assert {(one.cmd, one.qual == one.with_check) for one in policies} == {("ALL", True)}
    assert {one.tablename for one in claimers} == isolation.CLAIMED.keys() & metadata.tables.keys()
    assert {(one.roles, one.cmd) for one in claimers} == {("{stafettbro_claimer}", "SELECT")}


# --- what is seen ------------------------------------------------------------------------------------------


def test_a_transaction_sees_whom_it_names_and_nobody_else(store: Store) -> None:
    with store.read(OURS) as connection:
        assert tenants(connection) == {OURS}
    with store.read(OURS, THIRD) as connection:
        assert tenants(connection) == {OURS, THIRD}
    with store.write(THEIRS) as connection:
        assert tenants(connection) == {THEIRS}


def test_who_names_nobody_sees_nothing(store: Store) -> None:
    with store.outside() as connection:  # named: nobody
        assert tenants(connection) == set()
    with store.engine.connect() as connection:  # after a transaction that named somebody
        assert tenants(connection) == set()
    engine = Store(store.url.render_as_string()).engine
    with engine.connect() as connection:  # never named anybody
        assert tenants(connection) == set()
    engine.dispose()


def test_what_a_transaction_named_ends_with_it(store: Store) -> None:
    for _ in range(30):  # whichever connection of the pool it is
        with store.read(OURS) as connection:
            assert tenants(connection) == {OURS}
        with store.outside() as connection:
            assert tenants(connection) == set()


@pytest.mark.parametrize("named", ["", "a'; SELECT 1 --", "a,b", "*", "a" * 41, "%"])
def test_what_is_no_tenants_id_begins_no_transaction(store: Store, named: str) -> None:
    with pytest.raises(ValueError), store.read(named):
        pass


# --- what is written ---------------------------------------------------------------------------------------

WRONG: dict[str, Callable[[Store, Connection], Any]] = {
    "a person": lambda _, c: persons.create(c, THEIRS, ["b" * 64], NOW),
    "a version": lambda s, c: versions.append(c, THEIRS, [_version()], s.transaction_id(c)),
    "a link": lambda _, c: links.save(c, THEIRS, [Link("bup", "Goal/g", "p", None)]),
    "a disclosure": lambda _, c: disclosures.begin(
        c, THEIRS, [disclosures.Attempt("x", "p", ())], recipient="bup", channel="push", run=1, epoch=1,
        owner=None, now=NOW, deadline=None,
    ),
    "a timer": lambda _, c: timers.put(c, THEIRS, timers.EDGE, "p", NOW),
    "an organization": lambda _, c: directory.note(
        c, THEIRS, [{"resourceType": "CarePlan", "author": _organization()}], NOW
    ),
}  # fmt: skip


def _version() -> Version:
    return Version(
        ref="Goal/g", version=1, person="p", item="Goal/g", change_no=1, created_by="logg", source="logg",
        recorded=NOW, first_recorded=NOW, stored=NOW, resource={"resourceType": "Goal", "id": "g"},
    )  # fmt: skip


def _organization() -> dict[str, Any]:
    return {
        "identifier": {"system": ENH, "value": "343231946"},
        "display": "BUP",
    }


@pytest.mark.parametrize("what", WRONG)
def test_the_database_refuses_what_is_written_for_another(store: Store, what: str) -> None:
    with pytest.raises(DBAPIError, match=REFUSED), store.write(OURS) as connection:
        WRONG[what](store, connection)
    with store.write(THEIRS) as connection:  # where it belongs, the same is taken
        WRONG[what](store, connection)


def test_what_another_has_is_neither_changed_nor_moved_nor_deleted(store: Store) -> None:
    theirs = person.c.tenant == THEIRS
    with store.write(OURS) as connection:
        assert connection.execute(update(person).where(theirs).values(change_no=9)).rowcount == 0
        assert connection.execute(delete(person).where(theirs)).rowcount == 0
        assert lanes.claim(connection, system(THEIRS), owner="w", now=NOW, limit=5) == []
        assert lanes.claim(connection, system(OURS), owner="w", now=NOW, limit=5) != []
    with pytest.raises(DBAPIError, match=REFUSED), store.write(OURS) as connection:
        connection.execute(update(person).values(tenant=THEIRS))


# --- above the tenants -------------------------------------------------------------------------------------


def test_above_the_tenants_is_seen_who_has_something_to_do(store: Store) -> None:
    with store.across() as connection:
        waiting = lanes.recipients_waiting(connection, NOW)
        due = timers.tenants_due(connection, timers.EDGE, NOW)
    assert sorted(waiting) == [(OURS, "bup"), (THEIRS, "bup"), (THIRD, "bup")]
    assert sorted(due) == [OURS, THEIRS, THIRD]


def test_above_the_tenants_no_more_is_seen_than_that(store: Store, postgres: Cluster) -> None:
    claimer = claimer_of(databases.APPLICATION)
    asked = "SELECT table_name, column_name FROM information_schema.column_privileges WHERE grantee = %s"
    with postgres.connect(store.url.database or "") as connection:
        seen = set(connection.execute(asked, (claimer,)).fetchall())
    with store.outside() as looking:
        every = [one.table for one in isolation.standings(looking)]
    assert seen == {(t, c) for t, columns in isolation.CLAIMED.items() if t in every for c in columns}
    assert not {column for _, column in seen} & {"person", "subject", "content", "items", "native_id", "ref"}
    for table in sorted(set(every) - isolation.CLAIMED.keys()):
        with pytest.raises(DBAPIError, match="permission denied"), store.across() as above:
            above.exec_driver_sql(f"SELECT 1 FROM {table}")


def test_above_the_tenants_nothing_is_written_and_no_person_is_read(store: Store) -> None:
    for tried in ("SELECT person FROM lane", "UPDATE lane SET state = 'idle'", "DELETE FROM timer",
                  "SELECT subject FROM timer"):  # fmt: skip
        with pytest.raises(DBAPIError, match="permission denied"), store.across() as connection:
            connection.exec_driver_sql(tried)


def test_the_application_has_not_what_the_claimer_sees(store: Store) -> None:
    with store.outside() as connection:
        assert connection.execute(select(func.count()).select_from(lane)).scalar() == 0


@pytest.mark.parametrize("tried", [
    "SET LOCAL ROLE stafettbro_owner", "SET LOCAL ROLE postgres", "ALTER ROLE stafettbro BYPASSRLS",
    "ALTER TABLE person DISABLE ROW LEVEL SECURITY", "DROP POLICY tenant ON person",
    "CREATE POLICY mine ON person USING (true)", "CREATE TABLE mine (said text)",
    "UPDATE alembic_version SET version_num = '0'",
])  # fmt: skip
def test_the_application_cannot_free_itself(store: Store, tried: str) -> None:
    refused = r"permission denied|must be (owner|superuser)"
    with pytest.raises(DBAPIError, match=refused), store.write(OURS) as connection:
        connection.exec_driver_sql(tried)


# --- who may start -----------------------------------------------------------------------------------------


def _refused(url: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        schema.bring_up(url, None)
    return str(caught.value)


def test_no_process_starts_as_a_role_that_is_held_to_nothing(store: Store, postgres: Cluster) -> None:
    name = store.url.database or ""
    with postgres.connect(name) as connection:
        connection.execute("DROP ROLE IF EXISTS free")
        connection.execute("CREATE ROLE free LOGIN BYPASSRLS")
        connection.execute("DROP ROLE IF EXISTS plain")
        connection.execute("CREATE ROLE plain LOGIN")
    assert "superuser" in _refused(postgres.url(name))
    assert "BYPASSRLS" in _refused(postgres.url(name, "free"))
    assert "owns the table" in _refused(postgres.url(name, databases.OWNER))
    assert "may not become plain_claimer" in _refused(postgres.url(name, "plain"))
    assert all("stafettbro database roles" in _refused(postgres.url(name, r)) for r in ("free", "plain"))
    schema.bring_up(postgres.url(name, databases.APPLICATION), None)


def test_the_roles_are_never_made_of_who_runs_the_statements(postgres: Cluster) -> None:
    name = postgres.create()
    for roles in (Roles("postgres", "app", name), Roles("its_owner", "postgres", name), Roles("a", "b", "x")):
        refused = r"this is for|take another role"
        with postgres.connect(name) as connection, pytest.raises(psycopg.Error, match=refused):
            connection.execute(statements(roles).encode())
    postgres.drop(name)


# --- from a release that named nobody ----------------------------------------------------------------------


def test_a_database_of_before_is_isolated_by_a_step_of_its_own(postgres: Cluster) -> None:
    url = its_database(postgres)
    schema.migrate(url, "0009")  # as the release before did: its role owns what it made
    bring_forward(postgres, url)
    before, owner = Store(url), postgres.url(url.rpartition("/")[2], databases.OWNER)
    schema.bring_up(url, None)
    with before.write(OURS) as connection:
        persons.create(connection, OURS, ["a" * 64], NOW)
    with before.outside() as connection:  # as a process of before, which names nobody
        assert (tenants(connection), isolation.isolated(connection)) == ({OURS}, False)
        assert connection.execute(text("SELECT oldest FROM schema_floor")).scalar() == "0009"
    schema.isolate(owner, databases.APPLICATION)
    schema.isolate(owner, databases.APPLICATION)
    with before.outside() as connection:
        assert (tenants(connection), isolation.isolated(connection)) == (set(), True)
        assert connection.execute(text("SELECT oldest FROM schema_floor")).scalar() == schema.NAMES_TENANTS
    with before.read(OURS) as connection:
        assert tenants(connection) == {OURS}
    before.close()
