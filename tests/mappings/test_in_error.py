"""Registered in error: what is marked keeps its words, and what is emptied says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mappings import reading
from mappings.canonical import BELONGS_TO, ENTRY_KIND
from mappings.ended import is_bare, is_notice, notice
from mappings.in_error import emptied, is_emptied, is_only_marked, marked
from mappings.lens.times import moment
from tests.conformance.emitted import from_samples

AT = "2026-11-21T12:00:00Z"
SAYS_NOTHING = frozenset(
    {AT, "tidspunkt", "Feilregistrert", "text/plain", "needs-action", "plan", "order", "cancelled", "revoked"}
)
ITEMS = [
    one.resource
    for one in from_samples()
    if one.resource["resourceType"] not in ("Patient", "Provenance", "Bundle", "Binary", "CareTeam")
    and " " not in one.set
]


def texts(value: Any) -> Iterator[str]:
    """Every string inside."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def test_there_are_items_to_try() -> None:
    assert {one["resourceType"] for one in ITEMS} >= {
        "Appointment", "CarePlan", "Communication", "Consent", "DocumentReference", "Goal", "Observation",
        "PractitionerRole", "RelatedPerson", "ServiceRequest",
    }  # fmt: skip


@pytest.mark.parametrize("resource", ITEMS, ids=lambda one: f"{one['resourceType']}/{one['id'][:6]}")
def test_what_is_emptied_is_in_error_and_says_nothing(resource: dict[str, Any]) -> None:
    bare = emptied(resource, AT)
    assert reading.in_error(bare)
    assert is_emptied(bare)
    assert not is_emptied(resource)
    ids = {resource["id"], resource["resourceType"]}
    kinds = {c["code"] for k in bare.get("category", ()) for c in k["coding"] if c["system"] == ENTRY_KIND}
    links = {e["valueReference"]["reference"] for e in bare["extension"] if e["url"] == BELONGS_TO}
    whose = {t for t in texts(bare) if t.startswith("Patient/")}
    left = set(texts(bare)) - ids - kinds - links - whose - SAYS_NOTHING
    assert not {t for t in left if t in set(texts(resource)) and not t.startswith(("http", "urn:"))} - {
        "patient-privacy", "59284-0", "entered-in-error",
    }  # fmt: skip


@pytest.mark.parametrize("resource", ITEMS, ids=lambda one: f"{one['resourceType']}/{one['id'][:6]}")
def test_what_is_marked_keeps_its_words_and_is_in_error(resource: dict[str, Any]) -> None:
    made = marked(resource, AT, "Gjelder et annet barn")
    assert reading.in_error(made)
    kept = {
        k: v for k, v in made.items() if k not in ("status", "lifecycleStatus", "extension", "meta", "active")
    }
    assert kept.items() <= resource.items()
    assert is_only_marked(marked(resource, AT), resource)
    assert not is_only_marked(made, resource)
    assert moment(AT) is not None


def test_a_notice_is_bare_and_nobodys_to_share() -> None:
    made = notice("n", "Patient/1", ["Goal/2", "Goal/1"], AT)
    assert is_notice(made)
    assert is_bare(made)
    assert reading.category_of(made) == frozenset()
    assert not is_notice({"resourceType": "Communication", "category": [{"text": "melding"}]})
