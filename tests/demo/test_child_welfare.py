"""The demo's child welfare service: takes reports and anonymous messages, each by itself, shows them, and
refuses what is neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.demo.running import Running, records_system
from tests.welfare.reporting import TEXT, report

MESSAGE = {
    "type": "melding",
    "emne": "Anonym drøfting",
    "tekst": "Et barn på ni år sover dårlig.",
    "tidspunkt": "2026-11-21T10:00:00+01:00",
    "endret": "2026-11-21T10:00:00+01:00",
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with records_system(tmp_path_factory.mktemp("barnevern"), "barnevern", []) as running:
        yield running


def put(system: Running, own: str, record: dict[str, Any]) -> httpx.Response:
    return system.http.put(f"/records/{own}", json={**record, "id": own}, headers={"If-None-Match": "*"})


def test_a_report_is_kept_and_shown(system: Running) -> None:
    whole = {**report(akutt=True), "endret": "2026-11-21T10:00:00+01:00"}
    assert put(system, "r-1", whole).status_code == 201
    page = system.http.get("/barn/r-1").text
    assert "Akutt bekymring for Torunn Aslaug Ringstadhaugen" in page
    assert TEXT in page
    assert "Kari Kontaktlærer" in page
    assert "Torunn Aslaug Ringstadhaugen" in system.http.get("/").text


def test_an_anonymous_message_stands_by_itself(system: Running) -> None:
    assert put(system, "m-1", MESSAGE).status_code == 201
    assert MESSAGE["tekst"] in system.http.get("/barn/m-1").text


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({**report(), "endret": "2026-11-21T10:00:00+01:00", "beskrivelse": ""}, "beskrivelse"),
        ({**MESSAGE, "tekst": ""}, "tekst"),
        ({**MESSAGE, "type": "maal"}, "type"),
    ],
)
def test_what_is_neither_is_refused(system: Running, record: dict[str, Any], field: str) -> None:
    answer = put(system, "x-1", record)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
