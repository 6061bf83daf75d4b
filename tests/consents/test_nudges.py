"""Nudges by e-mail: once a day and person, through a real mail server, with nothing in them that is about
anybody; sent once, tried again only where they surely did not arrive."""

from __future__ import annotations

import asyncio
import email
import json
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.config import Settings
from gateway.consents.mail_server import Handed, MailServer
from gateway.consents.postman import Postman, employ
from gateway.hub.schema.nudges import nudge
from gateway.hub.schema.tables import timer
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.api.conftest import SAMPLES, records
from tests.api.test_consent_life import changed
from tests.api.test_deadlines import oslo
from tests.api.test_notices import keep
from tests.api.world import World, fields, settings
from tests.consents.smtp_server import PASSWORD, USER, MailPeer, running

SCHOOL, UNIT = "362819482", "359797117"
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as found:
        yield found


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[MailPeer]:
    with running(tmp_path) as found:
        yield found


def configured(url: str, folder: Path, issuer: Issuer, peer: MailPeer, **more: Any) -> Settings:
    made = json.loads(settings(url, folder, issuer).model_dump_json())
    made["tenants"][0]["nudge"] = True
    made["mail"] = {
        "host": "127.0.0.1",
        "port": peer.port,
        "sender": "ikke-svar@fjordbyen.example",
        "user": USER,
        "password_ref": "env:MAIL_PASSWORD",
        "ca_file": str(peer.ca_file),
        "timeout_seconds": 2,
        **more,
    }
    made["mailboxes"] = [
        {"tenant": "fjordbyen", "address": "skolen@fjordbyen.example", "organization": SCHOOL},
        {"tenant": "fjordbyen", "address": "ke@fjordbyen.example", "unit": UNIT, "language": "nn"},
        {"tenant": "fjordbyen", "address": "ingen@fjordbyen.example", "hpr": "1"},
        {"tenant": "nabokommune", "address": "nabo@nabo.example", "organization": SCHOOL},
    ]
    return Settings.model_validate(made)


@pytest.fixture
def world(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    yield from begun(sqlite_url, tmp_path, issuer, peer, monkeypatch)


@pytest.fixture
def any_world(
    database_url: str, tmp_path: Path, issuer: Issuer, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The same on each database, for what storage may decide."""
    yield from begun(database_url, tmp_path, issuer, peer, monkeypatch)


def begun(
    url: str, folder: Path, issuer: Issuer, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Emma's log, held at her school, in November; the postman has set his timers in the evening."""
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    made = World(configured(url, folder, issuer, peer), issuer)
    made.now = oslo("2026-11-08") + timedelta(hours=20)
    for child in ("emma", "jonas"):
        made.hand_in("logg", records("stafettlogg", child))
    keep(made)
    go(made)
    assert peer.taken == []
    yield made
    made.close()


def go(world: World, postman: Postman | None = None) -> Postman:
    """One round, by a postman who has just begun."""
    one = postman or employ(
        world.service.store, world.service.settings, world.service.facts, lambda: world.now
    )
    assert one is not None
    one.go()
    return one


def morning(world: World, day: str = "2026-11-09") -> None:
    world.now = oslo(day) + timedelta(hours=7)
    go(world)


def read(peer: MailPeer) -> dict[str, EmailMessage]:
    """What it has taken, by whom it is for."""
    found = [email.message_from_bytes(one, policy=policy.default) for one in peer.taken]
    return {str(one["To"]): one for one in found if isinstance(one, EmailMessage)}


def states(world: World) -> list[tuple[str, str, int]]:
    """(day, state, attempts) of each nudge."""
    with world.service.store.read("fjordbyen") as connection:
        rows = connection.execute(select(nudge).order_by(nudge.c.day, nudge.c.cases)).all()
    return [(row.day, row.state, row.attempts) for row in rows]


def test_in_the_morning_each_is_told_how_many_things_wait(world: World, peer: MailPeer) -> None:
    world.now = oslo("2026-11-09") + timedelta(hours=6, minutes=59)
    go(world)
    assert peer.taken == []
    morning(world)
    found = read(peer)
    assert set(found) == {"skolen@fjordbyen.example", "ke@fjordbyen.example"}
    school, unit = found["skolen@fjordbyen.example"], found["ke@fjordbyen.example"]
    mine = fields(world.post("/worklist/search", "drift", {"unit": UNIT}))["work"]
    assert f"Du har {len(mine)} saker i Stafettbro." in unit.get_content()
    assert "Logg inn for å sjå kva det er: http://testserver/min-side" in unit.get_content()
    assert "Logg inn for å se hva det er: http://testserver/min-side" in school.get_content()
    assert (school["Subject"], unit["Subject"]) == (
        "Stafettbro: noe venter på deg",
        "Stafettbro: noko ventar på deg",
    )
    assert school["Auto-Submitted"] == "auto-generated"
    assert peer.encrypted == [True, True]


def test_no_byte_of_it_is_about_anybody(world: World, peer: MailPeer) -> None:
    morning(world)
    assert len(peer.taken) == 2
    said = bytes(peer.bytes)
    decoded = said + b"".join(m.get_content().encode() for m in read(peer).values())
    with world.service.store.read("fjordbyen") as connection:
        ids = connection.exec_driver_sql("SELECT ref, person FROM resource").all()
    secrets = {part for row in ids for ref in row for part in ref.split("/") if "-" in part}
    for path in sorted(SAMPLES.glob("*/*.json")):
        for record in json.loads(path.read_bytes()):
            for who in (record, record.get("barn") or {}, record.get("person") or {}):
                secrets |= {str(name) for name in (who.get("navn") or {}).values() if isinstance(name, str)}
                secrets |= {
                    str(who[key]) for key in ("fnr", "dnr", "hpr", "telefon", "foedt") if who.get(key)
                }
            secrets.add(str(record["id"]))
    assert len(secrets) > 100
    assert [one for one in sorted(secrets) if one.encode() in decoded] == []


def test_once_a_day_and_person_whoever_asks(any_world: World, peer: MailPeer) -> None:
    for hour in (7, 8, 23):
        any_world.now = oslo("2026-11-09") + timedelta(hours=hour)
        go(any_world)
        go(any_world)
    assert len(peer.taken) == 2
    morning(any_world, "2026-11-10")
    assert len(peer.taken) == 4
    assert [state for _, state, _ in states(any_world)] == ["sent"] * 4


def test_nobody_is_told_who_has_nothing(world: World, peer: MailPeer) -> None:
    emma, jonas = records("stafettlogg", "emma"), records("stafettlogg", "jonas")
    for log, own in ((emma, "emma-logg"), (jonas, "jonas-logg")):
        world.hand_in("logg", [changed(log, own, "2026-11-08T20:00:00+01:00", status="avsluttet")])
    keep(world)
    morning(world)
    assert peer.taken == []


@pytest.mark.parametrize(("fault", "state"), [("450", "waiting"), ("550", "refused"), ("drop", "unknown")])
def test_what_surely_did_not_arrive_is_tried_again_and_nothing_else(
    world: World, peer: MailPeer, fault: str, state: str
) -> None:
    peer.fault = fault
    morning(world)
    assert {(one, tries) for _, one, tries in states(world)} == {(state, 1)}
    peer.fault = None
    go(world)
    assert peer.taken == []  # not before its time
    for wait in (timedelta(minutes=1), timedelta(hours=12)):
        world.now += wait
        go(world)
        assert len(peer.taken) == (2 if state == "waiting" else 0)


def test_a_server_that_is_down_is_asked_once_and_later_less_often(
    world: World, peer: MailPeer, tmp_path: Path, issuer: Issuer
) -> None:
    nobody = configured(str(world.service.settings.database_url), tmp_path, issuer, peer, port=1)
    world.now = oslo("2026-11-09") + timedelta(hours=7)
    postman = employ(world.service.store, nobody, world.service.facts, lambda: world.now)
    go(world, postman)
    assert sorted(tries for _, _, tries in states(world)) == [0, 1]
    assert {one for _, one, _ in states(world)} == {"waiting"}
    for _ in range(3):
        world.now += timedelta(hours=1)
        go(world, postman)
    go(world)  # it is back
    assert len(peer.taken) < 3
    world.now += timedelta(hours=2)
    go(world)
    assert len(peer.taken) == 2


def test_the_next_day_comes_instead_of_what_never_went(world: World, peer: MailPeer) -> None:
    peer.fault = "450"
    morning(world)
    peer.fault = None
    morning(world, "2026-11-10")
    assert len(peer.taken) == 2
    assert sorted(state for _, state, _ in states(world)) == ["replaced", "replaced", "sent", "sent"]


class Dying(MailServer):
    """Where a process may be killed."""

    def hand(self, message: EmailMessage) -> Handed:
        raise SystemExit


def test_a_worker_that_dies_in_the_middle_leaves_nothing_to_be_sent_twice(
    any_world: World, peer: MailPeer
) -> None:
    any_world.now = oslo("2026-11-09") + timedelta(hours=7)
    service = any_world.service
    assert service.settings.mail is not None
    dying = Postman(
        service.store, service.settings, service.facts, lambda: any_world.now, Dying(service.settings.mail)
    )
    with pytest.raises(SystemExit):
        dying.go()
    go(any_world)
    assert len(peer.taken) == 1  # the other one
    any_world.now += timedelta(minutes=11)
    go(any_world)
    assert len(peer.taken) == 1
    assert sorted(state for _, state, _ in states(any_world)) == ["sent", "unknown"]


def test_a_mailbox_that_is_no_longer_configured_is_forgotten(
    world: World, peer: MailPeer, tmp_path: Path, issuer: Issuer
) -> None:
    made = configured(str(world.service.settings.database_url), tmp_path, issuer, peer)
    less = made.model_copy(update={"mailboxes": made.mailboxes[:1]})
    world.now = oslo("2026-11-09") + timedelta(hours=7)
    go(world, employ(world.service.store, less, world.service.facts, lambda: world.now))
    assert set(read(peer)) == {"skolen@fjordbyen.example"}
    with world.service.store.read("fjordbyen") as connection:
        rows = connection.execute(select(timer.c.subject).where(timer.c.kind == "nudge")).all()
    assert len(rows) == 1


def test_rounds_of_one_process_do_not_overlap_and_are_counted(world: World, peer: MailPeer) -> None:
    world.now = oslo("2026-11-09") + timedelta(hours=7)
    postman = employ(world.service.store, world.service.settings, world.service.facts, lambda: world.now)
    assert postman is not None

    async def twice() -> None:
        await asyncio.gather(postman.round(), postman.round())

    asyncio.run(twice())
    assert len(peer.taken) == 2
    assert 'stafettbro_nudges{state="sent"} 2.0' in world.get("/metrics", "drift").text
    assert 'stafettbro_nudges{state="sent"}' not in world.get("/metrics", "nabodrift").text
