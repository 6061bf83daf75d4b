"""Ways into a resource: one place is read and written, all else stays, and nothing that was given changes."""

from __future__ import annotations

import pytest

from mappings.canonical import code_system, extension, identifier_system
from mappings.lens.patterns import Pattern
from mappings.lens.ways import BadWay, Names, element, steps, way
from mappings.model import Json

OTHER, MINE = {"type": "author", "who": "a"}, {"type": "enterer", "who": "b"}
NAMES = Names({"kort": "urn:long"}, {"skriver": Pattern({"type": "enterer"}, or_first=True)})
WRITER = way("agent{skriver}.who", NAMES)


def test_the_element_that_is_meant_is_written_wherever_it_stands() -> None:
    for agents in ([OTHER, MINE], [MINE, OTHER]):
        written = [{**a, "who": "c"} if a is MINE else a for a in agents]
        assert WRITER.put({"agent": agents}, "c") == {"agent": written}
        assert WRITER.get({"agent": agents}) == "b"


def test_for_want_of_one_the_first_is_read_and_written_if_it_says_nothing_else() -> None:
    assert WRITER.get({"agent": [{"who": "x"}, OTHER]}) == "x"
    assert WRITER.put({"agent": [{"who": "x"}, OTHER]}, "c") == {"agent": [{"who": "c"}, OTHER]}
    assert WRITER.get({"agent": [OTHER]}) == "a"
    assert WRITER.put({"agent": [OTHER]}, "c") == {"agent": [OTHER, {"type": "enterer", "who": "c"}]}


def test_what_is_read_of_the_first_is_taken_away_there_too() -> None:
    assert WRITER.put({"agent": [OTHER]}, None) == {"agent": [{"type": "author"}]}
    assert WRITER.put({"agent": [{"who": "x"}]}, None) is None


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("status", {"status": "v"}),
        ("description.text", {"description": {"text": "v"}}),
        ("target[0].dueDate", {"target": [{"dueDate": "v"}]}),
        ("note[0]", {"note": ["v"]}),
        ("extension(a-b).valueString", {"extension": [{"url": extension("a-b"), "valueString": "v"}]}),
        ("modifierExtension(kort).valueCode", {"modifierExtension": [{"url": "urn:long", "valueCode": "v"}]}),
        ("extension(kort).valueCode", {"extension": [{"url": "urn:long", "valueCode": "v"}]}),
        ("sub(kort).valueCode", {"extension": [{"url": "kort", "valueCode": "v"}]}),
        ("telecom(phone).value", {"telecom": [{"system": "phone", "value": "v"}]}),
        ("identifier(x).value", {"identifier": [{"system": identifier_system("x"), "value": "v"}]}),
        ("identifier(kort).value", {"identifier": [{"system": "urn:long", "value": "v"}]}),
        ("meta.tag(x).code", {"meta": {"tag": [{"system": code_system("x"), "code": "v"}]}}),
        ("coding(kort).code", {"coding": [{"system": "urn:long", "code": "v"}]}),
        ("category<x>", {"category": [{"coding": [{"system": code_system("x"), "code": "v"}]}]}),
        ("category<kort>", {"category": [{"coding": [{"system": "urn:long", "code": "v"}]}]}),
        ("agent{skriver}.who", {"agent": [{"type": "enterer", "who": "v"}]}),
    ],
)
def test_each_step_makes_its_place_finds_it_and_takes_it_away(text: str, resource: Json) -> None:
    place = way(text, NAMES)
    assert place.put({}, "v") == resource
    assert place.get(resource) == "v"
    assert place.get({}) is None
    assert place.put({**resource, "id": "x"}, None) == {"id": "x"}
    assert place.put(resource, None) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a[1]", "'a[1]' in 'a[1]' is not a step of a way"),
        ("a..b", "'' in 'a..b' is not a step of a way"),
        ("a.b x", "'b x' in 'a.b x' is not a step of a way"),
        ("a{borte}", "the pattern 'borte' is not declared"),
        ("a<x>.b", "a<…> is the end of a way"),
    ],
)
def test_what_is_no_way_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(BadWay) as bad:
        way(text, NAMES)
    assert str(bad.value) == said


def test_an_empty_way_is_the_place_itself() -> None:
    assert steps("") == []
    here = way("", NAMES)
    assert (here.get("v"), here.put("v", "w")) == ("v", "w")


@pytest.mark.parametrize(
    ("step", "key", "fresh"),
    [
        ("note", "note", {}),
        ("extension(x)", "extension", {"url": extension("x")}),
        ("security(x)", "security", {"system": code_system("x")}),
        ("agent{skriver}", "agent", {"type": "enterer"}),
    ],
)
def test_a_last_step_tells_the_elements_of_a_list(step: str, key: str, fresh: Json) -> None:
    found, pattern = element(step, NAMES)
    assert (found, pattern.fresh) == (key, fresh)


@pytest.mark.parametrize(
    ("step", "said"), [("a[1]", "'a[1]' is not a step of a way"), ("a{b}", "the pattern 'b' is not declared")]
)
def test_what_tells_no_elements_is_refused_with_the_reason(step: str, said: str) -> None:
    with pytest.raises(BadWay) as bad:
        element(step, NAMES)
    assert str(bad.value) == said


class TestNothingThatWasGivenChanges:
    def test_also_where_the_place_stands_deep(self) -> None:
        resource = {"a": [{"b": {"c": "old"}}, {"b": 1}], "x": 1}
        place = way("a[0].b.c", NAMES)
        assert place.put(resource, "new") == {"a": [{"b": {"c": "new"}}, {"b": 1}], "x": 1}
        assert place.put(resource, None) == {"a": [{"b": 1}], "x": 1}
        assert resource == {"a": [{"b": {"c": "old"}}, {"b": 1}], "x": 1}

    @pytest.mark.parametrize("text", ["a.b", "a[0].b", "a(kort).b", "agent{skriver}.who"])
    def test_and_what_is_taken_from_where_nothing_is_leaves_the_same_value(self, text: str) -> None:
        resource = {"x": 1}
        assert way(text, NAMES).put(resource, None) is resource
