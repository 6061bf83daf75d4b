"""The commands `people …`: two persons here that are one, and questions of who is who."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import PlainCommand

Named = Annotated[
    str,
    typer.Argument(
        metavar="PATIENT",
        help="The hub's id, SYSTEM:ID of a log or plan, or - to be asked for the national id.",
    ),
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="The full name of who decides it.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, without content or numbers.")]

identity = typer.Typer(
    name="people",
    no_args_is_help=True,
    help="""Who is who: persons that are one, and numbers that a person must decide about.

    ```
    stafettbro people show stafettlogg:emma-logg    # its merges, and the questions that wait
    stafettbro people merge individuell-plan:emma-plan stafettlogg:emma-logg --by "Kari Nordmann" --reason "…"
    ```
    """,
)


@identity.command("show", cls=PlainCommand)
def show(patient: Named, config: Config = CONFIG_FILE) -> None:
    """The merges that a person took part in, and the questions about them, answered ones too.

    Example:

    ```
    stafettbro people show stafettlogg:emma-logg
    ```
    """
    from gateway.cli import merging_work

    merging_work.show(config, patient)


@identity.command("merge", cls=PlainCommand)
def merge(
    patient: Named,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Who it is too, named in the same way.")],
    by: By,
    reason: Why,
    config: Config = CONFIG_FILE,
) -> None:
    """Two persons here are one: everything of OTHER becomes PATIENT's, whose id counts from now on.

    Nothing is changed or made twice. What each had agreed to before permits nothing of the other's; refusals
    of both count for both. Records that waited for this are taken in.

    Example:

    ```
    stafettbro people merge stafettlogg:emma-logg individuell-plan:emma-plan --by "Kari Nordmann" --reason Fnr
    ```
    """
    from gateway.cli import merging_work

    merging_work.merge(config, patient, other, by=by, reason=reason)


@identity.command("erase", cls=PlainCommand)
def erase(patient: Named, by: By, reason: Why, config: Config = CONFIG_FILE) -> None:
    """Erase everything about a person here, and the key it was sealed by: no copy can be read either.

    It cannot be undone. What was told to whom and who looked stays, as ids and codes. Whoever still has the
    child in a connected system sends it again at the next change: end that first. Nothing is erased there.

    Example:

    ```
    stafettbro people erase stafettlogg:emma-logg --by "Kari Nordmann" --reason "Krav om sletting, vedtak 12"
    ```
    """
    from gateway.cli import erasing_work

    erasing_work.erase(config, patient, by=by, reason=reason)


@identity.command("unmerge", cls=PlainCommand)
def unmerge(
    patient: Named,
    merge_id: Annotated[str, typer.Argument(metavar="MERGE", help="The merge's id; `people show` tells it.")],
    by: By,
    reason: Why,
    config: Config = CONFIG_FILE,
) -> None:
    """They were not one after all: what was the other's, and what was written about it since, goes back.

    Lists who was told what because of the merge; a deviation is opened for each item.

    Example:

    ```
    stafettbro people unmerge stafettlogg:emma-logg 3f2c… --by "Kari Nordmann" --reason "Tvillinger"
    ```
    """
    from gateway.cli import merging_work

    merging_work.unmerge(config, patient, merge_id, by=by, reason=reason)


@identity.command("answer", cls=PlainCommand)
def answer(
    patient: Named,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="Its id; `people show` tells it.")],
    said: Annotated[Literal["same", "different"], typer.Argument(help="Whether it is the same child.")],
    by: By,
    reason: Why,
    config: Config = CONFIG_FILE,
) -> None:
    """Whether a number that was given up leads to this person still; `different` refuses the number.

    Where a question is about two persons here who are one, they are merged instead.

    Example:

    ```
    stafettbro people answer stafettlogg:emma-logg 3f2c… different --by "Kari Nordmann" --reason "Søsken"
    ```
    """
    from gateway.cli import merging_work

    merging_work.answer(config, patient, question, same=said == "same", by=by, reason=reason)
