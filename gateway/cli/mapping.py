"""The commands `mapping …`: whether a mapping file keeps the laws, and what one record becomes. They need
neither configuration nor database, and keep nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.outcome import DONE, REFUSED, PlainCommand

FileName = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A mapping file (.toml), or ours: stafettlogg, individuell-plan."),
]

mapping = typer.Typer(
    name="mapping",
    no_args_is_help=True,
    help="""Try a mapping file before it is used. It says once what a system's fields are called and where
    each stands in FHIR, and is read in both directions.

    ```
    stafettbro mapping check helseforum.toml              # does it keep the laws?
    stafettbro mapping try helseforum.toml goal.json      # what does this record become, and come back as?
    ```
    """,
)


@mapping.command("check", cls=PlainCommand)
def check(
    file: FileName,
    cases: Annotated[int, typer.Option(min=1, max=1_000_000, help="Generated cases for each section.")] = 300,
    seed: Annotated[int, typer.Option(help="Another seed, other cases; the same seed, the same ones.")] = 0,
    section: Annotated[str | None, typer.Option(metavar="NAME", help="Only this record type.")] = None,
    synonyms: Annotated[
        bool, typer.Option("--synonyms", help="Several words of a code table may mean one FHIR code.")
    ] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="What the file leaves out.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Give JSON lines, for programs.")] = False,
) -> None:
    """Try the laws on records and FHIR resources made from what the file declares.

    A mistake in the file is named with file, line and rule. Then each law is put to many cases, and of those
    that break it the smallest is shown: the record, the FHIR in between, what came, and where they part.

    - accepted: what the file declares is accepted by it
    - put-get: a record that was written is read back as it was
    - get-put: to write what was read changes nothing
    - put-put: to write twice is to write once
    - fhir-alone: a recipient that has only the FHIR reads the same
    - edit-seen: what another system changed is read
    - foreign-kept: what the mapping does not know survives
    - element-kept: what others added to an element of a list stays with it
    - valid: what is made is FHIR R4
    - given-kept: nothing that was given is changed

    At the end stands what the file leaves out. That is no error: no two systems know the same.

    Exit codes: 0 the laws hold, 1 a law is broken, 3 the file cannot be read or is wrong.

    Examples:

    ```
    stafettbro mapping check helseforum.toml
    stafettbro mapping check helseforum.toml --section delmaal --cases 5000 --seed 7
    ```
    """
    from gateway.cli.mapping_check import checked

    broken = checked(
        file, cases=cases, seed=seed, section=section, synonyms=synonyms, report=report, json=json
    )
    raise typer.Exit(REFUSED if broken else DONE)


@mapping.command("try", cls=PlainCommand)
def try_(
    file: FileName,
    record: Annotated[
        Path, typer.Argument(metavar="RECORD", help="JSON, or the system's own CSV; - is stdin.")
    ],
    short: Annotated[bool, typer.Option("--short", help="Without the FHIR.")] = False,
) -> None:
    """Show what a record becomes in FHIR, and what comes back with and without what FHIR cannot say.

    RECORD is one record or a list of them, as JSON; or CSV where the mapping file says how the system writes
    it. The record that comes back to its own system must be equal. What another system would lose is marked.

    Exit codes: 0 every record comes back equal, 1 one does not or was refused, 3 a file cannot be read.

    Examples:

    ```
    stafettbro mapping try helseforum.toml goal.json
    stafettbro mapping try stafettlogg - --short < emma.json
    ```
    """
    from gateway.cli.mapping_try import tried

    wrong = tried(file, record, quiet=short)
    raise typer.Exit(REFUSED if wrong else DONE)
