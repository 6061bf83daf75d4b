"""A turn of asking a FHIR server: what cannot be taken in just now holds up nothing else, what is not R4
never comes in, and what was deleted there stays and is noted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from adapters.contract import Incoming, Page
from gateway.demo.sample_children import records
from gateway.exchange import disclosures, poll
from gateway.exchange.disclosures import Attempt
from gateway.exchange.poll import Poller
from gateway.hub import absences, links
from gateway.hub.links import Link
from gateway.hub.schema.tables import lane, timer
from tests.intake.world import NOW, TENANT, World

PATIENTS = {"emma": "Patient/1", "jonas": "Patient/2"}


@dataclass
class Server:
    """A FHIR server as an adapter tells of it: pages of resources, each with what was deleted."""

    pages: list[tuple[list[dict[str, Any]], tuple[str, ...]]]
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    read_again: list[str] = field(default_factory=list)

    async def changes(self, cursor: str | None) -> Page:
        place = int(cursor or 0)
        if place >= len(self.pages):
            return Page((), cursor)
        found, gone = self.pages[place]
        return Page(tuple(map(_incoming, found)), str(place + 1), more=place + 1 < len(self.pages), gone=gone)

    async def read(self, remote_id: str) -> Incoming | None:
        self.read_again.append(remote_id)
        found = self.held.get(remote_id)
        return _incoming(found) if found else None


def _incoming(resource: dict[str, Any]) -> Incoming:
    return Incoming(resource, f"{resource['resourceType']}/{resource['id']}", resource["meta"]["versionId"])


def goal(own: str, patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Goal", "id": own, "lifecycleStatus": "active", "description": {"text": f"Mål {own}"},
        "subject": {"reference": patient}, "meta": {"lastUpdated": NOW.isoformat(), "versionId": "1"}, **more,
    }  # fmt: skip


@pytest.fixture
def people(here: World) -> dict[str, str]:
    """Two children whom BUP has too: name -> id here."""
    found = {}
    for child, patient in PATIENTS.items():
        answers = here.take("stafettlogg", *records("stafettlogg", child, NOW.date()))
        with here.service.store.write(TENANT) as connection:
            own = links.names(connection, TENANT, "stafettlogg", [str(answers[0].id)])[
                str(answers[0].id)
            ].person
            links.save(connection, TENANT, [Link("bup", f"Patient/{own}", own, patient)])
        found[child] = own
    return found


def turn(here: World, server: Server, now: datetime = NOW) -> None:
    """One turn, due now."""
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(timer).where(timer.c.kind == "poll").values(due=NOW - timedelta(minutes=1)))
    poller = Poller(here.system("bup"), here.service.store, server, here.service.intake, lambda: now)  # type: ignore[arg-type]
    assert poller.my_turn()
    asyncio.run(poller.poll())


def known(here: World, *natives: str) -> set[str]:
    with here.service.store.read(TENANT) as connection:
        return set(links.names(connection, TENANT, "bup", natives))


def busy(here: World, person: str, state: str) -> None:
    """A delivery about this child to BUP begins or ends."""
    with here.service.store.write(TENANT) as connection:
        own = (lane.c.person == person, lane.c.recipient == "bup")
        connection.execute(update(lane).where(*own).values(state=state))


def test_a_child_that_is_being_written_about_holds_up_no_other(here: World, people: dict[str, str]) -> None:
    busy(here, people["emma"], "running")
    resources = [goal("e", "Patient/1"), goal("j", "Patient/2"), goal("j2", "Patient/2")]
    server = Server([([resources[0], resources[1]], ()), ([resources[2]], ())])
    server.held = {"Goal/e": resources[0]}
    turn(here, server)
    assert known(here, "Goal/e", "Goal/j", "Goal/j2") == {"Goal/j", "Goal/j2"}
    turn(here, server)
    assert (known(here, "Goal/e"), server.read_again) == (set(), ["Goal/e"])  # still, and still remembered
    busy(here, people["emma"], "idle")
    turn(here, server)
    assert (known(here, "Goal/e"), server.read_again) == ({"Goal/e"}, ["Goal/e", "Goal/e"])
    turn(here, server)
    assert server.read_again == ["Goal/e", "Goal/e"]


def test_with_too_much_to_remember_it_stays_where_it_is(
    here: World, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "MOST_REMEMBERED", 1)
    busy(here, people["emma"], "running")
    server = Server([([goal("a", "Patient/1"), goal("b", "Patient/1")], ()), ([goal("j", "Patient/2")], ())])
    turn(here, server)
    assert (known(here, "Goal/a", "Goal/b", "Goal/j"), server.read_again) == (set(), [])
    busy(here, people["emma"], "idle")
    turn(here, server)
    assert known(here, "Goal/a", "Goal/b", "Goal/j") == {"Goal/a", "Goal/b", "Goal/j"}


def test_what_is_not_r4_does_not_come_in_and_harms_nothing(here: World, people: dict[str, str]) -> None:
    wrong = goal("x", "Patient/2", description="ikke et begrep")
    server = Server([([wrong, goal("j", "Patient/2"), goal("u", "Patient/999")], ())])
    turn(here, server)
    assert known(here, "Goal/x", "Goal/j", "Goal/u") == {"Goal/j"}


def test_what_was_deleted_there_stays_and_is_noted_once(here: World, people: dict[str, str]) -> None:
    turn(here, Server([([goal("j", "Patient/2")], ())]))
    versions = here.count("resource_version")
    for pages in (2, 3):
        filled: list[tuple[list[dict[str, Any]], tuple[str, ...]]] = [([], ())] * (pages - 1)
        turn(here, Server([*filled, ([], ("Goal/j", "Goal/aldri-sett"))]))
    assert here.count("resource_version") == versions
    with here.service.store.read(TENANT) as connection:
        (flagged,) = absences.of_person(connection, TENANT, people["jonas"])
        ref = links.names(connection, TENANT, "bup", ["Goal/j"])["Goal/j"].ref
    assert (flagged.system, flagged.ref, flagged.reason) == ("bup", ref, "slettet")
    assert here.count("conflict") == 0
    turn(here, Server([*[([], ())] * 3, ([goal("j", "Patient/2")], ())]))
    with here.service.store.read(TENANT) as connection:
        assert absences.of_person(connection, TENANT, people["jonas"]) == [], "it is there again"


def test_what_is_there_again_is_not_flagged_for_a_deletion_told_of_later(
    here: World, people: dict[str, str]
) -> None:
    """Newest first: a page tells of it as it is, the next one that it had been deleted before that."""
    turn(here, Server([([goal("j", "Patient/2")], ())]))
    again = goal("j", "Patient/2", meta={"lastUpdated": NOW.isoformat(), "versionId": "3"})
    turn(here, Server([([], ()), ([again], ()), ([], ("Goal/j",))], {"Goal/j": again}))
    with here.service.store.read(TENANT) as connection:
        assert absences.of_person(connection, TENANT, people["jonas"]) == []


def test_the_edition_before_a_deletion_does_not_bring_it_back(here: World, people: dict[str, str]) -> None:
    one = goal("j", "Patient/2")
    turn(here, Server([([one], ())]))
    turn(here, Server([([], ()), ([], ("Goal/j",)), ([one], ("Goal/j",))]))
    with here.service.store.read(TENANT) as connection:
        (before,) = absences.of_person(connection, TENANT, people["jonas"])
    rounds = Server([*[([], ())] * 3, ([one], ("Goal/j",))])  # each asks for the last minutes once more
    turn(here, rounds, NOW + timedelta(minutes=1))
    with here.service.store.read(TENANT) as connection:
        assert absences.of_person(connection, TENANT, people["jonas"]) == [before], "not flagged anew"


class Clinic(Server):
    """One that can be asked about one patient."""

    asked: list[str]

    async def changes_about(self, patient: str, cursor: str | None) -> Page:
        self.asked.append(patient)
        return Page(
            tuple(_incoming(r) for r in self.held.values() if r["subject"]["reference"] == patient), "1"
        )


def test_what_a_clinic_wrote_before_we_knew_its_patient_is_read_once_we_do(here: World) -> None:
    clinic = Clinic([([goal("e", "Patient/9")], ())], {"Goal/e": goal("e", "Patient/9")})
    clinic.asked = []
    (answer, *_) = here.take("stafettlogg", *records("stafettlogg", "emma", NOW.date()))
    turn(here, clinic)
    assert known(here, "Goal/e") == set()  # a stranger's
    with here.service.store.write(TENANT) as connection:
        own = links.names(connection, TENANT, "stafettlogg", [str(answer.id)])[str(answer.id)].person
        links.save(connection, TENANT, [Link("bup", f"Patient/{own}", own, "Patient/9")])
    busy(here, own, "idle")
    turn(here, clinic)
    assert known(here, "Goal/e") == {"Goal/e"}
    turn(here, clinic)
    assert clinic.asked == ["Patient/9"]


@dataclass
class Slow(Server):
    """Its answer takes so long that a delivery of ours begins and ends meanwhile."""

    here: World | None = None
    person: str = ""

    async def changes(self, cursor: str | None) -> Page:
        page = await super().changes(cursor)
        if self.here is not None:
            with self.here.service.store.write(TENANT) as connection:
                told = Attempt("a1", self.person, ())
                at: dict[str, Any] = {
                    "now": NOW + timedelta(seconds=1),
                    "deadline": NOW + timedelta(seconds=9),
                }
                at |= {"recipient": "bup", "channel": "push", "run": 1, "epoch": 0, "owner": None}
                disclosures.begin(connection, TENANT, [told], **at)
                disclosures.finish(
                    connection, TENANT, [("a1", "delivered", None)], NOW + timedelta(seconds=2)
                )
        return page


def test_an_answer_older_than_our_delivery_is_read_anew(here: World, people: dict[str, str]) -> None:
    old = goal("e", "Patient/1")
    slow = Slow([([old], ())], {"Goal/e": old}, here=here, person=people["emma"])
    turn(here, slow)
    assert known(here, "Goal/e") == set()
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(timer).where(timer.c.kind == "poll").values(due=NOW - timedelta(minutes=1)))
    later = NOW + timedelta(seconds=3)
    poller = Poller(here.system("bup"), here.service.store, slow, here.service.intake, lambda: later)  # type: ignore[arg-type]
    slow.here = None
    assert poller.my_turn()
    asyncio.run(poller.poll())
    assert (known(here, "Goal/e"), slow.read_again) == ({"Goal/e"}, ["Goal/e"])
