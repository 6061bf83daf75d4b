"""`database seal`, where it was cut off: nothing else works on the database, and the same command goes on."""

from __future__ import annotations

from contextlib import closing

from gateway.hub.schema import SEALING, is_sealed, set_floor
from tests.cli.conftest import Installation, Invoke
from tests.cli.test_consents import told as told
from tests.sealed import looking


def test_what_was_cut_off_goes_on(told: Installation, invoke: Invoke) -> None:
    set_floor(told.url, SEALING)
    for command in (("people", "show", "stafettlogg:jonas-logg"), ("check",)):
        refused = invoke(*command, "-c", told.config)
        assert refused.exit_code != 0
        assert "being sealed" in refused.output
    done = invoke("database", "seal", "-c", told.config)
    assert done.exit_code == 0, done.output
    with closing(looking(told.url, told.state)) as store, store.outside() as connection:
        assert is_sealed(connection)
