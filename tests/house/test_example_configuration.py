"""The example configuration is one that loads, shows every kind of system, and is explained key by key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway import config
from gateway.access import scopes

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "gateway" / "stafettbro.example.toml"
TABLES = [
    value for value in vars(config).values() if isinstance(value, type) and issubclass(value, config.Model)
]
KEYS = sorted({key for table in TABLES for key in table.model_fields})


@pytest.fixture(scope="module")
def example() -> config.Settings:
    return config.load(EXAMPLE)


def test_it_shows_every_kind_of_system(example: config.Settings) -> None:
    kinds = config.System.model_fields["adapter"].annotation.__args__  # type: ignore[union-attr]
    assert {system.adapter for system in example.systems} == set(kinds)
    assert {system.deliver for system in example.systems} == {"push", "pull", "none"}


def test_its_clients_ask_for_scopes_that_exist(example: config.Settings) -> None:
    assert set().union(*(client.scopes for client in example.clients)) <= scopes.ALL


def test_every_system_has_a_route_that_names_it(example: config.Settings) -> None:
    named = {end for route in example.routes for end in (route.source, route.recipient)}
    assert {system.id for system in example.systems} == named


def test_it_holds_no_secret() -> None:
    secrets = [
        line
        for line in EXAMPLE.read_text().splitlines()
        if re.match(r"\w*(secret|password|token|key)(_\w+)? *=", line)
        and not re.search(r'"(env|file|https):', line)
    ]
    assert secrets == []


@pytest.mark.parametrize("key", KEYS)
def test_the_documentation_explains_every_key(key: str) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert re.search(rf"^\| `{key}` \|", text, re.MULTILINE), f"docs/configuration.md does not explain {key}"


def test_the_documentation_explains_no_key_that_is_gone() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) <= set(KEYS)


def test_every_table_is_checked_for_misspelt_keys() -> None:
    assert TABLES
    assert [
        t.__name__ for t in TABLES if issubclass(t, BaseModel) and t.model_config.get("extra") != "forbid"
    ] == []
