"""The gate of what leaves without a decision: two types, and nothing in them that anyone wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.exchange.differences import Difference
from gateway.exchange.exempt import Exempt, Unlawful, ground_of
from gateway.exchange.judge import View
from gateway.exchange.prepare import _disclosed
from gateway.exchange.rendition import Unit
from gateway.exchange.shown import Shown
from gateway.hub.links import Link
from gateway.hub.versions import Version
from mappings.canonical import BELONGS_TO, ENTRY_KIND
from mappings.ended import message, notice
from mappings.in_error import emptied, marked
from mappings.model import ITEM, Resource, State

AT = "2026-11-21T12:00:00Z"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOAL: Resource = {
    "resourceType": "Goal",
    "id": "g",
    "lifecycleStatus": "active",
    "description": {"text": "Sove bedre"},
    "subject": {"reference": "Patient/1", "display": "Emma"},
    "note": [{"text": "Sint om kvelden"}],
}
NOTICE = notice("n", "Patient/1", ["Goal/g"], AT)


def test_there_are_two_types() -> None:
    assert {one.value for one in Exempt} == {"notice", "in-error"}


@pytest.mark.parametrize("more", [{"note": [{"text": "Mer"}]}, {"payload": [{"contentString": "Mer"}]}])
@pytest.mark.parametrize(
    ("exempt", "resource"),
    [
        (Exempt.NOTICE, NOTICE),
        (Exempt.NOTICE, message("n", "Patient/1", "CarePlan/p", AT, whole=True)),
        (Exempt.NOTICE, message("n", "Patient/1", "CarePlan/p", AT, whole=False)),
        (Exempt.IN_ERROR, emptied(GOAL, AT)),
    ],
)
def test_bare_it_goes_and_with_more_it_does_not(
    exempt: Exempt, resource: Resource, more: dict[str, Any]
) -> None:
    assert ground_of(exempt, resource, None) == exempt.value
    with pytest.raises(Unlawful):
        ground_of(exempt, {**resource, **more}, None)


@pytest.mark.parametrize("exempt", list(Exempt))
@pytest.mark.parametrize("resource", [GOAL, marked(GOAL, AT, "feil")])
def test_an_item_goes_by_neither(exempt: Exempt, resource: Resource) -> None:
    with pytest.raises(Unlawful):
        ground_of(exempt, resource, None)


def test_neither_type_passes_as_the_other() -> None:
    with pytest.raises(Unlawful):
        ground_of(Exempt.IN_ERROR, NOTICE, None)
    with pytest.raises(Unlawful):
        ground_of(Exempt.NOTICE, emptied(GOAL, AT), None)


@pytest.mark.parametrize(
    "changed",
    [
        {"about": [{"reference": "Goal/g", "display": "Sove bedre"}]},
        {"subject": {"reference": "Patient/1", "display": "Emma"}},
        {"category": [{"text": "Sove bedre"}]},
        {"sent": {"x": "Sove bedre"}},
        {"sent": "Sove bedre"},
        {"id": "Sove bedre"},
        {"about": [{"reference": "Sove bedre"}]},
        {"about": [{"reference": "urn:stafettbro:peer:skole:Goal/9"}]},
    ],
)
def test_nothing_hides_inside_a_notice(changed: dict[str, Any]) -> None:
    assert not_lawful(Exempt.NOTICE, {**NOTICE, **changed})


def not_lawful(exempt: Exempt, resource: Resource) -> bool:
    try:
        ground_of(exempt, resource, None)
    except Unlawful:
        return True
    return False


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "Sove bedre"},
        {"description": {"text": "Sove bedre"}},
        {"subject": {"reference": "Sove bedre"}},
        {"category": [{"coding": [{"system": ENTRY_KIND, "code": "Sove bedre"}]}]},
        {"extension": [{"url": BELONGS_TO, "valueReference": {"reference": "Sove bedre"}}]},
        {"meta": {"security": [{"code": "PSY"}]}},
    ],
)
def test_nothing_hides_inside_what_is_emptied(changed: dict[str, Any]) -> None:
    assert not_lawful(Exempt.IN_ERROR, emptied(GOAL, AT) | changed)
    assert not_lawful(Exempt.IN_ERROR, emptied(GOAL, "Sove bedre"))


def test_its_own_words_go_back_and_no_other() -> None:
    assert ground_of(Exempt.IN_ERROR, marked(GOAL, AT), GOAL) == "in-error"
    with pytest.raises(Unlawful):
        ground_of(Exempt.IN_ERROR, marked({**GOAL, "note": [{"text": "En annens"}]}, AT), GOAL)
    with pytest.raises(Unlawful):
        ground_of(Exempt.IN_ERROR, marked(GOAL, AT, "En annens grunn"), GOAL)


@pytest.mark.parametrize("exempt", [None, *Exempt])
def test_nothing_is_written_as_sending_without_a_decision(exempt: Exempt | None) -> None:
    version = Version("Goal/g", 1, "1", "Goal/g", 1, "logg", "logg", NOW, NOW, NOW, GOAL)
    shown = Shown(Unit("Goal/g", "Goal/g", State({ITEM: GOAL})), View("Goal/g", {}, {}), version)
    link = Link("bup", "Goal/g", "1", None)
    with pytest.raises(Unlawful):
        _disclosed(Difference("Goal/g", State({ITEM: GOAL}), link, shown, "", (), exempt))
