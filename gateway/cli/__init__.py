"""The command line `stafettbro`: one module per group of commands. What is heavy is imported by the command
that needs it, so that help and `convert` start at once."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Annotated

import typer

from gateway.cli.access import access
from gateway.cli.auditing import audit
from gateway.cli.backing import backup, restore
from gateway.cli.checking import check
from gateway.cli.consenting import consents
from gateway.cli.converting import convert
from gateway.cli.explaining import explain
from gateway.cli.exporting import export
from gateway.cli.importing import import_
from gateway.cli.isolating import database as database_
from gateway.cli.key_commands import keys
from gateway.cli.lanes import lanes
from gateway.cli.mapping import mapping
from gateway.cli.merging import identity
from gateway.cli.outcome import PlainCommand
from gateway.cli.previewing import preview
from gateway.cli.publishing import profiles
from gateway.cli.recalling import recall
from gateway.cli.running import demo, migrate, serve, worker
from gateway.cli.session_commands import sessions

app = typer.Typer(
    name="stafettbro",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Connects the stafettlogg, the individuell plan and health records (FHIR R4).

    An entry made once, in whichever system its author already uses, appears in every other system that the
    consent allows, and nowhere else.

    First steps:

    ```
    stafettbro demo                             # see it work, with invented children
    stafettbro convert stafettlogg log.json     # what your records are in FHIR
    stafettbro check --config stafettbro.toml   # is the configuration right?
    ```
    """,
    epilog="Exit codes: 0 done, 1 something was refused or is wrong, 2 wrong usage, 3 could not be done.",
)


def _version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        number = metadata.version("stafettbro")
    except metadata.PackageNotFoundError:
        number = "(not installed: run from its source)"
    typer.echo(f"stafettbro {number}")
    raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="The version, and no more.")
    ] = False,
) -> None:
    pass


_PANELS: dict[str, dict[str, Callable[..., None]]] = {
    "Run": {
        "demo": demo,
        "serve": serve,
        "worker": worker,
        "migrate": migrate,
        "backup": backup,
        "restore": restore,
    },
    "Connect a system": {
        "check": check,
        "convert": convert,
        "import": import_,
        "preview": preview,
        "profiles": profiles,
    },
    "Look and mend": {"explain": explain, "consents": consents, "export": export, "recall": recall},
}
for _panel, _commands in _PANELS.items():
    for _name, _command in _commands.items():
        app.command(_name, cls=PlainCommand, rich_help_panel=_panel)(_command)
app.add_typer(mapping, rich_help_panel="Connect a system")
app.add_typer(database_, rich_help_panel="Run")
app.add_typer(keys, rich_help_panel="Run")
app.add_typer(sessions, rich_help_panel="Run")
app.add_typer(access, rich_help_panel="Run")
app.add_typer(audit, rich_help_panel="Look and mend")
app.add_typer(lanes, rich_help_panel="Look and mend")
app.add_typer(identity, rich_help_panel="Look and mend")
