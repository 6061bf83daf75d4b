"""With a judge that says no to everything, no route tells any recipient or reader anything that anyone wrote:
every way out asks it. With the judge as it is, the same words are found, so the search can fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import consent
from consent.evaluate import UNKNOWN
from gateway.api.app import assemble
from gateway.api.contract import contract
from gateway.hub import versions
from tests.api.conftest import records
from tests.api.test_fhir_read import evaluated, person
from tests.api.world import World

WORDS = frozenset(
    {"type", "id", "endret", "endretAv", "logg", "status", "rolle", "tjeneste", "foreldreansvar"}
)
READING = ("bup", "lege", "plan")  # none of them wrote anything here


def canaries(record: Any, key: str = "") -> Iterator[str]:
    """What people wrote: every text of a record that is long enough to be nothing else."""
    if isinstance(record, dict):
        for name, value in record.items():
            yield from canaries(value, name)
    elif isinstance(record, list):
        for one in record:
            yield from canaries(one, key)
    elif isinstance(record, str) and key not in WORDS and len(record) > 11 and " " in record:
        yield record


@pytest.fixture
def lived(world: World) -> tuple[World, dict[str, str], set[str]]:
    """Emma and Jonas; their ids by name; and what was written about them."""
    own: dict[str, str] = {}
    words: set[str] = set()
    for child in ("emma", "jonas"):
        log = evaluated(records("stafettlogg", child))
        world.hand_in("logg", log)
        own[child] = person(world, log[0])
        words |= set(canaries(log))
    return world, own, words


def addresses(world: World, people: dict[str, str], client: str) -> Iterator[str]:
    """Every address that reads, for each person and each of their resources."""
    for path, item in contract(assemble())["paths"].items():
        if "get" in item:
            asked = {q["name"] for q in item["get"].get("parameters", ()) if q.get("in") == "query"}
            for own in people.values():
                yield from _filled(world, path, asked, own, client)


def _filled(world: World, path: str, asked: set[str], own: str, client: str) -> Iterator[str]:
    query = {"patient": own, "recipient": client, "reader": "x"}
    given = "&".join(f"{name}={value}" for name, value in query.items() if name in asked)
    for way, value in (("person_id", own), ("patient", own), ("system", client)):
        path = path.replace(f"{{{way}}}", value)
    with world.service.store.read("fjordbyen") as connection:
        found = versions.of_person(connection, "fjordbyen", own)
    if "{type}" not in path and "{plan}" not in path:
        yield f"{path}?{given}"
        return
    for ref, version in found.items():
        kind, _, rest = ref.partition("/")
        one = path.replace("{type}", kind).replace("{id}", rest).replace("{plan}", rest)
        yield f"{one.replace('{version}', str(version.version))}?{given}"


def told(world: World, people: dict[str, str], words: set[str]) -> dict[str, set[str]]:
    """What was written, where it is found, by who reads."""
    found: dict[str, set[str]] = {}
    for client in READING:
        for address in dict.fromkeys(addresses(world, people, client)):
            answer = world.get(address, client)
            assert answer.status_code < 500, (address, answer.text)
            text = answer.text.encode().decode("unicode_escape", "replace") + answer.text
            found.setdefault(client, set()).update(word for word in words if word in text)
    return found


def test_no_route_tells_what_the_judge_refuses(
    lived: tuple[World, dict[str, str], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, people, words = lived
    assert len(words) > 40
    monkeypatch.setattr(consent, "decide", lambda *_: UNKNOWN)
    assert not any(told(world, people, words).values())


def test_with_the_judge_as_it_is_the_same_words_are_found(
    lived: tuple[World, dict[str, str], set[str]],
) -> None:
    world, people, words = lived
    found = told(world, people, words)
    assert {client for client, here in found.items() if here} >= {"bup"}
    assert len(found["bup"]) > 10
