"""`consents` tells how each consent stands and who holds what, by ids alone, and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.hub import links
from tests.cli.conftest import Installation, Invoke
from tests.cli.test_looking import CONTENT, copied, dump
from tests.sealed import looking

TOLD = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def told(lived_in: Installation, tmp_path: Path) -> Installation:
    """Jonas's goal and the note that is withheld from his parents have been told to BUP."""
    own = copied(lived_in, tmp_path)
    store = looking(own.url, own.state)
    with store.write("fjordbyen") as connection:
        found = links.names(connection, "fjordbyen", "stafettlogg", ["j-m1", "j-n1"])
        items = tuple(Disclosed(n.ref, 1, (), "G1", ("G1",), ()) for n in found.values())
        disclosures.begin(
            connection,
            "fjordbyen",
            [Attempt(disclosures.new_id(), next(iter(found.values())).person, items)],
            recipient="bup",
            channel="push",
            run=1,
            epoch=1,
            owner=None,
            now=TOLD,
            deadline=None,
            state=disclosures.DELIVERED,
        )
    store.close()
    return own


def test_each_consent_with_its_signers_and_history(lived_in: Installation, invoke: Invoke) -> None:
    done = invoke("consents", "stafettlogg:jonas-logg", "--history", "-c", lived_in.config)
    assert done.exit_code == 0, done.output
    paragraphs = {
        name: part for part in done.stdout.split("\n\n") for name in ("j-s1", "j-s2") if name in part
    }
    assert "foresatt" in paragraphs["j-s1"]
    assert "(stafettlogg:j-d4): MISSING" in paragraphs["j-s1"]
    assert "(stafettlogg:j-d3): has signed" in paragraphs["j-s1"]
    assert "MISSING" not in paragraphs["j-s2"]
    assert "not: ppt" in paragraphs["j-s2"]
    assert "version 1" in paragraphs["j-s1"]
    assert "Mottakere: – → bup, ppt" in paragraphs["j-s1"]
    assert "nobody" in done.stdout.split("who holds what")[1]
    for secret in (*CONTENT, "Jonas", "Prøve", "hasj", "02861183354"):
        assert secret not in done.stdout


def test_who_holds_what_for_staff_and_for_a_parent(told: Installation, invoke: Invoke) -> None:
    before = dump(told)
    staff = invoke("consents", "stafettlogg:jonas-logg", "-c", told.config).stdout
    assert "BUP Fjordane (343231946, bup): " in staff
    assert "stafettlogg:j-m1" in staff
    assert "stafettlogg:j-n1" in staff
    mother = invoke(
        "consents", "stafettlogg:jonas-logg", "--reader", "stafettlogg:j-d3", "-c", told.config
    ).stdout
    assert "stafettlogg:j-m1" in mother
    assert "j-n1" not in mother
    young = invoke(
        "consents",
        "stafettlogg:jonas-logg",
        "--reader",
        "stafettlogg:j-d5",
        "--language",
        "nn",
        "-c",
        told.config,
    ).stdout
    assert "stafettlogg:j-n1" in young
    assert "Alle som må bestemme, har samtykt" in young
    assert dump(told) == before
    for secret in (*CONTENT, "Jonas", "hasj", "skulen"):
        assert secret not in staff + mother + young


def test_a_reader_who_takes_no_part_is_named_so(told: Installation, invoke: Invoke) -> None:
    arguments = ("consents", "stafettlogg:jonas-logg", "-c", told.config, "--reader")
    gone = invoke(*arguments, "stafettlogg:j-d2")
    assert (gone.exit_code, "takes no part" in gone.stderr) == (3, True)
    assert invoke(*arguments, "stafettlogg:e-d2").exit_code == 3
