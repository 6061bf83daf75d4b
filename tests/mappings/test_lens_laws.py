"""The laws of the lenses for every section of our mapping files, and what they do not say by themselves: that
FHIR holds what it can hold, that what a system does not know survives, that nothing given is changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import jsontext, load
from mappings.lens.residue import same
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, ITEM, NotExpressible, State
from tests.mappings.strategies import ids_for, records

SECTIONS = [
    pytest.param(load(name), section, id=f"{name}-{section.declared.name}")
    for name in ("stafettlogg", "individuell-plan")
    for section in load(name).sections
]
every_section = pytest.mark.parametrize(("mapping", "section"), SECTIONS)
cases = settings(max_examples=10)
# what FHIR always says, though a record may leave it to be understood
UNDERSTOOD = {"status", "avgjoerelse", "mimetype"}
FOREIGN: dict[str, Any] = {
    "language": "nb",
    "implicitRules": "http://example.org/rules",
    "identifier": [{"system": "urn:peer", "value": "17"}],
}


@every_section
@cases
@given(data=st.data())
def test_put_get(mapping: SystemMapping, section: Section, data: st.DataObject) -> None:
    first, second = (data.draw(records(mapping, section)) for _ in range(2))
    ids = ids_for(mapping, section)
    once = mapping.put(first, EMPTY, ids)
    assert same(mapping.get(once, ids), first)
    twice = mapping.put(second, once, ids)
    assert same(mapping.get(twice, ids), second)


@every_section
@cases
@given(data=st.data())
def test_get_put(mapping: SystemMapping, section: Section, data: st.DataObject) -> None:
    state = _with_foreign_content(mapping, section, data)
    ids = ids_for(mapping, section)
    try:
        native = mapping.get(state, ids)
    except NotExpressible:
        return
    again = mapping.put(native, state, ids)
    assert same(dict(again.focus), dict(state.focus))
    assert same(again.rest, state.rest)


@every_section
@cases
@given(data=st.data())
def test_put_is_idempotent_and_changes_nothing_given(
    mapping: SystemMapping, section: Section, data: st.DataObject
) -> None:
    native, ids = data.draw(records(mapping, section)), ids_for(mapping, section)
    state = _with_foreign_content(mapping, section, data)
    before = copy.deepcopy((native, dict(state.focus), state.rest))
    put = mapping.put(native, state, ids)
    again = mapping.put(native, put, ids)
    assert same(dict(again.focus), dict(put.focus))
    assert same(again.rest, put.rest)
    assert same([*before], [native, dict(state.focus), state.rest])


@every_section
@cases
@given(data=st.data())
def test_fhir_alone_holds_what_is_declared(
    mapping: SystemMapping, section: Section, data: st.DataObject
) -> None:
    native, ids = data.draw(records(mapping, section, clean=True)), ids_for(mapping, section)
    mapping.describe(native)
    state = mapping.put(native, EMPTY, ids)
    said = mapping.get(State(state.focus), ids)
    wanted = {key: value for key, value in native.items() if key != "versjon"}
    extra = {key: value for key, value in said.items() if key in UNDERSTOOD and key not in wanted}
    if "oppmoete" in wanted:  # one without a status is invited
        wanted["oppmoete"] = [{"status": "invitert", **one} for one in wanted["oppmoete"]]
    assert same({**said}, {**wanted, **extra})


@every_section
@cases
@given(data=st.data())
def test_content_the_mapping_does_not_know_survives(
    mapping: SystemMapping, section: Section, data: st.DataObject
) -> None:
    native, ids = data.draw(records(mapping, section)), ids_for(mapping, section)
    state = _with_foreign_content(mapping, section, data)
    item = mapping.put(native, state, ids).focus[ITEM]
    assert {key: item.get(key) for key in ("language", "implicitRules")} == {
        key: FOREIGN[key] for key in ("language", "implicitRules")
    }
    assert FOREIGN["identifier"][0] in item["identifier"]


@every_section
@settings(max_examples=10)
@given(data=st.data())
def test_every_resource_is_valid(mapping: SystemMapping, section: Section, data: st.DataObject) -> None:
    first, second = (data.draw(records(mapping, section)) for _ in range(2))
    ids = ids_for(mapping, section)
    once = mapping.put(first, EMPTY, ids)
    for state in (once, mapping.put(second, once, ids)):
        for resource in state.focus.values():
            get_fhir_model_class(resource["resourceType"]).model_validate_json(jsontext.encode(resource))
            assert _without_empties(resource)


def _with_foreign_content(mapping: SystemMapping, section: Section, data: st.DataObject) -> State:
    """A state some system has made, with content of others in it, and perhaps without its rest."""
    state = mapping.put(data.draw(records(mapping, section)), EMPTY, ids_for(mapping, section))
    item = dict(state.focus[ITEM])
    identifiers = item.get("identifier", []) + FOREIGN["identifier"]
    item |= {**FOREIGN, "identifier": identifiers}
    item["extension"] = [{"url": "http://example.org/e", "valueString": "x"}, *item.get("extension", [])]
    focus = {**state.focus, ITEM: item}
    for slot in sorted(section.owned.keys() & focus.keys()):
        if data.draw(st.booleans()):
            focus.pop(slot)
    return State(focus, state.rest if data.draw(st.booleans()) else None)


def _without_empties(value: Any) -> bool:
    """FHIR JSON has no null, no empty string, list or object."""
    if isinstance(value, dict):
        return bool(value) and all(map(_without_empties, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(_without_empties, value))
    return value is not None and value != ""
