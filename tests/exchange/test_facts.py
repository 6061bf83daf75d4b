"""What decisions rest on, read from the hub: and never older than it may be."""

from __future__ import annotations

from typing import Any

from gateway.exchange.facts import PersonFacts
from gateway.exchange.selection import Selection, by_item
from gateway.hub import versions
from gateway.hub.schema.tables import person
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

CHILD = Child(1)


def facts(here: World) -> PersonFacts:
    """The facts of the only person there is."""
    with here.service.store.read(TENANT) as connection:
        row = connection.execute(person.select()).one()
        return here.service.facts.read(connection, TENANT, row.id, row.facts_no)


def permitted(here: World, name: str, recipient: str) -> bool:
    """Whether a record of the stafettlogg may go to a recipient now."""
    (answer,) = here.take("stafettlogg", CHILD.goal(name, 1))
    known = facts(here)
    system = here.system(recipient)
    selection = Selection(system, here.service.settings, here.service.mappings[recipient], known, "push", NOW)
    with here.service.store.read(TENANT) as connection:
        parts = by_item(versions.of_items(connection, TENANT, [answer.ref or ""]))
    view = selection.view(answer.ref or "", parts[answer.ref or ""])
    return view is not None and view.permitted


def consent(**changes: Any) -> dict[str, Any]:
    """The child's consent record, changed."""
    own = next(r for r in CHILD.log_records() if r["type"] == "samtykke")
    return {**own, **changes}


def test_a_goal_that_the_consent_covers_may_go(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    assert permitted(here, "m1", "bup")


def test_a_record_excepted_before_it_arrived_is_still_excepted_when_it_comes(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    later = consent(endret="2026-09-02T08:00:00+02:00", unntattPoster=[f"{CHILD.log}-m7"])
    here.take("stafettlogg", later)
    facts(here)  # read, and would be kept
    assert not permitted(here, "m7", "bup")
    assert permitted(here, "m8", "bup")


def test_what_a_refusal_says_since_it_was_changed_is_lifted_by_no_yes_from_before(here: World) -> None:
    first = consent(id="nei", endret="2026-08-01T08:00:00+02:00", avgjoerelse="nekter", mottakere=["skole"])
    here.take("stafettlogg", *CHILD.log_records(), first)
    assert permitted(here, "m1", "bup")
    here.take("stafettlogg", {**first, "endret": "2026-09-10T08:00:00+02:00", "mottakere": ["bup"]})
    assert not permitted(here, "m1", "bup")


def test_a_yes_that_was_merely_corrected_lifts_no_refusal(here: World) -> None:
    no = consent(id="nei", endret="2026-09-10T08:00:00+02:00", avgjoerelse="nekter", mottakere=["bup"])
    here.take("stafettlogg", *CHILD.log_records(), no)
    here.take("stafettlogg", consent(endret="2026-09-20T08:00:00+02:00", formaal="Rettet."))
    assert not permitted(here, "m1", "bup")


def test_a_withdrawn_consent_is_seen_at_once(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records(), CHILD.goal("m1", 1))
    assert permitted(here, "m1", "bup")
    trukket = {"tidspunkt": "2026-11-20T08:00:00+01:00", "av": f"{CHILD.log}-mor"}
    here.take("stafettlogg", consent(endret="2026-11-20T08:00:00+01:00", trukket=trukket))
    assert not permitted(here, "m1", "bup")


def test_a_service_reaches_only_organizations_that_take_part(here: World) -> None:
    here.take("stafettlogg", *[r for r in CHILD.log_records() if r["id"] != f"{CHILD.log}-bup"])
    assert not permitted(here, "m1", "bup")


def test_the_same_practitioner_in_log_and_plan_is_known_as_one(here: World) -> None:
    def with_hpr(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [r | {"hpr": "9144889"} if r["id"].endswith("-koord") else r for r in records]

    here.take("stafettlogg", *with_hpr(CHILD.log_records()))
    here.take("individuell-plan", *with_hpr(CHILD.plan_records()))
    assert {len(group) for group in facts(here).twins.values()} == {2}


def test_correcting_a_consent_does_not_lift_an_exception_made_after_it(here: World) -> None:
    refusal = consent(id=f"{CHILD.log}-nei", endret="2026-10-01T08:00:00+02:00", avgjoerelse="nekter")
    here.take("stafettlogg", *CHILD.log_records(), refusal | {"mottakere": ["bup"]})
    assert not permitted(here, "m1", "bup")
    here.take("stafettlogg", consent(endret="2026-11-01T08:00:00+01:00", formaal="skrivefeil rettet"))
    assert not permitted(here, "m1", "bup")
