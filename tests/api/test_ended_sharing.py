"""A system that fetches learns with its next call that sharing has ended: once, without content, and without
a trace of what those who read there are not to know of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from gateway.exchange import disclosures, endings
from gateway.exchange.closing import epochs, look
from gateway.exchange.disclosures import Attempt, Disclosed
from mappings.ended import ALL, SOME
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.test_withdraw import ref, withdraw
from tests.api.world import NOW, World, fields, settings

Record = dict[str, Any]


@pytest.fixture
def entered(any_world: World, emma: list[Record]) -> World:
    """Emma's log and plan; the plan system has taken everything in."""
    any_world.hand_in("logg", emma)
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    fetch(any_world)
    any_world.later()
    return any_world


def fetch(world: World, cursor: str = "") -> list[Record]:
    """What the plan system takes in, until there is no more, all of it confirmed."""
    found: list[Record] = []
    while True:
        page = fields(world.get(f"/systems/plan/records{cursor and f'?after={cursor}'}", "plan"))
        found += [one["record"] for one in page["records"]]
        cursor = page["cursor"]
        if not page["records"] and not page["more"]:
            return found


def texts(found: list[Record]) -> list[str]:
    return [one["tekst"] for one in found if one["type"] == "melding"]


def edit(world: World, emma: list[Record], own: str, **changed: Any) -> None:
    """Someone changes a record of the log."""
    world.later()
    record = next(one for one in emma if one["id"] == own)
    answer = world.hand_in("logg", {**record, **changed, "endret": world.now.isoformat()})
    assert answer.status_code == 200, answer.content


def notices(world: World, emma: list[Record]) -> list[Record]:
    own = person(world, emma[0]).removeprefix("Patient/")
    with world.service.store.read("fjordbyen") as connection:
        told = disclosures.of_person(connection, "fjordbyen", own)
    return [one for one in told if one["channel"] == disclosures.EXEMPT]


def test_told_once_and_with_nothing_of_the_child(entered: World, emma: list[Record]) -> None:
    withdraw(entered, ref(entered, "e-d2"))
    (told,) = fetch(entered)
    assert set(told) == {"type", "id", "plan", "endret", "tekst", "tidspunkt"}
    assert (told["tekst"], told["plan"]) == (ALL, "emma-ip")
    (noted,) = notices(entered, emma)
    assert (noted["state"], noted["recipient"]) == ("delivered", "plan")
    assert [(one["ground"], one["categories"]) for one in noted["items"]] == [("notice", [])]
    edit(entered, emma, "e-m1", tekst="Skal ikke ut")
    assert fetch(entered) == []
    assert states(entered, emma) == {endings.Told.TOLD}


def states(world: World, emma: list[Record]) -> set[endings.Told]:
    """How far the notices to the plan system have come."""
    own = person(world, emma[0]).removeprefix("Patient/")
    with world.service.store.read("fjordbyen") as connection:
        known = endings.of_person(connection, "fjordbyen", "plan", own)
    return {one.state for one in known.values()}


def test_what_the_system_says_of_the_notice_is_no_item(entered: World, emma: list[Record]) -> None:
    withdraw(entered, ref(entered, "e-d2"))
    (told,) = fetch(entered)
    back = told | {"tekst": "Vi har lest dette", "endret": "2026-11-21T14:00:00+01:00"}
    (answer,) = fields(entered.hand_in("plan", [back]))["results"]
    assert answer["status"] == "unchanged"
    own = person(entered, emma[0]).removeprefix("Patient/")
    found = fields(entered.get(f"/fhir/Communication?patient={own}", "plan"))
    assert not [e for e in found.get("entry", []) if e["resource"]["id"] == told["id"]]


def test_never_confirmed_it_is_handed_out_again_as_the_same(entered: World) -> None:
    withdraw(entered, ref(entered, "e-d2"))
    first = fields(entered.get("/systems/plan/records", "plan"))["records"]
    second = fields(entered.get("/systems/plan/records", "plan"))["records"]
    assert [one["record"]["id"] for one in first] == [one["record"]["id"] for one in second]
    assert len(first) == 1


def test_of_one_item_it_says_some(entered: World, emma: list[Record]) -> None:
    edit(entered, emma, "e-s1", unntattPoster=["e-m1"])
    assert texts(fetch(entered)) == [SOME]
    edit(entered, emma, "e-s1", unntattPoster=["e-m1"], form="muntlig")
    assert texts(fetch(entered)) == []


@pytest.mark.parametrize(("readers", "told"), [([], [SOME]), (["guardians"], [])])
def test_no_trace_where_those_read_who_are_not_to_know(
    sqlite_url: str,
    tmp_path: Path,
    issuer: Issuer,
    emma: list[Record],
    readers: list[str],
    told: list[str],
) -> None:
    plain = settings(sqlite_url, tmp_path, issuer).model_dump()
    own = {"readers": readers, "audience": "organization"}
    plain["systems"] = [one | (own if one["id"] == "plan" else {}) for one in plain["systems"]]
    world = World(Settings.model_validate(plain), issuer)
    world.hand_in("logg", emma)
    world.hand_in("plan", records("individuell-plan", "emma"))
    fetch(world)
    edit(world, emma, "e-m1", sperre=["NORN_FORANS"])
    assert texts(fetch(world)) == told
    world.close()


def test_a_notice_under_way_holds_no_withdrawal_up(entered: World, emma: list[Record]) -> None:
    own = person(entered, emma[0]).removeprefix("Patient/")
    consent = ref(entered, "e-s1")
    with entered.service.store.write("fjordbyen") as connection:
        for channel in (disclosures.EXEMPT, "push"):
            attempt = Attempt(disclosures.new_id(), own, (Disclosed("Goal/1", 1, (), "-", (), ()),))
            disclosures.begin(
                connection, "fjordbyen", [attempt], recipient="bup", channel=channel, run=1, epoch=1,
                owner="w1", now=NOW, deadline=None,
            )  # fmt: skip
            (epoch,) = epochs(connection, "fjordbyen", [consent], NOW)
            assert look(connection, epoch, entered.now).closed is (channel == disclosures.EXEMPT)


def test_a_system_without_messages_is_told_nothing(
    entered: World, emma: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping: Any = entered.service.mappings["plan"]
    monkeypatch.delitem(mapping._by_resource, "Communication")  # as one without messages would have it
    withdraw(entered, ref(entered, "e-d2"))
    assert fetch(entered) == []
    assert states(entered, emma) == {endings.Told.NO_FORM}
