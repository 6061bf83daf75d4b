"""The nine points of an individuell plan: each is named when it is missing, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mappings.canonical import extension
from mappings.completeness import CATEGORIES, POINTS, assess, is_plan
from mappings.model import Resource
from tests.documents.plans import members, plan

Change = Callable[[Resource, list[Resource]], tuple[Resource, list[Resource]]]


def fields(
    plan_: Resource, members_: list[Resource], seen: frozenset[str] = CATEGORIES
) -> set[tuple[str, str]]:
    return {(gap.point, gap.field) for one in assess(plan_, members_, seen) for gap in one.gaps}


def whole() -> tuple[Resource, list[Resource]]:
    """Emma's plan with what it lacks filled in."""
    need = {"url": extension("samarbeidsbehov"), "valueString": "Skolen og BUP møtes hver måned."}
    return {**plan(), "extension": [*plan()["extension"], need]}, members()


def without(name: str) -> Change:
    def change(one: Resource, parts: list[Resource]) -> tuple[Resource, list[Resource]]:
        return tuple_of(_strip(one, name), [_strip(p, name) for p in parts])

    return change


def tuple_of(one: Resource, parts: list[Resource]) -> tuple[Resource, list[Resource]]:
    return one, parts


def _strip(one: Resource, name: str) -> Resource:
    kept = [e for e in one.get("extension", []) if e["url"] not in (extension(name), name)]
    rest = {k: v for k, v in one.items() if k not in ("extension", name)}
    return {**rest, "extension": kept} if kept else rest


def no(kind: str) -> Change:
    return lambda one, parts: (one, [p for p in parts if p["resourceType"] != kind])


def test_a_whole_plan_lacks_nothing() -> None:
    assert fields(*whole()) == set()
    assert [one.point.letter for one in assess(*whole())] == list("abcdefghi")


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        (no("Goal"), ("a", "maal")),
        (without("ressurser"), ("a", "ressurser")),
        (without("behov"), ("a", "behov")),
        (lambda one, parts: (one, [p for p in parts if "aktoer" not in str(p)]), ("b", "deltaker")),
        (lambda one, parts: (one, [p for p in parts if "'koordinator'" not in str(p)]), ("c", "koordinator")),
        (without("telecom"), ("c", "telefon")),
        (without("bidrag"), ("d", "bidrag")),
        (no("ServiceRequest"), ("e", "tiltak")),
        (without("performer"), ("e", "ansvarlig")),
        (without("omfang"), ("e", "omfang")),
        (without("gjennomfoering"), ("f", "gjennomfoering")),
        (without("http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"), ("f", "maal")),
        (without("period"), ("g", "periode")),
        (without("revisjon"), ("g", "revisjoner")),
        (without("samtykketekst"), ("h", "samtykke")),
        (without("samarbeidsbehov"), ("i", "samarbeidsbehov")),
    ],
)
def test_each_point_is_named_when_it_is_missing(change: Change, gap: tuple[str, str]) -> None:
    assert fields(*change(*whole())) == {gap}


def test_one_who_may_not_see_what_a_point_rests_on_is_told_nothing_of_it() -> None:
    bare = {**plan(), "extension": [e for e in plan()["extension"] if "entry" in str(e)]}
    seen = frozenset({"plan"})
    assert {point for point, _ in fields(bare, [], seen)} == {"b", "c", "g"}
    assert [one.point.letter for one in assess(bare, [], seen) if one.seen] == ["b", "c", "g"]


def test_what_was_registered_in_error_does_not_count() -> None:
    one, parts = whole()
    wrong = [
        {**p, "status": "entered-in-error"} if p["resourceType"] == "ServiceRequest" else p for p in parts
    ]
    assert fields(one, wrong) == {("e", "tiltak")}


def test_a_consent_on_the_plan_is_as_good_as_words_about_it() -> None:
    one, parts = without("samtykketekst")(*whole())
    given = {"resourceType": "Consent", "id": "s1", "status": "active"}
    assert fields(one, [*parts, given]) == set()
    assert fields(one, [*parts, {**given, "status": "inactive"}]) == {("h", "samtykke")}


def test_sentences_in_both_written_languages_and_no_content() -> None:
    gaps = [gap for one in assess({"resourceType": "CarePlan"}, members()[2:3]) for gap in one.gaps]
    assert all(gap.nb.endswith(".") and gap.nn.endswith(".") for gap in gaps)
    assert not any("Berit" in gap.nb + gap.nn for gap in gaps)
    assert len({p.letter for p in POINTS}) == 9


def test_a_log_is_a_plan_only_where_the_family_uses_it_as_one() -> None:
    log = {"resourceType": "CarePlan", "id": "l"}
    used = {"url": extension("brukes-som-ip"), "valueBoolean": True}
    assert is_plan(plan())
    assert not is_plan(log)
    assert is_plan({**log, "extension": [used]})
    assert not is_plan({**log, "extension": [{**used, "valueBoolean": False}]})
