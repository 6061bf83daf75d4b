"""What the log of disclosures says, and what a link remembers, when a recipient does not take a record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

import adapters
from adapters.contract import Adapter, TokenSource
from gateway.access.tokens_out import token_source
from gateway.config import System
from gateway.exchange import breaker, lanes
from gateway.exchange.prepare import Preparer
from gateway.exchange.run import Runner
from gateway.exchange.send import Sender
from gateway.exchange.unanswered import KNOWN_OTHERWISE
from gateway.hub import links, versions
from gateway.hub.links import Link
from gateway.hub.schema.tables import disclosure, lane, recipient
from gateway.intake import Answer, Offered
from tests.adapters import let_in
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World, world
from tests.peers import Peer, records_server

CHILD = Child(1)


def send_to(
    here: World,
    url: str,
    token: str,
    now: datetime = NOW,
    tokens: TokenSource | None = None,
    ids: str = "ours",
    alive: Callable[[], bool] = lambda: True,
) -> None:
    """One run to the plan system at this address."""
    changed = {"url": url, "send_deadline_seconds": 3.0, "ids": ids}
    system = here.system("individuell-plan").model_copy(update=changed)
    mapping = here.service.mappings[system.id]
    adapter = adapters.open_adapter(
        system.adapter, tokens=tokens or let_in.bearer(token), url=url, ids=system.ids, deadline=3.0
    )
    runner = Runner(
        system=system,
        store=here.service.store,
        preparer=Preparer(system, here.service.settings, mapping, here.service.facts),
        sender=Sender(system, mapping, adapter),
        intake=here.service.intake,
        clock=lambda: now,
        alive=alive,
    )
    with here.service.store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, [system])
        (claim,) = lanes.claim(connection, system, owner="w1", now=now, limit=1)
    asyncio.run(_run(runner, claim, adapter))


async def _run(runner: Runner, claim: lanes.Claim, adapter: Adapter) -> None:
    await runner.run(claim)
    await adapter.close()


def outcome(here: World, ref: str) -> tuple[str, int]:
    """(how the disclosure ended, how many deliveries the link counts as perhaps arrived)."""
    with here.service.store.read(TENANT) as connection:
        (state,) = connection.execute(select(disclosure.c.state)).scalars().all()
        (link,) = links.load(connection, TENANT, "individuell-plan", [ref]).values()
    return state, len(link.candidates)


def goal(here: World) -> str:
    """A goal that is to go to the plan system."""
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    return answer.ref or ""


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with records_server() as running:
        yield running


@pytest.mark.parametrize(
    ("status", "state", "perhaps_there"),
    [
        (401, "refused", 0),
        (403, "refused", 0),
        (503, "refused", 0),
        (500, "unknown", 1),
        (502, "unknown", 1),
        (504, "unknown", 1),
    ],
)
def test_what_was_sent_is_told_of_as_sent(
    sqlite_url: str, tmp_path: Path, peer: Peer, status: int, state: str, perhaps_there: int
) -> None:
    with world(sqlite_url, tmp_path) as here:
        ref = goal(here)
        peer.faults(refuse=status)
        send_to(here, peer.url, peer.token)
        assert outcome(here, ref) == (state, perhaps_there)


def test_what_was_turned_away_before_the_run_was_lost_is_told_of_as_sent(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    """Its bytes reached the recipient, though the attempt that followed never began."""
    asked: list[bool] = []

    def alive() -> bool:
        asked.append(not any(one.get("key") for one in peer.arrivals()))
        return asked[-1]

    with world(sqlite_url, tmp_path) as here:
        ref = goal(here)
        peer.forget_arrivals()
        peer.faults(refuse=503)
        send_to(here, peer.url, peer.token, alive=alive)
        assert asked[-1] is False
        assert len([one for one in peer.arrivals() if one.get("key")]) == 1
        assert outcome(here, ref) == ("refused", 0)


def test_without_a_connection_nothing_was_sent(sqlite_url: str, tmp_path: Path) -> None:
    with world(sqlite_url, tmp_path) as here:
        ref = goal(here)
        send_to(here, "http://127.0.0.1:1", "token")
        assert outcome(here, ref) == ("unsent", 0)


def test_that_a_recipient_is_down_and_back_stands_in_the_log_once(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="stafettbro")
    with world(sqlite_url, tmp_path) as here:
        system = here.service.settings.system("individuell-plan")
        assert system is not None
        for down in (True, True, False, False):
            with here.service.store.write(TENANT) as connection:
                breaker.ensure_recipients(connection, [system])
                if down:
                    breaker.trip(connection, system, here.service.clock(), "no connection", None, probe=True)
                else:
                    breaker.reset(connection, system)
    told = [line.getMessage() for line in caplog.records if line.getMessage()[:6] in ("SB0038", "SB0039")]
    assert [line[:6] for line in told] == ["SB0038", "SB0039"]
    assert told[0].endswith("system=individuell-plan reason=no connection")


def test_without_a_token_the_lane_waits_and_says_why_and_nothing_is_told_of(
    sqlite_url: str, tmp_path: Path, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAN_SECRET", "geheim")
    peer.faults()
    with world(sqlite_url, tmp_path) as here:
        goal(here)
        credentials = {
            "kind": "client-credentials", "token_url": "http://127.0.0.1:1/token", "client_id": "stafettbro",
            "secret_ref": "env:PLAN_SECRET",
        }  # fmt: skip
        plain = here.system("individuell-plan").model_dump()
        system = System.model_validate({**plain, "url": peer.url, "credentials": credentials})
        send_to(here, peer.url, "", tokens=token_source(system))
        with here.service.store.read(TENANT) as connection:
            row = connection.execute(select(lane).where(lane.c.recipient == "individuell-plan")).one()
            down = connection.execute(select(recipient).where(recipient.c.breaker == "open")).one()
            assert connection.execute(select(disclosure)).all() == []
        assert row.state == "waiting"
        assert row.last_error == down.last_error
        assert row.last_error.startswith(
            "token-unreached: Ingen adgang til individuell-plan: 127.0.0.1 svarer"
        )
        send_to(here, peer.url, peer.token, now=NOW + timedelta(hours=1))  # the door has opened
        with here.service.store.read(TENANT) as connection:
            assert connection.execute(select(disclosure.c.state)).scalars().all() == ["delivered"]


def test_one_record_that_cannot_be_stored_just_now_holds_up_its_own_lane_alone(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    with world(sqlite_url, tmp_path) as here:
        ref = goal(here)
        peer.faults(refuse=409)
        send_to(here, peer.url, peer.token)
        assert outcome(here, ref) == ("refused", 0)
        with here.service.store.read(TENANT) as connection:
            breaker = connection.execute(
                select(recipient.c.breaker).where(recipient.c.system == "individuell-plan")
            ).scalar_one()
            row = connection.execute(select(lane).where(lane.c.recipient == "individuell-plan")).one()
        assert breaker == "closed"
        assert (row.state, row.attempts) == ("waiting", 1)
        assert row.next_at > NOW
        assert "409" in row.last_error


def test_what_refers_to_a_refused_record_is_told_of_as_not_sent(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    with world(sqlite_url, tmp_path) as here:
        goal(here)
        here.take("stafettlogg", CHILD.measure("t1", "m1"))
        peer.faults(reject=["Utgave 1 av"])
        send_to(here, peer.url, peer.token)
        with here.service.store.read(TENANT) as connection:
            states = connection.execute(select(disclosure.c.state)).scalars().all()
        assert sorted(states) == ["refused", "unsent"]


def test_what_refers_to_a_record_of_which_a_change_was_refused_goes(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    """The goal is there, as it was: the measure has something to refer to."""
    with world(sqlite_url, tmp_path) as here:
        ref = goal(here)
        peer.faults(reject=["Utgave 2 av"])
        send_to(here, peer.url, peer.token)
        here.take("stafettlogg", CHILD.goal("m1", 2))
        (measure,) = here.take("stafettlogg", CHILD.measure("t1", "m1"))
        send_to(here, peer.url, peer.token, NOW + timedelta(minutes=1))
        assert "422" in str(link(here, ref).hold)
        assert link(here, measure.ref or "").native_id is not None


def test_a_recipient_that_has_lost_one_record_is_asked_for_all_it_held_of_the_child(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    """Another server in its place stands for one restored from a backup that is older than both goals."""
    with world(sqlite_url, tmp_path) as here, records_server() as restored:
        goal(here)
        peer.faults()
        here.take("stafettlogg", CHILD.goal("m2", 1))
        send_to(here, peer.url, peer.token)
        here.take("stafettlogg", CHILD.goal("m1", 2))
        for minute in (1, 2, 3):  # the one is missing; the other is looked for; both are written
            send_to(here, restored.url, restored.token, NOW + timedelta(minutes=minute))
        written = [one["record"] for one in restored.accepted()]
        texts = [record["tekst"] for record in written if record["type"] == "hovedmaal"]
        assert sorted(texts) == ["Utgave 1 av m2", "Utgave 2 av m1"]


def test_what_a_recipient_has_lost_is_held_back_for_nothing(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    """A change of it had been refused; then it is gone there, and nothing of that is true any more."""
    with world(sqlite_url, tmp_path) as here, records_server() as restored:
        ref = goal(here)
        peer.faults(reject=["Utgave 2 av"])
        send_to(here, peer.url, peer.token)
        here.take("stafettlogg", CHILD.goal("m1", 2))
        send_to(here, peer.url, peer.token, NOW + timedelta(minutes=1))
        assert "422" in str(link(here, ref).hold)
        here.take("stafettlogg", CHILD.goal("m1", 3))
        send_to(here, restored.url, restored.token, NOW + timedelta(minutes=2))
        assert (link(here, ref).native_id, link(here, ref).hold) == (None, None)


@pytest.fixture(scope="module")
def naming() -> Iterator[Peer]:
    """A plan system that makes the ids."""
    with records_server(ids="theirs") as running:
        yield running


def unheard(here: World, naming: Peer, **fault: Any) -> str:
    """A goal whose creation nobody saw the end of; the consent to it is withdrawn before it goes again."""
    naming.clear()
    ref = goal(here)
    naming.faults(**fault)
    send_to(here, naming.url, naming.token, ids="theirs")
    naming.faults()
    consent = next(r for r in CHILD.log_records() if r["type"] == "samtykke")
    ended = {"tidspunkt": NOW.isoformat(), "av": f"{CHILD.log}-mor"}
    here.take("stafettlogg", consent | {"endret": NOW.isoformat(), "trukket": ended})
    return ref


def tell(here: World, record: dict[str, Any], text: str) -> Answer:
    """The plan system tells of a record of its own."""
    system = here.system("individuell-plan").model_copy(update={"ids": "theirs"})
    later = {"tekst": text, "endret": (NOW + timedelta(hours=1)).isoformat()}
    (answer,) = here.service.intake.take(system, [Offered(record | later, "2")])
    return answer


def link(here: World, ref: str) -> Link:
    with here.service.store.read(TENANT) as connection:
        return links.load(connection, TENANT, "individuell-plan", [ref])[ref]


def test_what_may_have_been_created_is_asked_for_though_it_may_not_go_again(
    sqlite_url: str, tmp_path: Path, naming: Peer
) -> None:
    """What has been written in it there meanwhile is an edit of it, and no goal that nobody knew."""
    with world(sqlite_url, tmp_path) as here:
        ref = unheard(here, naming, storedThen=500)
        stored = naming.accepted()[-1]["record"]
        assert tell(here, stored, "Skrevet der").status.value == "waiting"
        sent = len(naming.accepted())
        send_to(here, naming.url, naming.token, NOW + timedelta(minutes=5), ids="theirs")
        assert link(here, ref).native_id == stored["id"]
        assert len(naming.accepted()) == sent
        here.service.intake.retry_waiting(here.system("individuell-plan"))
        assert here.count("waiting_record") == 0
        assert link(here, ref).held.focus["item"]["description"]["text"] == "Skrevet der"


def test_what_was_never_created_leaves_nothing_to_wait_for(
    sqlite_url: str, tmp_path: Path, naming: Peer
) -> None:
    with world(sqlite_url, tmp_path) as here:
        ref = unheard(here, naming, refuse=500)
        assert link(here, ref).candidates
        send_to(here, naming.url, naming.token, NOW + timedelta(minutes=5), ids="theirs")
        assert (link(here, ref).native_id, link(here, ref).candidates) == (None, ())


def test_a_system_that_cannot_be_asked_now_is_asked_later(
    sqlite_url: str, tmp_path: Path, naming: Peer
) -> None:
    with world(sqlite_url, tmp_path) as here:
        ref = unheard(here, naming, storedThen=500)
        naming.faults(refuse=503)
        send_to(here, naming.url, naming.token, NOW + timedelta(minutes=5), ids="theirs")
        assert link(here, ref).candidates
        with here.service.store.read(TENANT) as connection:
            own = select(lane.c.state).where(lane.c.recipient == "individuell-plan")
            assert connection.execute(own).scalar_one() == "waiting"


def test_what_a_recipient_tells_of_while_a_run_is_under_way_is_not_forgotten_at_its_end(
    sqlite_url: str, tmp_path: Path, peer: Peer
) -> None:
    """A creation was stored and answered 502. Right before it goes once more the plan tells of a change of
    its own, and the log writes other words: those stand alone, and nobody is asked which."""
    told: list[Answer] = []

    def alive() -> bool:
        if len(peer.accepted()) > before and not told:
            peer.faults()
            stored = peer.accepted()[-1]["record"]
            changed = {**stored, "status": "naadd", "endret": NOW.isoformat()}
            seen = {**peer.headers, "If-Match": '"1"'}
            address = f"{peer.url}/records/{stored['id']}"
            httpx.put(address, json=changed, headers=seen, trust_env=False).raise_for_status()
            here.take("stafettlogg", CHILD.goal("m1", 2))
            told.extend(here.service.intake.take(here.system("individuell-plan"), [Offered(changed, "2")]))
        return True

    with world(sqlite_url, tmp_path) as here:
        peer.clear()
        before = len(peer.accepted())
        ref = goal(here)
        peer.faults(storedThen=502)
        send_to(here, peer.url, peer.token, alive=alive)
        with here.service.store.read(TENANT) as connection:
            head = versions.of_refs(connection, TENANT, [ref])[ref].resource
        assert [one.status.value for one in told] == ["stored"]
        assert head["description"]["text"] == "Utgave 2 av m1"
        assert head["achievementStatus"]["coding"][0]["code"] == "achieved"
        assert here.count("conflict") == 0


def test_what_was_refused_and_is_created_now_is_nothing_new_when_it_is_told_of_first(
    sqlite_url: str, tmp_path: Path, naming: Peer
) -> None:
    """The system that makes the ids had refused it. It has it now, which nobody here has heard, and tells of
    what was written in it there: under an id that nobody knows yet."""
    with world(sqlite_url, tmp_path) as here:
        naming.clear()
        ref = goal(here)
        naming.faults(reject=["Utgave 1 av"])
        send_to(here, naming.url, naming.token, ids="theirs")
        assert "422" in str(link(here, ref).hold)
        naming.faults(storedThen=500)
        here.take("stafettlogg", CHILD.goal("m1", 2))
        send_to(here, naming.url, naming.token, NOW + timedelta(minutes=1), ids="theirs")
        stored = naming.accepted()[-1]["record"]
        assert tell(here, stored, "Skrevet der").status.value == "waiting"
        naming.faults()
        send_to(here, naming.url, naming.token, NOW + timedelta(minutes=5), ids="theirs")
        here.service.intake.retry_waiting(here.system("individuell-plan"))
        assert here.count("waiting_record") == 0
        assert (link(here, ref).native_id, link(here, ref).hold) == (stored["id"], None)


def test_a_record_that_is_another_item_here_already_stays_that(
    sqlite_url: str, tmp_path: Path, naming: Peer
) -> None:
    """As an earlier release may have left it: ours is held back, and no run fails of it."""
    with world(sqlite_url, tmp_path) as here:
        naming.clear()
        ref = goal(here)
        naming.faults(storedThen=500)
        send_to(here, naming.url, naming.token, ids="theirs")
        naming.faults()
        stored = naming.accepted()[-1]["record"]
        with here.service.store.write(TENANT) as connection:
            own = lane.c.recipient == "individuell-plan"
            connection.execute(update(lane).where(own).values(state="idle"))
        other = tell(here, stored, "Skrevet der")
        assert other.status.value == "stored"
        written = f"{naming.url}/records/{stored['id']}"
        headers = {**naming.headers, "If-Match": '"1"'}
        edited = stored | {"tekst": "Skrevet der"}
        httpx.put(written, json=edited, headers=headers, trust_env=False).raise_for_status()
        send_to(here, naming.url, naming.token, NOW + timedelta(minutes=5), ids="theirs")
        assert (link(here, ref).native_id, link(here, ref).hold) == (None, KNOWN_OTHERWISE)
        assert link(here, other.ref or "").native_id == stored["id"]
