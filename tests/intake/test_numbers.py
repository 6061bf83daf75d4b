"""A change of number: one more by which the same person is found. A number that is, or may be, another's is
never taken in by itself: the record waits, and a person is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from gateway.hub import claims, identities, links, versions
from gateway.hub.claims import Reason
from gateway.hub.identities import Known
from gateway.hub.links import Link
from gateway.hub.schema.notices import notice
from gateway.hub.schema.tables import person_identifier, waiting_record
from mappings.canonical import DNR, FNR
from tests.end_to_end.invented import START, Child, Record
from tests.intake.world import TENANT, World
from tests.numbers import d_number

CHILD, OTHER = Child(1), Child(2)


@dataclass(frozen=True)
class Numbers:
    """What is known of numbers here."""

    world: World

    def of(self, system: str, value: str) -> Known | None:
        key = self.world.service.key.hash(system, value)
        with self.world.service.store.read(TENANT) as connection:
            return identities.known(connection, TENANT, [key]).get(key)


def log(child: Child, edition: int = 0, **person: Any) -> Record:
    """The log under another number or name, as an edition of it."""
    record = child.log_records()[0]
    barn = {k: v for k, v in record["barn"].items() if k not in ("fnr", "dnr")} | person
    changed = START + timedelta(seconds=edition)
    return record | {"barn": barn, "endret": changed.isoformat()}


def test_a_d_number_that_becomes_a_birth_number_finds_the_same_person_by_either(here: World) -> None:
    dnr = d_number(CHILD.born)
    here.take("stafettlogg", log(CHILD, 1, dnr=dnr))
    here.take("stafettlogg", log(CHILD, 2, fnr=CHILD.fnr))
    old, new = Numbers(here).of(DNR, dnr), Numbers(here).of(FNR, CHILD.fnr)
    assert old is not None
    assert new is not None
    assert (old.person, old.until is None, new.until) == (new.person, False, None)
    assert (new.kind, new.source) == ("fnr", "stafettlogg")
    plan = CHILD.plan_records()
    here.take("individuell-plan", plan[0] | {"person": plan[0]["person"] | {"fnr": None, "dnr": dnr}})
    assert here.count("person") == 1  # by the number that was given up, and the same date of birth
    here.take("individuell-plan", *plan)
    assert here.count("person") == 1


def test_a_d_number_that_was_given_up_leads_to_nobody_with_another_birthday(here: World) -> None:
    dnr = d_number(CHILD.born)
    here.take("stafettlogg", log(CHILD, 1, dnr=dnr))
    here.take("stafettlogg", log(CHILD, 2, fnr=CHILD.fnr))
    plan = CHILD.plan_records()[0]
    other = {"fnr": None, "dnr": dnr, "foedt": OTHER.born.isoformat()}
    (answer,) = here.take("individuell-plan", plan | {"person": plan["person"] | other})
    assert (answer.status.value, answer.problems[0].code) == ("waiting", Reason.FORMER)


def test_both_numbers_of_a_log_lead_to_its_person(here: World) -> None:
    dnr = d_number(CHILD.born)
    here.take("stafettlogg", log(CHILD, 1, dnr=dnr))
    plan = CHILD.plan_records()[0]
    here.take("individuell-plan", plan | {"person": plan["person"] | {"dnr": dnr}})
    assert here.count("person") == 1
    assert Numbers(here).of(FNR, CHILD.fnr) == Numbers(here).of(FNR, CHILD.fnr) is not None


def test_what_is_sent_again_and_older_editions_re_key_nobody(here: World) -> None:
    dnr = d_number(CHILD.born)
    here.take("stafettlogg", log(CHILD, 2, fnr=CHILD.fnr))
    here.take("stafettlogg", log(CHILD, 2, fnr=CHILD.fnr), log(CHILD, 1, dnr=dnr))
    old, new = Numbers(here).of(DNR, dnr), Numbers(here).of(FNR, CHILD.fnr)
    assert old is not None
    assert new is not None
    assert (old.until is None, new.until) == (False, None)


def test_editions_of_one_batch_are_taken_in_order(here: World) -> None:
    dnr = d_number(CHILD.born)
    here.take("stafettlogg", log(CHILD, 2, fnr=CHILD.fnr), log(CHILD, 1, dnr=dnr))
    old, new = Numbers(here).of(DNR, dnr), Numbers(here).of(FNR, CHILD.fnr)
    assert old is not None
    assert new is not None
    assert (here.count("person"), old.until is None, new.until) == (1, False, None)


def test_a_number_that_is_taken_back_is_current_again(here: World) -> None:
    for edition, number in enumerate((CHILD.fnr, OTHER.fnr, CHILD.fnr)):
        here.take("stafettlogg", log(CHILD, edition, fnr=number))
    first, second = Numbers(here).of(FNR, CHILD.fnr), Numbers(here).of(FNR, OTHER.fnr)
    assert first is not None
    assert second is not None
    assert (first.until, second.until is None) == (None, False)


def test_the_number_of_somebody_else_waits_for_a_person_to_decide(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records(), *OTHER.log_records())
    for _ in range(2):  # said again it is the same question
        (answer,) = here.take("stafettlogg", log(CHILD, 1, fnr=OTHER.fnr, navn={"fornavn": "Ny"}))
        assert answer.status.value == "waiting"
        assert [p.code for p in answer.problems] == [Reason.OTHER_PERSON.value]
    (goal,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    assert goal.status.value == "stored"  # the rest of the log goes on under its own child
    found = Numbers(here).of(FNR, OTHER.fnr)
    assert found is not None
    with here.service.store.read(TENANT) as connection:
        asked = claims.of_persons(connection, TENANT, [found.person])
        told = connection.execute(select(notice.c.person).where(notice.c.settled.is_(None))).scalars().all()
        held = connection.execute(select(waiting_record.c.waits_for)).scalars().all()
    assert [(one.reason, one.other) for one in asked] == [(Reason.OTHER_PERSON, found.person)]
    assert sorted(told) == sorted([asked[0].person, found.person])
    assert held == [asked[0].waits]
    assert here.count("person") == 2


def test_a_new_log_with_numbers_of_two_people_waits(here: World) -> None:
    dnr = d_number(OTHER.born)
    here.take("stafettlogg", log(CHILD, 1, fnr=CHILD.fnr), log(OTHER, 1, dnr=dnr))
    plan = CHILD.plan_records()[0]
    (answer,) = here.take("individuell-plan", plan | {"person": plan["person"] | {"dnr": dnr}})
    assert (answer.status.value, answer.problems[0].code) == ("waiting", Reason.SEVERAL.value)
    assert (here.count("person"), here.count("person_claim")) == (2, 1)


def test_a_birth_number_that_was_given_up_may_have_been_another_childs(here: World) -> None:
    """A log opened on the wrong child and corrected must not draw that child's own log to it."""
    here.take("stafettlogg", log(CHILD, 1, fnr=OTHER.fnr))
    here.take("stafettlogg", log(CHILD, 2, fnr=CHILD.fnr))
    (answer, *_) = here.take("stafettlogg", *OTHER.log_records())
    assert (answer.status.value, answer.problems[0].code) == ("waiting", Reason.FORMER.value)


def test_a_server_that_does_not_keep_the_log_re_keys_nobody(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    number = Numbers(here).of(FNR, CHILD.fnr)
    assert number is not None
    patient = {"resourceType": "Patient", "id": "9", "meta": {"lastUpdated": "2026-11-21T10:00:00Z"}}
    with here.service.store.write(TENANT) as connection:
        own = f"Patient/{number.person}"
        links.save(connection, TENANT, [Link("bup", own, number.person, "Patient/9")])
    said = patient | {"identifier": [{"system": FNR, "value": OTHER.fnr}], "birthDate": "2016-02-07"}
    here.take("bup", said)
    with here.service.store.read(TENANT) as connection:
        head = versions.current(connection, TENANT, own)
        rows = connection.execute(select(person_identifier.c.keyed_hash)).all()
    assert head is not None
    assert [i["value"] for i in head.resource["identifier"]] == [CHILD.fnr]
    assert len(rows) == 1
