"""Nobody changes the audit unseen: what is changed, taken away, slipped in, swapped or cut off is found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.hub.audit.verify import verify
from tests import databases
from tests.audit.standing import TENANT, Standing, filled
from tests.audit.tampering import campaign

SEED, CHANGES = int(os.environ.get("TAMPER_SEED", "20261122")), int(os.environ.get("TAMPER_CHANGES", "300"))


@pytest.fixture
def standing(database_url: str, tmp_path: Path) -> Iterator[Standing]:
    made = filled(database_url, tmp_path)
    yield made
    made.close()


def test_what_nobody_touched_is_whole(standing: Standing) -> None:
    with standing.store.read(TENANT) as connection:
        found = verify(connection, TENANT, standing.signed())
    assert (found.faults, found.blocks, found.tail, found.heads) == ([], 5, 0, 5)
    assert (found.disclosures, found.before) == (20, 0)
    assert found.entries == 20 + 15 + 20  # begun, ended (a fourth is under way), beside them


def test_every_change_is_found(standing: Standing) -> None:
    if standing.store.sqlite:
        with standing.store.write(TENANT) as connection:
            counts = campaign(connection, standing, SEED, CHANGES)
    else:
        with databases.as_owner(standing.store.url) as connection:
            connection.exec_driver_sql(f"SET LOCAL stafettbro.tenants = '{TENANT},{TENANT}x,x{TENANT[:-1]}'")
            counts = campaign(connection, standing, SEED, max(40, CHANGES // 6))
    assert len(counts) >= 15  # of many kinds


def test_what_comes_after_is_chained_and_what_is_not_yet_is_no_fault(standing: Standing) -> None:
    standing.note(900)
    with standing.store.read(TENANT) as connection:
        found = verify(connection, TENANT, standing.signed())
    assert (found.faults, found.tail) == ([], 1)
    assert standing.another_sealer().round(TENANT) == 1
    assert standing.sealer.round(TENANT) == 0
    standing.note(901)
    assert standing.sealer.round(TENANT) == 1
    with standing.store.read(TENANT) as connection:
        found = verify(connection, TENANT, standing.signed())
    assert (found.faults, found.tail, found.blocks) == ([], 0, 7)


def test_the_first_wrong_entry_is_named(standing: Standing) -> None:
    with databases.as_owner(standing.store.url) as connection:
        if not standing.store.sqlite:
            connection.exec_driver_sql(f"SET LOCAL stafettbro.tenants = '{TENANT}'")
        acts = "SELECT number FROM audit WHERE action = 'act' ORDER BY number LIMIT 3"
        connection.execute(text(f"UPDATE audit SET client = 'en annen' WHERE number IN ({acts})"))
        first = connection.execute(text("SELECT min(number) FROM audit WHERE client = 'en annen'")).scalar()
    with standing.store.read(TENANT) as connection:
        found = verify(connection, TENANT, standing.signed())
    assert found.first is not None
    assert (found.first.where, found.first.what) == (f"entry {first}", "was changed")
    assert len(found.faults) == 3


@pytest.mark.parametrize("statement", [
    "UPDATE audit SET client = 'x'", "DELETE FROM audit", "UPDATE audit_block SET at = 0",
    "DELETE FROM audit_block", "TRUNCATE audit",
])  # fmt: skip
def test_the_application_can_change_none_of_it(postgres_url: str, tmp_path: Path, statement: str) -> None:
    standing = filled(postgres_url, tmp_path, blocks=1)
    with pytest.raises(Exception, match="permission denied"), standing.store.write(TENANT) as connection:
        connection.exec_driver_sql(statement)
    standing.close()
