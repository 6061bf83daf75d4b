"""Consents that end, lack a signature, and birthdays that move who decides: told in time, to those they are
for, until somebody says they are done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.exchange import liveness
from gateway.exchange.housekeeping import Counters, Housekeeper
from gateway.exchange.occasions import Kind
from tests.api.conftest import records
from tests.api.test_consent_life import changed, ref
from tests.api.test_fhir_read import person
from tests.api.world import World, fields

SECOND = timedelta(seconds=1)
REMINDED = datetime(2027, 5, 19, 22, tzinfo=UTC)  # 20 May in Oslo: 30 days before the consent ends
ENDED = datetime(2027, 6, 18, 22, tzinfo=UTC)  # its last day, the 18th, counts whole
NEAR = datetime(2027, 4, 2, 22, tzinfo=UTC)  # 3 April in Oslo: 60 days before Jonas is 16
SIXTEEN = datetime(2027, 6, 1, 22, tzinfo=UTC)  # 2 June in Oslo


@pytest.fixture
def jonas() -> list[dict[str, Any]]:
    return records("stafettlogg", "jonas")


def keep(world: World) -> None:
    """What a worker does once a second."""
    service = world.service
    life = liveness.take(service.store, service.settings.state_folder, world.now)
    house = Housekeeper(
        service.store,
        service.settings,
        {},
        service.intake,
        lambda: world.now,
        Counters(),
        service.facts,
    )
    house.keep(life)
    life.close()


def at(world: World, now: datetime) -> None:
    """Let it be then, and the worker look."""
    world.now = now
    keep(world)


def notices(world: World, query: str = "", client: str = "drift") -> list[dict[str, Any]]:
    answer = world.get(f"/notices{query}", client)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = fields(answer)["notices"]
    return [one for one in found if one["kind"] in set(Kind)]  # deadlines: test_deadlines.py


def kinds(world: World, query: str = "", client: str = "drift") -> list[tuple[str, str]]:
    """(kind, about) of what is due about consents and birthdays."""
    return sorted((one["kind"], one["about"]) for one in notices(world, query, client))


def test_a_consent_is_reminded_of_before_it_ends_and_told_of_when_it_has(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    consent = ref(any_world, "e-s1")
    for moment, expected in (
        (any_world.now, []),
        (REMINDED - SECOND, []),
        (REMINDED, [("consent-ends", consent)]),
        (ENDED - SECOND, [("consent-ends", consent)]),
        (ENDED, [("consent-ended", consent)]),
    ):
        at(any_world, moment)
        assert kinds(any_world) == expected, moment
    (told,) = notices(any_world)
    assert told["addressees"] == sorted(ref(any_world, n) for n in ("e-d1", "e-d8"))
    assert told["at"].startswith("2027-06-18T22:00:00")
    assert told["nb"].startswith("Et samtykke har gått ut")
    assert told["nn"].startswith("Eit samtykke har gått ut")


@pytest.mark.parametrize(
    "change",
    [
        {"til": "2028-06-18"},
        {"trukket": {"tidspunkt": "2027-05-20T10:00:00+02:00", "av": "e-d2"}},
        {"feilregistrert": {"tidspunkt": "2027-05-20T10:00:00+02:00", "av": "e-d1"}},
        {"id": "e-s2", "fra": "2027-05-20", "til": "2028-06-18"},
    ],
    ids=["extended", "withdrawn", "in-error", "renewed"],
)
def test_a_reminder_goes_when_there_is_nothing_to_remind_of(
    world: World, emma: list[dict[str, Any]], change: dict[str, Any]
) -> None:
    world.hand_in("logg", emma)
    at(world, REMINDED + timedelta(hours=12))
    assert len(kinds(world)) == 1
    later = changed(emma, "e-s1", "2027-05-20T12:00:00+02:00", **change)
    assert fields(world.hand_in("logg", [later]))["results"][0]["status"] == "stored"
    keep(world)
    assert kinds(world) == []


def test_a_consent_that_lacks_a_signature_for_too_long(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", [{**r, "giver": ["e-d2"]} if r["id"] == "e-s1" else r for r in emma])
    start, consent = any_world.now, ref(any_world, "e-s1")
    keep(any_world)
    at(any_world, start + timedelta(days=14) - SECOND)
    assert kinds(any_world) == []
    at(any_world, start + timedelta(days=14))
    assert kinds(any_world) == [("consent-partial", consent)]
    any_world.hand_in("logg", [changed(emma, "e-s1", "2026-12-06T10:00:00+01:00")])
    keep(any_world)
    assert kinds(any_world) == []


def test_birthdays_that_move_who_decides(any_world: World, jonas: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", jonas)
    birthdays = {"birthday-near", "birthday"}
    for moment, expected in (
        (any_world.now, []),  # fifteen already when he became known here
        (NEAR - SECOND, []),
        (NEAR, [("birthday-near", "16")]),
        (SIXTEEN - SECOND, [("birthday-near", "16")]),
        (SIXTEEN, [("birthday", "16"), ("birthday", "16")]),
    ):
        at(any_world, moment)
        assert [one for one in kinds(any_world) if one[0] in birthdays] == expected, moment
    told = [one for one in notices(any_world) if one["kind"] == "birthday"]
    assert sorted(one["addressees"] for one in told) == sorted(
        [[ref(any_world, "j-d1")], [ref(any_world, "j-d5")]]
    )
    assert all("16 år" in one["nb"] and "16 år" in one["nn"] for one in told)


def test_each_sees_what_is_for_them(world: World, jonas: list[dict[str, Any]]) -> None:
    world.hand_in("logg", jonas)
    at(world, SIXTEEN)
    holder, former, young, mother = (ref(world, n) for n in ("j-d1", "j-d2", "j-d5", "j-d3"))
    assert ("birthday", "16") in kinds(world, f"?participant={holder}")
    assert kinds(world, f"?participant={young}") == [("birthday", "16")]
    assert kinds(world, f"?participant={former}") == kinds(world, f"?participant={mother}") == []
    assert kinds(world, client="logg") == kinds(world)
    assert kinds(world, client="plan") == kinds(world, client="bup") == kinds(world, client="nabodrift") == []
    own = person(world, jonas[0])
    assert kinds(world, f"?patient={own}") == kinds(world)
    assert kinds(world, "?patient=ingen") == []


def test_done_once_by_one_it_is_for(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    at(any_world, REMINDED)
    (first,) = notices(any_world)
    assert first["told"] is None
    (again,) = notices(any_world)
    assert again["told"] == REMINDED.isoformat()
    teacher, mother = ref(any_world, "e-d1"), ref(any_world, "e-d2")
    path = f"/notices/{first['id']}/done"
    assert any_world.post(path, "drift", {"by": mother}).status_code == 422
    assert any_world.post(path, "drift", {}).status_code == 422
    assert any_world.post(path, "nabodrift", {"by": teacher}).status_code == 404
    assert any_world.post(path, "bup", {"by": teacher}).status_code == 404
    done = any_world.post(path, "logg", {"by": teacher})
    assert (done.status_code, fields(done)["doneBy"]) == (200, teacher)
    any_world.later()
    assert fields(any_world.post(path, "logg", {"by": ref(any_world, "e-d8")})) == fields(done)
    keep(any_world)
    assert notices(any_world) == []


def test_timers_survive_a_restart(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    keep(world)
    world.close()
    restarted = World(world.service.settings, world.issuer)
    at(restarted, REMINDED)
    assert [kind for kind, _ in kinds(restarted)] == ["consent-ends"]
    restarted.close()


def test_pages_hold_all_of_them_once(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    world.hand_in("logg", records("stafettlogg", "jonas"))
    at(world, datetime(2029, 6, 2, tzinfo=UTC))
    whole = [one["id"] for one in fields(world.get("/notices?limit=200", "drift"))["notices"]]
    assert len(whole) > 5
    seen: list[str] = []
    after = ""
    while True:
        page = fields(world.get(f"/notices?limit=2{after}", "drift"))
        seen += [one["id"] for one in page["notices"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == whole
    assert world.get("/notices?after=00000000-0000-0000-0000-000000000000", "drift").status_code == 404


def test_no_content_in_clear(any_world: World, jonas: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", jonas)
    at(any_world, SIXTEEN)
    with any_world.service.store.read("fjordbyen") as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM reminder").all())
    for secret in ("Jonas", "Prøve", "hasj", "Siv", jonas[0]["barn"]["fnr"]):
        assert secret not in rows
        assert secret not in any_world.get("/notices", "drift").text


def test_of_a_consent_those_of_its_own_log_are_told_and_of_a_birthday_all(
    world: World, emma: list[dict[str, Any]]
) -> None:
    deputy = changed(emma, "e-d4", "2026-11-01T10:00:00+01:00", rolle="stedfortreder")
    world.hand_in("logg", [deputy if r["id"] == "e-d4" else r for r in emma])
    world.hand_in("plan", records("individuell-plan", "emma"))
    at(world, REMINDED)
    log = sorted(ref(world, n) for n in ("e-d1", "e-d4", "e-d8"))
    assert [one["addressees"] for one in notices(world) if one["kind"] == "consent-ends"] == [log]
    at(world, datetime(2029, 1, 12, 23, tzinfo=UTC))  # 60 days before she is twelve
    (near,) = [one for one in notices(world) if one["kind"] == "birthday-near"]
    assert set(near["addressees"]) > set(log)
    (own,) = [one for one in notices(world, client="plan") if one["kind"] == "birthday-near"]
    assert set(own["addressees"]) == set(near["addressees"]) - set(log)
    assert not [one for one in notices(world, client="plan") if one["about"].startswith("Consent/")]
