"""`recall`: through the same function as the API, and said by ids and codes."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Installation, Invoke
from tests.cli.test_looking import CONTENT, copied

EMMA = "stafettlogg:emma-logg"


def test_it_recalls_and_says_who_had_it(lived_in: Installation, invoke: Invoke, tmp_path: Path) -> None:
    own = copied(lived_in, tmp_path)
    asked = ("recall", EMMA, "stafettlogg:e-m1", "--by", "Kari Nordmann", "-c", own.config)
    done = invoke(*asked)
    assert done.exit_code == 0, done.output
    assert "is open" in done.output
    assert "source" in done.output
    assert not [word for word in CONTENT if word in done.output]
    again = invoke(*asked)
    assert "(recalled before)" in again.output
    assert invoke("explain", EMMA, "bup", "stafettlogg:e-m1", "-c", own.config).exit_code == 0


def test_what_is_wrong_is_said(lived_in: Installation, invoke: Invoke, tmp_path: Path) -> None:
    own = copied(lived_in, tmp_path)
    for by, reason, item, word in (
        ("Kari", "fordi", "stafettlogg:e-m1", "feil-person"),
        ("14831770229", "annet", "stafettlogg:e-m1", "no number"),
        ("Kari", "annet", "stafettlogg:e-s1", "not recalled"),
        ("Kari", "annet", "Goal/finnes-ikke", "No such item"),
    ):
        done = invoke("recall", EMMA, item, "--by", by, "--reason", reason, "-c", own.config)
        assert done.exit_code == 3, done.output
        assert word in done.output
