"""The command `check`: is everything in order, before anything is started."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import DONE, REFUSED

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.operating.checks import Found

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


def check(
    config: Config = CONFIG_FILE,
    offline: Annotated[
        bool, typer.Option("--offline", help="Without the database and the connected systems.")
    ] = False,
) -> None:
    """Check configuration, secrets, mapping files, database and connections.

    Names file, line and key of each mistake. Changes and sends nothing. Exit code 1 if there is an error;
    warnings alone are 0.

    Examples:

    ```
    stafettbro check --config stafettbro.toml
    stafettbro check --offline
    ```
    """
    settings = _settings(config)
    if settings is None:
        raise typer.Exit(REFUSED)
    from gateway.operating import checks

    found = list(checks.without_connections(settings))
    if not offline:
        found += checks.with_connections(settings)
    _show(found)
    raise typer.Exit(REFUSED if any(one.level == "error" for one in found) else DONE)


def _settings(path: Path) -> Settings | None:
    """The configuration, or None after its mistakes have been told."""
    from pydantic import ValidationError

    from gateway import config
    from gateway.errors import ConfigurationError

    try:
        return config.load(path)
    except ConfigurationError as error:
        cause = error.__cause__
        lines = _located(path, cause) if isinstance(cause, ValidationError) else [str(error)]
    for line in lines:
        screen.complain(line)
    return None


def _located(path: Path, error: object) -> list[str]:
    """file:line: key: what is wrong, for each mistake that pydantic found."""
    from pydantic import ValidationError

    from gateway.cli.places import line_of

    assert isinstance(error, ValidationError)
    text = path.read_text(encoding="utf-8")
    lines = []
    for one in error.errors(include_url=False, include_input=False):
        number = line_of(text, one["loc"])
        place = f"{path}:{number}" if number else str(path)
        key = ".".join(str(part) for part in one["loc"])
        lines.append(f"{place}: {key + ': ' if key else ''}{one['msg']}")
    return lines


def _show(found: Iterable[Found]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "finding"):
        table.add_column(heading, overflow="fold")
    for one in sorted(found, key=lambda f: ("error", "warning", "ok").index(f.level)):
        table.add_row(Text(one.level, COLOURS[one.level]), Text(one.about), Text(one.text))
    screen.results().print(table)
