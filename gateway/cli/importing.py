"""The command `import`: a whole file of records into the hub, with a report, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import DONE, REFUSED, STOPPED

if TYPE_CHECKING:
    from gateway.cli.import_run import Result

MEANING = {
    "stored": "taken in",
    "unchanged": "were here already",
    "conflict": "taken in where it could be; both values are kept for a person to decide",
    "waiting": "referred to something that had not come yet",
    "rejected": "not taken in",
}


def import_(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="A system of the configuration.")],
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", exists=True, help="JSON, NDJSON, the system's CSV, or a folder."),
    ],
    config: Config = CONFIG_FILE,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The report, a JSON line per record. Beside FILE if not said."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="From the start, also if it was done before.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, max=32, help="Side by side, on PostgreSQL; else one per core.")
    ] = None,
) -> None:
    """Take a whole history of a system's records in.

    The records go the same way as those that a system posts, log by log, each in transactions of its own, so
    that doing it twice changes nothing. A bad record never harms the rest. The report says of each record
    what became of it and holds nothing of its content; those that were rejected are listed apart. Stop it
    with Ctrl-C, or let it crash: the same command goes on where it was, and each record goes in once.

    What is taken in is sent on by the worker, wherever an open route and the consents allow it, behind what
    is written today. On SQLite, stop the gateway first, or let the system post its records instead.

    Examples:

    ```
    stafettbro import stafettlogg logs.ndjson --config stafettbro.toml
    stafettbro import stafettlogg export-folder --processes 4
    stafettbro import individuell-plan plans.json --report /tmp/plans.report.jsonl
    ```
    """
    from gateway.cli import import_run

    result = import_run.run(config, system, file, report, again=again, processes=processes)
    _tell(result)
    if result.stopped:
        raise typer.Exit(STOPPED)
    raise typer.Exit(REFUSED if result.counts.get("rejected") else DONE)


def _tell(result: Result) -> None:
    if result.already_done:
        screen.say("This file has been taken in before; nothing was done. --again offers it once more.")
    if result.stopped:
        screen.note(f"Stopped after {result.total} records. The same command goes on from there.")
    screen.results().print(_table(result))
    screen.say(f"Report: {result.report}")
    if result.rejected:
        screen.say(f"Rejected records, with field and reason: {result.rejected}")


def _table(result: Result) -> object:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("records", justify="right")
    table.add_column("status")
    table.add_column("meaning")
    for status, meaning in MEANING.items():
        count = result.counts.get(status, 0)
        more = f"; {result.still_waiting} still wait" if status == "waiting" and count else ""
        if count:
            table.add_row(str(count), status, meaning + more)
    table.add_row(str(result.total), "in all")
    return table
