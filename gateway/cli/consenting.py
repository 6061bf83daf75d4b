"""The command `consents`: how each consent about a person stands, and who holds what."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from gateway.cli.options import CONFIG_FILE, Config


def consents(
    patient: Annotated[
        str,
        typer.Argument(
            metavar="PATIENT",
            help="The hub's id, SYSTEM:ID of a log or plan, or - to be asked for the national id.",
        ),
    ],
    config: Config = CONFIG_FILE,
    reader: Annotated[
        str | None,
        typer.Option(
            metavar="PARTICIPANT", help="Only what this participant may see of who holds what: SYSTEM:ID."
        ),
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="With every version of each consent.")] = False,
    language: Annotated[Literal["nb", "nn"], typer.Option(help="Of the sentences.")] = "nb",
) -> None:
    """Say how each consent stands, who must still sign, and who holds what.

    The state is worked out now, by the same rules as a delivery's. Who holds what comes from the log of what
    left; `--reader` narrows it to the rows that a parent, say, would be shown. Ids only, never content. Sends
    and writes nothing.

    Examples:

    ```
    stafettbro consents stafettlogg:jonas-logg
    stafettbro consents stafettlogg:jonas-logg --history --language nn
    stafettbro consents stafettlogg:jonas-logg --reader stafettlogg:j-d3
    ```
    """
    from gateway.cli import consent_report

    consent_report.show(config, patient, reader, history=history, language=language)
