"""The laws of merging, over resources of every shape that merging tells apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.hub.merge import Merged, merge
from gateway.hub.sameness import canonical, same
from mappings.model import Json, Resource
from tests.hub.merge_laws import LAWS, Law

MANY = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def word(name: str, letters: str = "abc") -> st.SearchStrategy[str]:
    """A value that tells which field it was made for."""
    return st.sampled_from(letters).map(lambda letter: f"{name}:{letter}")


def some(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Resource]:
    """An object with some of the fields, and at least one."""
    return st.fixed_dictionaries({}, optional=known).filter(bool)


def each(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[list[Any]]:
    """A list without repeats."""
    return st.lists(strategy, min_size=1, max_size=most, unique_by=canonical)


def coding(name: str) -> st.SearchStrategy[Resource]:
    return st.fixed_dictionaries(
        {"system": st.just(f"urn:{name}"), "code": word(name)}, optional={"display": word(name)}
    )


def concept(name: str) -> st.SearchStrategy[Resource]:
    return some(coding=each(coding(name), 2), text=word(name))


extensions = each(
    st.fixed_dictionaries({"url": st.just("urn:once"), "valueString": word("once")})
    | st.fixed_dictionaries({"url": st.just("urn:more"), "valueCode": word("more")})
    | st.fixed_dictionaries(
        {
            "url": st.just("urn:nested"),
            "extension": each(st.fixed_dictionaries({"url": st.just("urn:in"), "valueCode": word("in")}), 1),
        }
    )
)
parts: dict[str, st.SearchStrategy[Any]] = {
    "lifecycleStatus": word("status"),
    "description": concept("description"),
    "category": each(concept("category")),
    "target": each(some(dueDate=word("due"), measure=concept("measure"), detailString=word("detail")), 2),
    "note": each(some(text=word("note"), time=word("time"))),
    "identifier": each(some(system=st.just("urn:i"), value=word("identifier"), use=word("use"))),
    "extension": extensions,
    "participant": each(
        st.fixed_dictionaries(
            {"actor": st.fixed_dictionaries({"reference": word("who")})}, optional={"status": word("s")}
        )
    ),
    "given": each(word("given")),
    "valueString": word("string"),
    "valueQuantity": some(value=st.sampled_from([Decimal("1.10"), Decimal("1.1"), 2]), unit=word("unit")),
    "meta": some(security=each(coding("label")), profile=each(word("profile"))),
    "contained": each(
        st.fixed_dictionaries(
            {"resourceType": st.just("Binary"), "id": st.sampled_from("xy")}, optional={"data": word("data")}
        )
    ),
}


def known(fields: dict[str, Any]) -> Resource:
    return {"resourceType": "Goal", "id": "1", **fields}


resources = st.fixed_dictionaries({}, optional=parts).map(known)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Resource, Resource, Resource]:
    """A base and two edits of it, most fields as they were."""
    base = draw(resources)
    others = [draw(resources), draw(resources)]
    names = sorted({n for one in (base, *others) for n in one})
    sides = []
    for other in others:
        changed = draw(st.frozensets(st.sampled_from(names), max_size=4))
        sides.append(
            {n: (other if n in changed else base)[n] for n in names if n in (other if n in changed else base)}
        )
    return base, sides[0], sides[1]


def leaves(value: Json) -> Iterator[str]:
    """Every single value, as text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner) if name not in ("url", "system") else ()
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield str(value)


def noted(merged: Merged) -> set[str]:
    """Every value some conflict keeps."""
    return {leaf for c in merged.conflicts for side in (c.theirs, c.current, c.base) for leaf in leaves(side)}


@MANY
@given(resources, resources)
def test_no_change_changes_nothing(base: Resource, current: Resource) -> None:
    merged = merge(base, deepcopy(base), current)
    assert merged.value is current
    assert merged.conflicts == ()


@MANY
@given(resources, resources)
def test_where_only_they_changed_theirs_is_the_value(base: Resource, theirs: Resource) -> None:
    merged = merge(base, theirs, base)
    assert same(merged.value, theirs)
    assert merged.conflicts == ()


@MANY
@given(resources, resources)
def test_where_both_changed_to_the_same_that_is_the_value(base: Resource, both: Resource) -> None:
    merged = merge(base, deepcopy(both), both)
    assert merged.value is both
    assert merged.conflicts == ()


@MANY
@given(edits())
def test_no_value_of_theirs_is_lost(sides: tuple[Resource, Resource, Resource]) -> None:
    base, theirs, current = sides
    merged = merge(base, theirs, current)
    new = set(leaves(theirs)) - set(leaves(base))
    assert new <= set(leaves(merged.value)) | noted(merged)


@MANY
@given(edits())
def test_no_value_of_ours_is_lost(sides: tuple[Resource, Resource, Resource]) -> None:
    base, theirs, current = sides
    merged = merge(base, theirs, current)
    new = set(leaves(current)) - set(leaves(base))
    assert new <= set(leaves(merged.value))


@MANY
@given(edits())
def test_what_they_took_away_is_gone_or_in_a_conflict(sides: tuple[Resource, Resource, Resource]) -> None:
    base, theirs, current = sides
    merged = merge(base, theirs, current)
    before, ours = Counter(leaves(base)), Counter(leaves(current))
    for leaf in set(leaves(base)) - set(leaves(theirs)):
        if ours[leaf] <= before[leaf]:
            assert leaf not in set(leaves(merged.value)) or leaf in noted(merged)


@MANY
@given(edits())
def test_the_same_again_changes_nothing(sides: tuple[Resource, Resource, Resource]) -> None:
    base, theirs, current = sides
    once = merge(base, theirs, current)
    held = merge(theirs, deepcopy(theirs), once.value)
    assert held.value is once.value
    assert held.conflicts == ()
    assert same(merge(base, theirs, once.value).value, once.value)


@MANY
@given(edits())
def test_the_answer_is_always_the_same_and_leaves_its_input_alone(
    sides: tuple[Resource, Resource, Resource],
) -> None:
    before = deepcopy(sides)
    assert merge(*sides) == merge(*before)
    assert sides == before


@MANY
@given(edits())
def test_without_conflict_it_does_not_matter_who_came_first(
    sides: tuple[Resource, Resource, Resource],
) -> None:
    base, one, other = sides
    first, second = merge(base, one, other), merge(base, other, one)
    if not first.conflicts and not second.conflicts:
        assert Counter(leaves(first.value)) == Counter(leaves(second.value))


@MANY
@given(resources, resources, resources, st.frozensets(st.sampled_from(sorted(parts))))
def test_edits_of_different_fields_commute(
    base: Resource, one: Resource, other: Resource, mine: frozenset[str]
) -> None:
    values = frozenset({"valueString", "valueQuantity"})
    mine = mine | values if mine & values else mine

    def edited(*sources: tuple[Resource, bool]) -> Resource:
        result = dict(base)
        for source, chosen in sources:
            for name in (n for n in parts if (n in mine) is chosen):
                result.pop(name, None)
                result |= {name: source[name]} if name in source else {}
        return result

    left, right = edited((one, True)), edited((other, False))
    for merged in (merge(base, left, right), merge(base, right, left)):
        assert same(merged.value, edited((one, True), (other, False)))
        assert merged.conflicts == ()


@MANY
@given(resources, resources, resources)
def test_an_older_copy_that_comes_back_changes_nothing(
    base: Resource, previous: Resource, current: Resource
) -> None:
    merged = merge(base, deepcopy(previous), current, previous=previous)
    assert same(merged.value, current)
    if not same(base, previous) and same(base, current):
        assert merged.conflicts
        assert {c.kind for c in merged.conflicts} == {"older"}


@MANY
@given(edits(), resources)
def test_with_an_older_copy_known_nothing_is_lost(
    sides: tuple[Resource, Resource, Resource], previous: Resource
) -> None:
    base, theirs, current = sides
    merged = merge(base, theirs, current, previous=previous)
    new = set(leaves(theirs)) - set(leaves(base))
    assert new <= set(leaves(merged.value)) | noted(merged)
    assert set(leaves(current)) - set(leaves(base)) <= set(leaves(merged.value))


@MANY
@given(edits())
def test_an_older_copy_that_is_the_base_says_nothing(sides: tuple[Resource, Resource, Resource]) -> None:
    base, theirs, current = sides
    plain, aware = merge(base, theirs, current), merge(base, theirs, current, previous=base)
    assert Counter(leaves(plain.value)) == Counter(leaves(aware.value))
    assert all(c.kind == "changed" for c in aware.conflicts)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(MANY, max_examples=60)
@given(sides=edits())
def test_law(law: Law, sides: tuple[Resource, Resource, Resource]) -> None:
    law(*sides)
