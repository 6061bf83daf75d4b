"""Every command that the documents tell the reader to run exists, with the options they give it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from gateway.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ASKED = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?stafettbro ([a-z]+(?: [^`|#>\n]*)?)")


def commands() -> Iterator[tuple[str, str]]:
    """(page, what follows `stafettbro`) of every command in code."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = re.findall(r"```\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
        for piece in (a or b for a, b in code):
            yield from ((page.name, found.strip()) for found in ASKED.findall(piece))


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words name, and the words left. Raises AssertionError."""
    found: Any = typer.main.get_command(app)
    while isinstance(found, TyperGroup) and words:
        assert words[0] in found.commands, f"there is no command {words[0]!r}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


@pytest.mark.parametrize(("page", "written"), list(commands()))
def test_the_command_exists(page: str, written: str) -> None:
    command, rest = command_of(written.split())
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    assert {word for word in rest if word.startswith("-") and word != "-"} <= options


def test_the_documents_name_commands_at_all() -> None:
    assert len(list(commands())) > 10


@pytest.mark.parametrize("service", ["gateway", "worker", "demo"])
def test_what_the_containers_start_exists(service: str) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    command, rest = command_of(compose["services"][service]["command"])
    options = {name for one in command.params for name in one.opts}
    assert {word for word in rest if word.startswith("-")} <= options


@pytest.mark.parametrize("name", ["STAFETTBRO_CONFIG", "STAFETTBRO_HOST"])
def test_the_containers_set_variables_that_serve_reads(name: str) -> None:
    command, _ = command_of(["serve"])
    assert name in {one.envvar for one in command.params}
    assert name in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["x-program"]["environment"]
