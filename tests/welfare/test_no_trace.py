"""Where guardians must find nothing, nothing outside the store of reports changes: not a byte of the hub's
tables, no answer of the gateway, no figure, no log line; and the words themselves stand nowhere in the
clear."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.world import World, fields
from tests.demo.running import TOKEN, Running, records_system
from tests.welfare.carrying import carried, settled, until
from tests.welfare.conftest import Build
from tests.welfare.reporting import TEXT, report

REASON = "Mistanke om vold i hjemmet."
CHILD = {"fnr": "14831770229", "navn": {"fornavn": "Emma Sofie", "etternavn": "Testesen"}}  # known to the hub
CURSOR = re.compile(rb'"cursor":"[^"]*"')  # of a pull: new each time
FEEDBACK = "Vi åpner undersøkelse i dag."


@pytest.fixture(scope="module")
def barnevern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The child welfare service's system, a process of its own."""
    with records_system(tmp_path_factory.mktemp("barnevern"), "barnevern", []) as running:
        yield running


@pytest.fixture
def world(build: Build, barnevern: Running, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("WELFARE_PEER", TOKEN)
    credentials = {"kind": "bearer", "token_ref": "env:WELFARE_PEER"}
    return build(barnevern={"url": barnevern.url, "credentials": credentials})


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in a SQLite database."""
    with closing(sqlite3.connect(path)) as connection:
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in listed}


def told(world: World, own: str) -> dict[str, bytes]:
    """What the gateway tells of Emma, to everyone who may ask."""
    paths = {
        "timeline": (f"/timeline/{own}?limit=200", ("logg", "plan", "bup")),
        "decisions": (f"/decisions?patient={own}&recipient=bup", ("drift", "logg")),
        "plan": (f"/fhir/CarePlan?patient={own}", ("logg", "bup", "plan")),
        "everything": (f"/fhir/Communication?patient={own}", ("logg", "bup")),
        "unshown": (f"/systems/logg/unshown?patient={own}", ("logg",)),
        "lanes": ("/lanes?recipient=bup", ("drift",)),
        "pull": ("/systems/plan/records?limit=200", ("plan",)),
    }
    answers = {(n, c): world.get(path, c) for n, (path, clients) in paths.items() for c in clients}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {f"{name} {client}": CURSOR.sub(b"", answer.content) for (name, client), answer in answers.items()}


def figures(world: World) -> list[str]:
    """The metrics, without those of how long an answer took."""
    lines = world.get("/metrics", "drift").text.splitlines()
    return [
        line for line in lines if "_seconds" not in line and "_created" not in line and "/metrics" not in line
    ]


def written(line: logging.LogRecord) -> bool:
    """Whether a serving process writes it, as gateway.cli.logs.start says."""
    return line.name.startswith("stafettbro") or line.levelno >= logging.WARNING


def flow(world: World, barnevern: Running) -> dict[str, Any]:
    """A report is sent, delivered, answered and read."""
    given = report(barn=CHILD)
    receipt = fields(world.post("/welfare/reports", "logg", given))
    with carried(world):
        until(lambda: settled(world))
    arrived = barnevern.http.get(f"/records/{receipt['id']}").json()
    assert (arrived["beskrivelse"], arrived["barn"]) == (TEXT, CHILD)
    body = {"state": "undersoekes", "time": world.now.isoformat(), "text": FEEDBACK}
    path = f"/welfare/reports/{receipt['id']}"
    assert world.post(f"{path}/feedback", "barnevern", body).status_code == 200
    assert fields(world.get(path, "logg"))["feedback"][0]["text"] == FEEDBACK
    assert world.get(path, "plan").status_code == 404
    assert world.post("/welfare/reports", "logg", {**given, "grunn": 7}).status_code == 422
    return dict(receipt)


def test_nothing_outside_the_store_changes(
    world: World, barnevern: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for system in ("logg", "plan"):
        world.hand_in(system, records("stafettlogg" if system == "logg" else "individuell-plan", "emma"))
    own = person(world, records("stafettlogg", "emma")[0])
    told(world, own)  # what a first reading changes by itself, such as what stands as fetched
    before, figures_before = told(world, own), figures(world)
    hub = Path(str(world.service.store.url.database))
    rows, lines = tables(hub), len(caplog.records)

    receipt = flow(world, barnevern)

    assert tables(hub) == rows
    assert [line for line in caplog.records[lines:] if written(line)] == []
    assert figures(world) == figures_before
    assert told(world, own) == before
    words = [
        receipt["id"],
        "bm-oppdiktet-17",
        TEXT,
        REASON,
        FEEDBACK,
        "bekymringsmelding",
        "Kari Kontaktlærer",
    ]
    known = [*words, "Emma Sofie", "14831770229"]
    assert found_in(hub_files(tmp_path, hub), words) == []
    assert found_in(welfare_files(tmp_path), [*known[1:]]) == []  # sealed
    assert [w for w in words if w in "\n".join(figures(world))] == []


def test_a_report_at_the_wrong_door_is_turned_away_and_nothing_is_kept(world: World, tmp_path: Path) -> None:
    world.hand_in("logg", records("stafettlogg", "emma"))
    hub = Path(str(world.service.store.url.database))
    rows = tables(hub)
    for record in (report(barn=CHILD), report(barn=CHILD) | {"logg": "emma-logg", "endretAv": "e-d1"}):
        answer = world.hand_in("logg", record)
        assert (answer.status_code, fields(answer)["code"]) == (422, "unknown-type")
    assert tables(hub) == rows
    assert found_in(hub_files(tmp_path, hub), [TEXT, "bm-oppdiktet-17"]) == []


def hub_files(folder: Path, hub: Path) -> list[Path]:
    """All that the gateway has written, but the store of reports."""
    ours = [p for p in folder.rglob("*") if p.is_file()]
    assert hub in ours
    return [p for p in ours if not p.name.startswith("welfare.")]


def welfare_files(folder: Path) -> list[Path]:
    found = list(folder.glob("welfare.db*"))
    assert found
    return found


def found_in(files: list[Path], words: list[str]) -> list[str]:
    """Which of the words stand literally in the bytes of which file."""
    held = {path.name: path.read_bytes() for path in files}
    return [f"{name}: {word}" for name, data in held.items() for word in words if word.encode() in data]


def test_the_search_finds_what_is_there(world: World, tmp_path: Path, barnevern: Running) -> None:
    receipt = flow(world, barnevern)
    theirs = [p for p in barnevern.folder.rglob("*") if p.is_file()]
    assert found_in(theirs, [TEXT]) != []  # at the recipient it stands in the clear
    assert found_in(theirs, [receipt["id"]]) != []
    assert found_in(welfare_files(tmp_path), [receipt["id"]]) != []


def test_the_reports_own_store_is_readable_by_its_user_alone(world: World, tmp_path: Path) -> None:
    for name in ("welfare.db", "welfare.key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, name
