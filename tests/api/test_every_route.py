"""No route forgets the door: without a token, with a wrong scope, nothing is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from gateway.api.app import assemble
from gateway.api.contract import contract
from tests.api.world import World

OPEN = {"/healthz", "/readyz"}


def operations() -> Iterator[tuple[str, str]]:
    for path, item in contract(assemble())["paths"].items():
        if path not in OPEN:
            for method in item:
                yield method.upper(), path.replace("{", "").replace("}", "")


@pytest.fixture(scope="module")
def doors() -> list[tuple[str, str]]:
    return list(operations())


def test_nobody_gets_in_without_a_token_or_with_one_that_does_not_reach(
    world: World, doors: list[tuple[str, str]]
) -> None:
    assert len(doors) >= 18
    other = world.headers("bup", "noe.annet")
    forged = {"Authorization": "Bearer " + world.token("bup")[:-4] + "AAAA"}
    for method, path in doors:
        bare = world.http.request(method, path)
        assert (bare.status_code, bare.headers["www-authenticate"]) == (401, "Bearer"), (method, path)
        assert world.http.request(method, path, headers=forged).status_code == 401, (method, path)
        narrow = world.http.request(method, path, headers=other)
        assert narrow.status_code == 403, (method, path)
        assert json.loads(narrow.content)
