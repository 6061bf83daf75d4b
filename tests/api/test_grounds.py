"""Grounds other than consent, as a route's configuration states them: they carry what they name, between whom
they may, and every decision says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import Settings
from tests.access.issuer_server import Issuer
from tests.api.test_fhir_read import person
from tests.api.world import World, fields, settings

HEALTH = {"rule": "G2", "categories": ["notat"], "reason": "Samme pasient, samme forløp", "role": "lege"}
TASK = {"rule": "G3", "limb": "task", "categories": ["notat"], "reason": "Skolens oppgave", "role": "rektor"}


@pytest.fixture
def grounded(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, request: pytest.FixtureRequest
) -> Iterator[World]:
    """The same gateway, whose route from the log to BUP has a ground beside consent."""
    told = settings(sqlite_url, tmp_path, issuer).model_dump()
    for route in told["routes"]:
        if (route["source"], route["recipient"]) == ("logg", "bup"):
            route["grounds"] = [request.param]
    made = World(Settings.model_validate(told), issuer)
    yield made
    made.close()


def note_by(log: list[dict[str, Any]], service: str, hpr: str | None) -> list[dict[str, Any]]:
    """The log with its note written by whoever takes part for a service."""
    author = next(r for r in log if r.get("tjeneste") == service)
    changed = {**author, **({"hpr": hpr} if hpr else {})}
    note = next(r for r in log if r["id"] == "e-n1")
    written = {**note, "endretAv": author["id"], "opprettetAv": author["id"]}
    written.pop("tredjeperson", None)
    return [changed if r is author else written if r is note else r for r in log]


def outcome(world: World, log: list[dict[str, Any]], recipient: str = "bup") -> tuple[str, str | None]:
    """What is decided of the note."""
    world.hand_in("logg", log)
    own = person(world, log[0])
    found = fields(world.get(f"/decisions?patient={own}&recipient={recipient}", "drift"))["items"]
    notes = [one for one in found if one["decisions"][0]["categories"] == ["notat"]]
    assert len(notes) == 1
    return notes[0]["outcome"], notes[0]["ground"]


@pytest.mark.parametrize("grounded", [HEALTH], indirect=True)
@pytest.mark.parametrize(
    ("service", "hpr", "expected"),
    [
        ("helsestasjon", "9144889", ("permit", "G2")),
        ("helsestasjon", None, ("deny", None)),  # not known to be health personnel
        ("skole", "9144889", ("deny", None)),  # no health care
    ],
)
def test_health_care_among_itself(
    grounded: World,
    emma: list[dict[str, Any]],
    service: str,
    hpr: str | None,
    expected: tuple[str, str | None],
) -> None:
    log = [{k: v for k, v in r.items() if k != "hpr"} if r.get("tjeneste") == service else r for r in emma]
    assert outcome(grounded, note_by(log, service, hpr)) == expected


@pytest.mark.parametrize("grounded", [HEALTH], indirect=True)
def test_it_reaches_no_other_recipient(grounded: World, emma: list[dict[str, Any]]) -> None:
    assert outcome(grounded, note_by(emma, "helsestasjon", "9144889"), "lege") == ("deny", None)


@pytest.mark.parametrize("grounded", [TASK], indirect=True)
def test_the_givers_own_task(grounded: World, emma: list[dict[str, Any]]) -> None:
    assert outcome(grounded, note_by(emma, "skole", None)) == ("permit", "G3")


@pytest.mark.parametrize(
    "wrong",
    [{**HEALTH, "limb": "task"}, {**TASK, "limb": None}, {**HEALTH, "reason": ""}, {**HEALTH, "rule": "G4"}],
)
def test_a_ground_that_is_none_is_refused_at_the_start(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, wrong: dict[str, Any]
) -> None:
    told = settings(sqlite_url, tmp_path, issuer).model_dump()
    told["routes"][0]["grounds"] = [wrong]
    with pytest.raises(ValidationError):
        Settings.model_validate(told)
