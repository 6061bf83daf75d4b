"""`lanes backfill`: how far a new recipient has come."""

from __future__ import annotations

from contextlib import closing

from gateway import config
from gateway.exchange import opening
from gateway.hub.store import Store
from tests.cli.conftest import Installation, Invoke, children
from tests.intake.world import NOW


def test_it_tells_persons_passed_and_lanes_to_go(installation: Installation, invoke: Invoke) -> None:
    file = installation.folder / "r.json"
    file.write_bytes(children("emma", "jonas"))
    assert invoke("import", "stafettlogg", file, "-c", installation.config).exit_code == 0
    none = invoke("lanes", "backfill", "-c", installation.config)
    assert (none.exit_code, "Nothing has been opened" in none.stdout) == (0, True)
    with closing(Store(installation.url)) as store, store.write("fjordbyen") as connection:
        opening.note(connection, config.load(installation.config), "fjordbyen", NOW)
    begun = invoke("lanes", "backfill", "individuell-plan", "-c", installation.config)
    assert "0 of 2" in begun.stdout
    assert "being opened" in begun.stdout
    with closing(Store(installation.url)) as store, store.write("fjordbyen") as connection:
        opening.advance(connection, "fjordbyen", "individuell-plan", NOW)
    passed = invoke("lanes", "backfill", "individuell-plan", "-c", installation.config)
    assert "2 of 2" in passed.stdout
    assert "2 lanes to go" in passed.stdout
    assert "stafettlogg" not in passed.stdout
