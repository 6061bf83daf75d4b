"""The front door of a running gateway: every sample file in every form, the broken records each with its own
answer, and a repeat under the same key answered as the first time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import jsontext
from gateway.hub.schema.tables import late_edition
from tests import databases
from tests.access.issuer_server import Issuer
from tests.end_to_end import served
from tests.end_to_end.fresh import database
from tests.end_to_end.served import Process
from tests.end_to_end.systems import Systems

FILES = {
    ("stafettlogg", "emma"): "list",
    ("stafettlogg", "jonas"): "lines",
    ("stafettlogg", "amina"): "single",
    ("individuell-plan", "emma"): "lines",
    ("individuell-plan", "amina"): "list",
}
FORMS = ("list", "lines", "single")
BROKEN = jsontext.decode(Path(__file__).with_name("rot.json").read_bytes())
REJECTED = {  # place in rot.json: the fields that are wrong
    0: {("barn.fnr", "check-digit"), ("bekymring[0]", "unknown-code")},
    1: {("id", "missing")},
    2: {("endret", "not-a-time")},
    4: {("status", "unknown-code")},
    5: {("innhold", "not-base64")},
    6: {("tekst", "forbidden-character")},
    12: {("type", "unknown-type")},
}
STORED = (7, 8, 9, 10)
WAITING, OLDER = 3, 11


@pytest.fixture(scope="module", params=databases.KINDS)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems, issuer: Issuer
) -> Iterator[Process]:
    """A running gateway that nobody has told anything, on each database."""
    folder = tmp_path_factory.mktemp("door")
    with (
        database(request, request.param, folder) as url,
        served.process(url, folder, systems, issuer) as running,
    ):
        yield running


def post(door: Process, system: str, records: list[dict[str, Any]], form: str) -> list[dict[str, Any]]:
    """Records in one of the three forms; one answer each."""
    if form == "single":
        answers = [door.post(system, jsontext.encode(record)) for record in records]
        return [_one(answer) for answer in answers]
    if form == "lines":
        lines = b"\n".join(jsontext.encode(record) for record in records)
        answer = door.post(system, lines, "application/x-ndjson")
    else:
        answer = door.post(system, jsontext.encode(records))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = jsontext.decode(answer.content)["results"]
    return results


def _one(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = jsontext.decode(answer.content)
    if answer.status_code == 422:
        assert answer.headers["content-type"] == "application/problem+json"
        rejected: dict[str, Any] = body["answer"]
        return rejected
    assert answer.status_code == {"waiting": 202}.get(body["status"], 200)
    return body


@pytest.mark.parametrize(("system", "child"), list(FILES), ids=lambda v: v)
def test_every_sample_file_goes_in_as_a_list_as_lines_and_one_by_one(
    door: Process, system: str, child: str
) -> None:
    records = door.sample(system, child)
    known = door.hub.links()
    first = post(door, system, records, FILES[system, child])
    new = "unchanged" if (system, records[0]["id"]) in known else "stored"
    assert [a["status"] for a in first] == [new] * len(records)
    assert [(a["type"], a["id"]) for a in first] == [(r["type"], r["id"]) for r in records]
    before = door.hub.changes()[0]
    for form in FORMS:
        again = post(door, system, records, form)
        assert [a["status"] for a in again] == ["unchanged"] * len(records)
        assert [a["resource"] for a in again] == [a["resource"] for a in first]
    assert door.hub.changes()[0] == before


@pytest.mark.parametrize("form", FORMS)
def test_each_broken_record_gets_what_it_expects(door: Process, form: str) -> None:
    answers = post(door, "stafettlogg", BROKEN, form)
    assert len(answers) == len(BROKEN)
    for place, wrong in REJECTED.items():
        answer = answers[place]
        assert answer["status"] == "rejected", (place, answer)
        assert {(p["field"], p["code"]) for p in answer["problems"]} == wrong
        assert all(p["text"] for p in answer["problems"])
    assert {answers[place]["status"] for place in STORED} <= {"stored", "unchanged"}
    assert (answers[WAITING]["status"], answers[WAITING]["waitsFor"]) == ("waiting", "finnes-ikke")
    assert [p["field"] for p in answers[WAITING]["problems"]] == ["ansvarlig"]
    assert answers[OLDER]["status"] in ("stored", "unchanged")
    assert answers[OLDER]["resource"] == answers[10]["resource"]


def test_what_the_broken_records_leave_behind(door: Process) -> None:
    post(door, "stafettlogg", BROKEN, "list")
    resources = door.hub.resources()
    moment = resources[door.hub.ref("stafettlogg", "r-l2")]
    assert moment["payload"][0]["contentString"] == BROKEN[9]["tekst"], "stored unchanged, script and all"
    book = door.hub.ref("stafettlogg", "r-m3")
    assert resources[book]["description"]["text"] == "Lese ferdig en bok"
    assert resources[book]["lifecycleStatus"] == "active"
    assert "Lese en bok" in before_now(door, book)
    assert door.hub.waiting() == ["r-t1"]
    assert not [n for s, n in door.hub.links() if n in ("rot-logg", "r-m2", "r-t2", "r-dok1", "r-l1", "r-x1")]
    bad = [BROKEN[place] for place in REJECTED]
    log = door.log.read_text()
    assert not [r for r in bad if str(r.get("tekst") or r.get("tittel") or r["id"]) in log]


def before_now(door: Process, ref: str) -> set[str]:
    """What a goal said before: in older versions, or in editions that came when a newer one was there."""
    versions = {one["description"]["text"] for one in door.hub.history(ref)[:-1]}
    return versions | {one["tekst"] for _, one in door.hub.said(late_edition, late_edition.c.ref == ref)}


def test_an_older_edition_that_comes_late_is_history(door: Process) -> None:
    post(door, "stafettlogg", BROKEN, "list")
    newer = {**BROKEN[10], "id": "r-m4", "endret": "2026-09-05T09:00:00+02:00"}
    older = {**newer, "endret": "2026-09-04T09:00:00+02:00", "tekst": "Lese en side"}
    (first,) = post(door, "stafettlogg", [newer], "list")
    (late,) = post(door, "stafettlogg", [older], "list")
    again = post(door, "stafettlogg", [older, newer], "lines")
    assert (late["status"], late["late"], late["resource"]) == ("stored", True, first["resource"])
    assert [a["status"] for a in again] == ["unchanged", "unchanged"]
    assert door.hub.resources()[first["resource"]]["description"]["text"] == "Lese ferdig en bok"
    assert before_now(door, first["resource"]) == {"Lese en side"}


def test_a_script_in_a_text_is_only_text_in_the_timeline(door: Process) -> None:
    post(door, "stafettlogg", BROKEN, "list")
    ref = door.hub.ref("stafettlogg", "r-l2")
    person = next(row.person for row in door.hub.links().values() if row.ref == ref)
    answer = door.get(f"/timeline/{person}", "stafettlogg")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    texts = [entry["text"] for entry in answer.json()["entries"] if entry["resource"] == ref]
    assert texts == [BROKEN[9]["tekst"]]


def test_the_same_key_gets_the_same_answer_and_nothing_happens_twice(door: Process) -> None:
    body = jsontext.encode(door.sample("stafettlogg", "emma"))
    first = door.post("stafettlogg", body, Idempotency_Key="emma-1")
    before = door.hub.changes()[0]
    again = door.post("stafettlogg", body, Idempotency_Key="emma-1")
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert door.hub.changes()[0] == before
    other = door.post("stafettlogg", body + b" ", Idempotency_Key="emma-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key")


def test_nobody_comes_in_without_a_token_that_holds(door: Process) -> None:
    body = jsontext.encode(door.sample("stafettlogg", "emma"))
    address = "/systems/stafettlogg/records"
    plain = {"Content-Type": "application/json"}
    assert door.http.post(address, content=body, headers=plain).status_code == 401
    forged = {**plain, "Authorization": door.bearer("stafettlogg")["Authorization"][:-4] + "AAAA"}
    assert door.http.post(address, content=body, headers=forged).status_code == 401
    other = {**plain, **door.bearer("bup")}
    assert door.http.post(address, content=body, headers=other).status_code == 403
