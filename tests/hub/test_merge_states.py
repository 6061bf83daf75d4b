"""The laws of merging over what our systems make of their records: every section of every mapping file, with
whatever its fields may hold, and what others change in it."""

from __future__ import annotations

import random

import pytest

import mappings
from gateway.intake.standing import PROVENANCE
from mappings.model import EMPTY, Resource
from mappings.trial.cases import CaseMaker
from tests.hub.merge_laws import LAWS, Law

SYSTEMS = ("stafettlogg", "individuell-plan", "leverandoer-x")
CASES = 3  # of each section


def triples(name: str, seed: int) -> list[tuple[Resource, Resource, Resource]]:
    """(base, theirs, ours) of every slot that is merged: a record, another edition of it from the same
    system, and what others made of it."""
    source, found = random.Random(seed), []
    mapping = mappings.load(name)
    for section in mapping.sections:
        maker = CaseMaker(mapping, section, synonyms=True)
        for _ in range(CASES):
            case = maker.case(*map(source.randbytes, maker.sizes))
            base = mapping.put(case.clean, EMPTY, maker.ids)
            theirs = mapping.put(case.first, base, maker.ids)
            for slot, resource in base.focus.items():
                if slot != PROVENANCE and slot in theirs.focus and slot in case.focus:
                    found.append((resource, theirs.focus[slot], dict(case.focus[slot])))
    return found


@pytest.fixture(scope="module", params=SYSTEMS)
def made(request: pytest.FixtureRequest) -> list[tuple[Resource, Resource, Resource]]:
    return triples(request.param, seed=20261122)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_what_our_systems_make(made: list[tuple[Resource, Resource, Resource]], law: Law) -> None:
    assert len(made) > 15
    for base, theirs, current in made:
        law(base, theirs, current)
