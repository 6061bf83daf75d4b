"""The command `recall`: "wrong patient" from the command line, and the deviations that are open."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import CONFIG_FILE, Config


def recall(
    patient: Annotated[
        str,
        typer.Argument(
            metavar="PATIENT",
            help="The hub's id, SYSTEM:ID of a log or plan, or - to be asked for the national id.",
        ),
    ],
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Goal/… or SYSTEM:ID.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="The full name of who recalls it.")],
    reason: Annotated[str, typer.Option(metavar="CODE", help="feil-person, feil-innhold, …")] = "feil-person",
    config: Config = CONFIG_FILE,
) -> None:
    """Recall items that are about someone else, or wrong, from everyone who got them.

    Each is registered in error, those who hold it are told so by the running workers, and a deviation says
    who had it and who has acknowledged. Nothing is deleted. A repeat shows how it stands.

    Example:

    ```
    stafettbro recall stafettlogg:emma-logg stafettlogg:e-m1 --by "Kari Nordmann"
    ```
    """
    from gateway.cli import recall_work

    recall_work.recall(config, patient, items, by=by, reason=reason)
