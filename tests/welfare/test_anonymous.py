"""The anonymous discussion: what is found in a text, that nobody sends what they have not seen, that what
leaves bears no child, and that nothing stays."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.world import World, fields
from tests.peers import Peer, medplum, records_server
from tests.welfare.carrying import carried, settled, until
from tests.welfare.conftest import Build
from tests.welfare.test_no_trace import found_in, tables

QUIET = "Ei jente på ni år sover dårlig og er mye borte fra skolen. Hva kan vi gjøre?"
LOUD = (
    "Vi snakker om emma sofie, født 14.03.2017, ved solvang. Moren Ingrid er redd. Saken er 14831770229, "
    "ring 99 88 77 66, hun bor i Strandgata 4."
)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with records_server() as running:
        monkeypatch.setenv("WELFARE_PEER", running.token)
        yield running


def reached(peer: Peer) -> dict[str, Any]:
    return {"url": peer.url, "credentials": {"kind": "bearer", "token_ref": "env:WELFARE_PEER"}}


def emma(world: World) -> str:
    world.hand_in("logg", records("stafettlogg", "emma"))
    return person(world, records("stafettlogg", "emma")[0])


def check(world: World, own: str, text: str, client: str = "logg") -> httpx.Response:
    return world.post(f"/people/{own}/anonymous-check", client, {"text": text})


def send(world: World, own: str, said: str, seen: Any = (), **more: Any) -> httpx.Response:
    body = {"id": "droefting-1", "text": said, "recipient": "ppt", "seen": seen}
    body["confirmedBy"] = "Kari Kontaktlærer"
    return world.post(f"/people/{own}/anonymous-discussions", "logg", body | more)


def found(response: httpx.Response, text: str) -> set[tuple[str, str, bool]]:
    assert response.status_code in (200, 409), response.text
    listed = fields(response)["findings"]
    return {
        (one["kind"], text[one["start"] : one["start"] + one["length"]], one["certain"]) for one in listed
    }


def test_what_the_hub_knows_of_the_child_is_found(world: World) -> None:
    seen = found(check(world, emma(world), LOUD), LOUD)
    assert {
        ("navn", "emma", True),
        ("navn", "sofie", True),
        ("dato", "14.03.2017", True),
        ("sted", "solvang.", True),
        ("navn", "Ingrid", True),
        ("nummer", "14831770229", True),
        ("kontakt", "99 88 77 66", False),
        ("sted", "Strandgata 4", False),
    } <= seen


def test_each_finding_says_why_in_both_languages_and_repeats_nothing(world: World) -> None:
    for one in fields(check(world, emma(world), LOUD))["findings"]:
        piece = LOUD[one["start"] : one["start"] + one["length"]]
        assert one["nb"].startswith("Dette ")
        assert one["nn"].startswith("Dette ")
        assert piece not in one["nb"] + one["nn"]


def test_nothing_found_is_an_empty_list(world: World) -> None:
    assert fields(check(world, emma(world), QUIET)) == {"findings": []}


def test_another_child_is_not_known_here(world: World) -> None:
    world.hand_in("logg", records("stafettlogg", "jonas"))
    jonas = person(world, records("stafettlogg", "jonas")[0])
    emma(world)
    assert ("navn", "emma", True) not in found(check(world, jonas, LOUD), LOUD)


def test_only_who_may_see_the_child_learns_what_is_known(world: World) -> None:
    own = emma(world)
    for client in ("ppt", "barnevern"):  # their systems see nothing of Emma
        assert check(world, own, LOUD, client).status_code == 404, client
    assert check(world, "finnes-ikke", LOUD).status_code == 404
    assert check(world, own, LOUD, "drift").status_code == 403


def test_of_a_protected_child_no_more_than_the_asker_sees_is_told(world: World) -> None:
    log = records("stafettlogg", "emma")
    log[0]["barn"]["adressebeskyttelse"] = "fortrolig"
    world.hand_in("logg", log)
    world.hand_in("plan", records("individuell-plan", "emma"))
    own = person(world, log[0])
    assert ("navn", "emma", True) in found(check(world, own, LOUD), LOUD)
    hidden = "hun går til bestemor på torsdager"  # told to the plan alone
    plan = records("individuell-plan", "emma")
    place = {
        "type": "moete", "id": "ip-skjult", "plan": plan[0]["id"], "endret": "2026-11-20T10:00:00+01:00",
        "endretAv": plan[1]["id"], "slag": "ansvarsgruppe", "tid": "2026-12-01T10:00:00+01:00",
        "sted": "Bestemor Kvilehytta",
    }  # fmt: skip
    assert fields(world.hand_in("plan", place))["status"] == "stored"
    assert found(check(world, own, f"{hidden}, i kvilehytta"), f"{hidden}, i kvilehytta") == set()


def test_a_municipality_that_does_not_offer_it_says_so(world: World) -> None:
    answer = world.post("/people/hvem/anonymous-check", "nabo", {"text": QUIET})
    assert (answer.status_code, fields(answer)["code"]) == (403, "not-offered")


def test_a_text_with_findings_nobody_has_seen_is_refused_with_all_of_them(world: World) -> None:
    own = emma(world)
    refused = send(world, own, LOUD)
    assert (refused.status_code, fields(refused)["code"]) == (409, "unseen-findings")
    findings = fields(refused)["findings"]
    assert findings == fields(check(world, own, LOUD))["findings"]
    seen = [{"start": f["start"], "length": f["length"]} for f in findings]
    for left_out in range(len(seen)):
        part = [one for place, one in enumerate(seen) if one != seen[left_out]]
        assert send(world, own, LOUD, part).status_code == 409
    allowed = send(world, own, LOUD, seen)
    assert (allowed.status_code, fields(allowed)["findings"]) == (202, len(findings))


@pytest.mark.parametrize(
    "wrong",
    [
        {"confirmedBy": " "},
        {"confirmedBy": None},
        {"text": ""},
        {"text": "x" * 20_001},
        {"recipient": "logg"},  # oneself
        {"recipient": "bup"},  # has no address here
        {"recipient": "nabologg"},
        {"recipient": "ingen"},
        {"seen": {}},
        {"seen": [{"start": 1}]},
        {"seen": [{"start": True, "length": 1}]},
        {"mer": 1},
    ],
)
def test_what_cannot_be_sent_is_refused(world: World, wrong: dict[str, Any]) -> None:
    assert send(world, emma(world), QUIET, **wrong).status_code == 422, wrong


def test_it_goes_neither_to_oneself_nor_to_another_municipality(build: Build) -> None:
    address = {"url": "http://127.0.0.1:9"}
    world = build(logg=address, nabologg=address)
    own = emma(world)
    assert send(world, own, QUIET, recipient="logg").status_code == 422
    assert send(world, own, QUIET, recipient="nabologg").status_code == 422
    assert send(world, own, QUIET, recipient="ppt").status_code == 202


def test_it_arrives_once_and_bears_no_child(
    build: Build, peer: Peer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world = build(ppt=reached(peer))
    own = emma(world)
    hub = Path(str(world.service.store.url.database))
    rows = tables(hub)
    first, again = send(world, own, QUIET), send(world, own, QUIET)
    assert (first.status_code, first.content) == (202, again.content)
    kept = fields(first)
    assert kept == {
        "id": kept["id"],
        "recipient": "ppt",
        "confirmedBy": "Kari Kontaktlærer",
        "confirmed": "2026-11-21T12:00:00+00:00",
        "findings": 0,
        "delivery": {"state": "waiting", "error": None},
    }
    with carried(world):
        until(lambda: settled(world))
    listed = httpx.get(f"{peer.url}/records", headers=peer.headers, trust_env=False).json()["records"]
    moment = "2026-11-21T12:00:00+00:00"
    assert [one["record"] for one in listed] == [
        {
            "type": "melding",
            "id": kept["id"],
            "emne": "Anonym drøfting",
            "tekst": QUIET,
            "tidspunkt": moment,
            "endret": moment,
            "avsender": {"navn": "Kari Kontaktlærer", "orgnr": "359797117"},
        }
    ]
    after = fields(world.get(f"/anonymous-discussions/{kept['id']}", "logg"))
    assert after == {**kept, "delivery": {"state": "delivered", "error": None}}
    assert tables(hub) == rows  # the hub knows nothing of it
    assert [line for line in caplog.records if QUIET[:20] in line.getMessage()] == []
    store = list(tmp_path.glob("welfare.db*"))
    assert found_in(store, [QUIET, own, "Kari", "droefting-1"]) == []


def test_the_text_is_gone_when_it_has_left(build: Build, peer: Peer) -> None:
    world = build(ppt=reached(peer))
    send(world, emma(world), QUIET)
    assert sealed(world)["tekst"] == QUIET
    with carried(world):
        until(lambda: settled(world))
    assert sealed(world) == {}


def sealed(world: World) -> dict[str, Any]:
    """What the outbox still holds."""
    office = world.service.welfare
    assert office is not None
    with office.store.read("fjordbyen") as connection:
        ((tenant, own, content),) = connection.exec_driver_sql("SELECT tenant, id, content FROM dispatch")
    return dict(office.seal.open(content, tenant, "dispatch", own))


def test_only_the_sender_sees_how_it_stands(world: World) -> None:
    own = fields(send(world, emma(world), QUIET))["id"]
    for client in ("ppt", "plan", "barnevern"):
        assert world.get(f"/anonymous-discussions/{own}", client).status_code == 404, client


def test_a_fhir_server_gets_a_communication_without_a_subject(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with medplum() as peer:
        monkeypatch.setenv("WELFARE_PEER", peer.token)
        world = build(ppt={**reached(peer), "adapter": "fhir"})
        own = emma(world)
        peer.faults(loseAnswer=True)
        kept = fields(send(world, own, QUIET))
        with carried(world):
            until(lambda: settled(world, "unknown"))
        peer.faults()
        world.later()
        with carried(world):
            until(lambda: settled(world))
        bundle = httpx.get(f"{peer.url}/Communication", headers=peer.headers, trust_env=False).json()
    (stored,) = [entry["resource"] for entry in bundle["entry"]]
    assert stored["payload"] == [{"contentString": QUIET}]
    assert "subject" not in stored
    assert stored["identifier"][0]["value"] == kept["id"]
    assert own not in str(stored)
