"""An older edition of a consent comes after a newer one. What it takes back is taken back, and never silently
passed over; what it merely permits is history."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from consent.model import Consent
from gateway.hub import versions
from gateway.hub.schema.tables import conflict
from gateway.intake import Answer, Status
from gateway.intake.consents import consent_of
from tests.end_to_end.invented import Child
from tests.intake.world import TENANT, World
from tests.sealed import said

CHILD = Child(1)
GIVER = f"{CHILD.log}-mor"


def edition(minute: int, **more: Any) -> dict[str, Any]:
    """The consent as it was written at that minute."""
    whole = {**CHILD.consent("s1", 1), **more, "endret": f"2026-11-20T10:{minute:02}:00+01:00"}
    return {key: value for key, value in whole.items() if value is not None}


WITHDRAWN = {"trukket": {"tidspunkt": "2026-11-20T10:05:00+01:00", "av": GIVER}}


@pytest.fixture
def newest(here: World) -> World:
    """The newest edition is here, and permits."""
    here.take("stafettlogg", *CHILD.log_records(), edition(30))
    return here


def stands(world: World) -> Consent:
    """The consent as it is now."""
    (answer,) = world.take("stafettlogg", edition(30))
    with world.service.store.read(TENANT) as connection:
        found = versions.current(connection, TENANT, answer.ref or "")
    assert found is not None
    said = consent_of(found.resource)
    assert said is not None
    return said


def take(world: World, record: dict[str, Any]) -> Answer:
    (answer,) = world.take("stafettlogg", record)
    return answer


def test_a_late_withdrawal_stands(newest: World) -> None:
    answer = take(newest, edition(10, **WITHDRAWN))
    assert (answer.status, answer.late) == (Status.CONFLICT, True)
    assert stands(newest).withdrawn is not None
    with newest.service.store.read(TENANT) as connection:
        (kept,) = connection.execute(select(conflict)).all()
        content = said(connection, conflict, kept)
    assert (kept.path, kept.state) == ("Consent", "open")
    assert content["theirs"]["status"] == "inactive"
    assert newest.service.journal.newest(newest.service.store.keys)[-1].resource["status"] == "inactive"


def test_told_twice_it_is_taken_in_once(newest: World) -> None:
    take(newest, edition(10, **WITHDRAWN))
    before = newest.count("resource_version")
    assert take(newest, edition(10, **WITHDRAWN)).status is Status.UNCHANGED
    assert (newest.count("resource_version"), newest.count("conflict")) == (before, 1)


def test_a_later_act_lifts_it(newest: World) -> None:
    take(newest, edition(10, **WITHDRAWN))
    assert take(newest, edition(40, form="skriftlig")).status is not Status.UNCHANGED
    assert take(newest, edition(10, **WITHDRAWN)).status is Status.UNCHANGED  # heard before


@pytest.mark.parametrize("decision", ["nekter", "motsetterSeg"])
def test_a_late_refusal_ends_what_the_newer_edition_permits(newest: World, decision: str) -> None:
    assert take(newest, edition(10, avgjoerelse=decision)).status is Status.CONFLICT
    assert stands(newest).withdrawn is not None


def test_a_late_exception_is_added(newest: World) -> None:
    assert take(newest, edition(10, unntatt=["skole"])).status is Status.CONFLICT
    said = stands(newest)
    assert (said.except_recipients, said.withdrawn) == (frozenset({"skole"}), None)


def test_a_late_registration_in_error_takes_it_back(newest: World) -> None:
    mark = {"tidspunkt": "2026-11-20T10:05:00+01:00"}
    assert take(newest, edition(10, feilregistrert=mark)).status is Status.CONFLICT
    assert stands(newest).withdrawn is not None


def test_a_late_permission_is_history(newest: World) -> None:
    before = stands(newest)
    answer = take(newest, edition(10, form="muntlig"))
    assert (answer.status, answer.late) == (Status.STORED, True)
    assert (stands(newest), newest.count("conflict")) == (before, 0)


def test_what_was_lifted_stays_lifted_when_the_old_edition_is_told_again(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records(), edition(10, **WITHDRAWN))
    take(here, edition(30))
    assert take(here, edition(10, **WITHDRAWN)).status is Status.UNCHANGED
    assert stands(here).withdrawn is None


def test_the_same_minute_with_other_words_is_no_repeat(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records(), edition(10))
    take(here, edition(30))
    assert take(here, edition(10, **WITHDRAWN)).status is Status.CONFLICT
    assert stands(here).withdrawn is not None
