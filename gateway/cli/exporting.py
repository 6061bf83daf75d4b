"""The command `export`: everything about one person, readable without the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import Impossible

ASKED = "-"


def export(
    patient: Annotated[
        str | None,
        typer.Argument(
            metavar="PATIENT",
            help="The hub's id, SYSTEM:ID of a log or plan, or - to be asked for the national id.",
        ),
    ] = None,
    config: Config = CONFIG_FILE,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A new folder, or a new file ending in .zip.")
    ] = None,
    national_id: Annotated[
        str | None,
        typer.Option("--national-id", metavar="-", help="Ask for the national id (or read stdin)."),
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="READER", help="Only what this system, or participant (SYSTEM:ID), may see now."
        ),
    ] = None,
) -> None:
    """Write everything about one person to a folder.

    All versions of everything as FHIR JSON, a Bundle of what holds now, the documents as files, what was told
    to whom and why, consents, conflicts and what each system holds; and index.html, a page in Norwegian that
    any browser opens without the gateway. The files hold personal content unfiltered: they are readable for
    you alone, and the export is written to the person's log of disclosures before it begins. With --for it
    holds only what that reader may see now, decided as for everything that leaves, and no older versions.

    Examples:

    ```
    stafettbro export stafettlogg:emma-logg --out emma
    stafettbro export stafettlogg:emma-logg --for stafettlogg:e-d2 --out til-mor
    stafettbro export --national-id - --out export.zip
    ```
    """
    if national_id not in (None, ASKED) or (patient is None) == (national_id is None):
        raise Impossible(
            "Name the person once: by PATIENT, or with --national-id - and the number is asked for."
        )
    from gateway.cli import export_run

    written, count = export_run.run(config, patient or ASKED, out, reader)
    screen.say(f"{count} files in {written}")
