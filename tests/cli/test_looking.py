"""`explain`, `preview` and `lanes` tell by ids and rules what a delivery would do; looking changes
nothing."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import config
from gateway.exchange import lanes as lane_rows
from gateway.exchange.breaker import ensure_recipients
from gateway.exchange.prepare import Preparer
from gateway.service import build
from tests.cli.conftest import Installation, Invoke, install

CONTENT = ("Testesen", "Solvang", "Emma", "14831770229", "venninne", "friminutt")


def dump(installed: Installation) -> list[str]:
    with closing(sqlite3.connect(installed.url.removeprefix("sqlite:///"))) as connection:
        return list(connection.iterdump())


def copied(installed: Installation, folder: Path) -> Installation:
    """The same children, in a database of one's own."""
    own = install(folder)
    with (
        closing(sqlite3.connect(installed.url.removeprefix("sqlite:///"))) as source,
        closing(sqlite3.connect(own.url.removeprefix("sqlite:///"))) as target,
    ):
        source.backup(target)
    shutil.copytree(installed.folder / "state", own.folder / "state")
    return own


def said_of(output: str, named: str) -> str:
    """The paragraph of `explain` about one item."""
    return next(part for part in output.split("\n\n") if f"({named})" in part)


# --- explain ---------------------------------------------------------------------------------------------


def test_explain_tells_each_item_with_rules_and_consents(lived_in: Installation, invoke: Invoke) -> None:
    done = invoke("explain", "stafettlogg:jonas-logg", "individuell-plan", "-c", lived_in.config)
    assert done.exit_code == 0, done.output
    opened = lived_in.config.read_text().replace("open = false", "open = true")
    lived_open = lived_in.folder / "open.toml"
    lived_open.write_text(opened)
    said = invoke("explain", "stafettlogg:jonas-logg", "bup", "-c", lived_open).stdout
    withheld = {name: said_of(said, f"stafettlogg:{name}") for name in ("j-n1", "j-n2")}
    assert "(B4: Volven 9603" in withheld["j-n1"]
    assert "(B5: " in withheld["j-n2"]
    assert "deny" in withheld["j-n1"]
    goal = said_of(said, "stafettlogg:j-m1")
    assert "maal: permit" in goal
    assert goal.count("Consent/") == 2  # both parents and Jonas have decided, in two records
    for secret in CONTENT:
        assert secret not in said


def test_explain_names_a_route_that_is_not_open(lived_in: Installation, invoke: Invoke) -> None:
    said = invoke("explain", "stafettlogg:emma-logg", "bup", "stafettlogg:e-m1", "-c", lived_in.config).stdout
    assert "no open route from stafettlogg to bup" in said


def test_explain_speaks_nynorsk_and_asks_as_if_it_were_then(lived_in: Installation, invoke: Invoke) -> None:
    arguments = (
        "explain",
        "stafettlogg:emma-logg",
        "individuell-plan",
        "stafettlogg:e-n1",
        "-c",
        lived_in.config,
    )
    assert "Dette blir ikkje delt." in invoke(*arguments, "--language", "nn").stdout
    assert "Anna svar:" in invoke(*arguments, "--language", "nn").stdout
    assert "at 2037-01-01T12:00:00+01:00" in invoke(*arguments, "--at", "2037-01-01").stdout
    past = invoke(*arguments, "--at", "2001-01-01")
    assert (past.exit_code, "was not known here then" in past.stderr) == (3, True)
    assert invoke(*arguments, "--at", "i morgen").exit_code == 3


def test_a_national_id_is_asked_for_and_never_taken_from_the_line(
    lived_in: Installation, invoke: Invoke
) -> None:
    for named in ("14831770229", "stafettlogg:14831770229"):
        taken = invoke("explain", named, "bup", "-c", lived_in.config)
        assert taken.exit_code == 3
        assert "not taken from a command line" in taken.stderr
        assert "14831770229" not in taken.output
    asked = invoke("explain", "-", "bup", "-c", lived_in.config, stdin="148317 70229\n")
    assert asked.exit_code == 0, asked.output
    assert "stafettlogg:emma-logg" in asked.stdout
    assert "14831770229" not in asked.output
    unknown = invoke("explain", "-", "bup", "-c", lived_in.config, stdin="01010112345\n")
    assert (unknown.exit_code, "Nobody is known" in unknown.stderr) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [("x", "bup"), ("stafettlogg:nei", "bup"), ("stafettlogg:emma-logg", "nei"),
     ("stafettlogg:emma-logg", "bup", "stafettlogg:j-m1"), ("stafettlogg:emma-logg", "bup", "Goal/nei")],
)  # fmt: skip
def test_whoever_is_not_there_is_said(
    lived_in: Installation, invoke: Invoke, arguments: tuple[str, ...]
) -> None:
    done = invoke("explain", *arguments, "-c", lived_in.config)
    assert done.exit_code == 3
    assert "Traceback" not in done.output


def test_looking_asks_for_the_migration_and_makes_none(installation: Installation, invoke: Invoke) -> None:
    done = invoke("lanes", "list", "-c", installation.config)
    assert (done.exit_code, "no database yet" in done.stderr) == (3, True)
    (installation.folder / "stafettbro.db").touch()
    assert "stafettbro migrate" in invoke("lanes", "list", "-c", installation.config).stderr
    assert invoke("migrate", "-c", installation.config).exit_code == 0
    assert "on it already" in invoke("migrate", "-c", installation.config).stdout
    assert invoke("lanes", "list", "-c", installation.config).exit_code == 0


# --- preview ---------------------------------------------------------------------------------------------


def test_preview_says_what_a_run_would_prepare(
    lived_in: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    said = invoke("preview", "stafettlogg", "individuell-plan", "--details", "-c", lived_in.config).stdout
    previewed = {line.split(":")[0].strip() for line in said.splitlines() if line.endswith(": send")}
    own = copied(lived_in, tmp_path)
    service = build(config.load(own.config))
    system = service.settings.system("individuell-plan")
    assert system is not None
    prepared = set()
    with service.store.write("fjordbyen") as connection:
        ensure_recipients(connection, [system])
        now = datetime.now(UTC)
        preparer = Preparer(system, service.settings, service.mappings[system.id], service.facts)
        for claim in lane_rows.claim(connection, system, owner="test", now=now, limit=10):
            plan = preparer.prepare(connection, claim, now)
            assert plan is not None
            prepared |= {send.difference.ref for send in plan.sends}
    service.close()
    assert len(prepared) > 5
    focal = {ref for ref in previewed if not ref.endswith(("-evaluering", "-effekt", "-referat"))}
    assert focal == prepared


def test_preview_of_a_closed_route_counts_what_is_withheld_by_which_rule(
    lived_in: Installation, invoke: Invoke
) -> None:
    before = dump(lived_in)
    done = invoke("preview", "--source", "stafettlogg", "--recipient", "bup", "-c", lived_in.config)
    assert done.exit_code == 0, done.output
    assert "(not open)" in done.stdout
    assert "withheld by B4: 1." in done.stdout  # j-n1, not for guardians
    assert "withheld by B5: 1." in done.stdout  # j-n2, about the mother
    assert "for 2 of 2 persons" in done.stdout
    assert "2 persons are not yet matched at bup" in done.stdout
    assert dump(lived_in) == before


def test_preview_of_a_route_nobody_has_written_yet(lived_in: Installation, invoke: Invoke) -> None:
    done = invoke("preview", "individuell-plan", "bup", "-c", lived_in.config)
    assert done.exit_code == 0, done.output
    assert "for 1 of 2 persons" in done.stdout


def test_preview_tells_of_what_came_from_the_source_alone(lived_in: Installation, invoke: Invoke) -> None:
    said = invoke("preview", "individuell-plan", "stafettlogg", "--details", "-c", lived_in.config).stdout
    with closing(sqlite3.connect(lived_in.url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute("SELECT ref, created_by FROM resource WHERE ref LIKE 'Goal/%'").fetchall()
    assert {created_by for _, created_by in rows} == {"stafettlogg", "individuell-plan"}
    for ref, created_by in rows:
        assert (ref in said) == (created_by == "individuell-plan")


def test_preview_says_who_has_no_log_there(lived_in: Installation, invoke: Invoke) -> None:
    done = invoke("preview", "stafettlogg", "individuell-plan", "-c", lived_in.config)
    assert done.exit_code == 0
    assert "1 persons have no log or plan at individuell-plan" in done.stdout  # Jonas
    assert "withheld by unknown" not in done.stdout
    for secret in CONTENT:
        assert secret not in done.output
    said = invoke("explain", "stafettlogg:jonas-logg", "individuell-plan", "-c", lived_in.config).stdout
    assert "no log or plan there" in said


@pytest.mark.parametrize("ends", [("stafettlogg", "stafettlogg"), ("stafettlogg", "nei"), ("stafettlogg",)])
def test_a_preview_without_two_ends_is_refused(
    lived_in: Installation, invoke: Invoke, ends: tuple[str, ...]
) -> None:
    assert invoke("preview", *ends, "-c", lived_in.config).exit_code == 3


# --- lanes -----------------------------------------------------------------------------------------------


def test_lanes_are_listed_shown_held_released_and_replayed(
    lived_in: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    own = copied(lived_in, tmp_path)
    listed = invoke("lanes", "list", "--recipient", "individuell-plan", "-c", own.config).stdout
    lane = listed.splitlines()[1].split()[0]
    held = invoke("lanes", "hold", lane, "--reason", "agreed-stop", "-c", own.config)
    assert held.exit_code == 0, held.output
    shown = invoke("lanes", "show", lane[:13], "-c", own.config).stdout
    assert "held" in shown
    assert "agreed-stop" in shown
    assert lane in invoke("lanes", "list", "--state", "held", "-c", own.config).stdout
    assert invoke("lanes", "release", lane, "-c", own.config).exit_code == 0
    assert lane not in invoke("lanes", "list", "--state", "held", "-c", own.config).stdout
    assert "compared again" in invoke("lanes", "replay", lane, "-c", own.config).stdout
    assert "-1" in invoke("lanes", "show", lane, "-c", own.config).stdout  # its facts cursor


def test_what_a_restored_recipient_holds_is_doubted_on_all_its_lanes(
    lived_in: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    own = copied(lived_in, tmp_path)
    done = invoke("lanes", "recheck", "individuell-plan", "-c", own.config)
    assert done.exit_code == 0, done.output
    assert "look at everything again" in done.stdout
    waiting = invoke("lanes", "list", "--recipient", "individuell-plan", "-c", own.config).stdout
    assert "waiting" in waiting
    assert invoke("lanes", "recheck", "finnes-ikke", "-c", own.config).exit_code == 3


def test_a_lane_is_named_by_enough_of_its_id(lived_in: Installation, invoke: Invoke) -> None:
    assert "no such lane" in invoke("lanes", "show", "zzz", "-c", lived_in.config).stderr
    assert "Several lanes" in invoke("lanes", "show", "%", "-c", lived_in.config).stderr
    refused = invoke("lanes", "hold", "zzz", "--reason", "gjelder 14831770229", "-c", lived_in.config)
    assert (refused.exit_code, "The reason is one of" in refused.stderr) == (3, True)
    assert "14831770229" not in refused.output
