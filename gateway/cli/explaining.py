"""The command `explain`: why a recipient does or does not get what there is about a person."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from gateway.cli.options import CONFIG_FILE, Config


def explain(
    patient: Annotated[
        str,
        typer.Argument(
            metavar="PATIENT",
            help="The hub's id, SYSTEM:ID of a log or plan, or - to be asked for the national id.",
        ),
    ],
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="A system of the configuration.")],
    item: Annotated[
        str | None, typer.Argument(metavar="[ITEM]", help="Goal/… or SYSTEM:ID; everything if absent.")
    ] = None,
    config: Config = CONFIG_FILE,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="As of then, to come or passed: 2026-11-21 or with a time."),
    ] = None,
    language: Annotated[Literal["nb", "nn"], typer.Option(help="Of the reasons.")] = "nb",
) -> None:
    """Say why a recipient gets, or does not get, each item.

    Asks the same questions as a delivery does, and shows each answer with its rules, sources and consents.
    Ids only, never content. Sends and writes nothing.

    Examples:

    ```
    stafettbro explain stafettlogg:emma-logg bup
    stafettbro explain stafettlogg:emma-logg bup stafettlogg:e-m1 --language nn
    stafettbro explain - bup --at 2027-03-14
    ```
    """
    from gateway.cli import explanation

    explanation.show(config, patient, recipient, item, at=at, language=language)
