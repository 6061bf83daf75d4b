"""Help teaches: each command explains itself with an example, and the documentation knows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gateway.cli import app
from tests.cli.conftest import ROOT, Invoke


def commands(group: Any, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name)


ALL = sorted(commands(typer.main.get_command(app)))
PROMISED = {
    "serve", "worker", "demo", "migrate", "check", "convert", "import", "preview", "profiles", "explain",
    "lanes", "export", "mapping", "consents", "recall", "backup", "restore", "database", "people", "keys",
    "audit", "sessions", "access",
}  # fmt: skip


def test_every_promised_command_is_there() -> None:
    assert {names[0] for names in ALL} == PROMISED
    lanes = {"list", "show", "backfill", "release", "replay", "recheck", "hold"}
    assert {names[1] for names in ALL if names[0] == "lanes"} == lanes
    assert {names[1] for names in ALL if names[0] == "mapping"} == {"check", "try"}
    assert {names[1] for names in ALL if names[0] == "database"} == {"roles", "isolate", "seal"}
    assert {names[1] for names in ALL if names[0] == "people"} == {
        "show",
        "merge",
        "unmerge",
        "answer",
        "erase",
    }
    assert {names[1] for names in ALL if names[0] == "audit"} == {"verify", "stream"}


@pytest.mark.parametrize("names", ALL, ids="-".join)
def test_each_command_explains_itself_with_an_example(invoke: Invoke, names: tuple[str, ...]) -> None:
    done = invoke(*names, "--help")
    assert done.exit_code == 0
    assert re.search(r"Examples?:", done.stdout)
    assert f"stafettbro {' '.join(names)}" in done.stdout


@pytest.mark.parametrize("names", ALL, ids="-".join)
def test_the_options_of_each_example_exist(invoke: Invoke, names: tuple[str, ...]) -> None:
    said = invoke(*names, "--help").stdout
    examples, _, options = said.partition("Options")
    used = set(re.findall(r"(?<=\s)--[a-z-]+", examples.partition("Example")[2]))
    assert used <= set(re.findall(r"--[a-z-]+", options))


def test_the_documentation_knows_every_command() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert {name for name in PROMISED if f"| `{name}" not in page} == set()


def test_no_command_at_all_shows_the_help(invoke: Invoke) -> None:
    done = invoke()
    assert "First steps" in done.output


def test_the_version_is_told(invoke: Invoke) -> None:
    assert invoke("--version").stdout.startswith("stafettbro ")


def test_what_is_misspelt_is_wrong_usage(invoke: Invoke) -> None:
    done = invoke("chekc")
    assert done.exit_code == 2
    assert "check" in done.stderr
