"""The command `preview`: what a route would send, before it opens."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import Impossible


def preview(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="The system that would give.")
    ] = None,
    recipient: Annotated[
        str | None, typer.Argument(metavar="RECIPIENT", help="The system that would get.")
    ] = None,
    config: Config = CONFIG_FILE,
    source_option: Annotated[
        str | None, typer.Option("--source", metavar="SYSTEM", help="The same as SOURCE.")
    ] = None,
    recipient_option: Annotated[
        str | None, typer.Option("--recipient", metavar="SYSTEM", help="The same as RECIPIENT.")
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Each person and item: ids and categories, never content.")
    ] = False,
) -> None:
    """Show what a new or closed route would send, to whom, before it opens.

    Puts every item that came from SOURCE to the same decision as a delivery would, for every person, as if
    the route were open now; and compares what is permitted with what the recipient holds already. Writes
    nothing and sends nothing.

    Examples:

    ```
    stafettbro preview stafettlogg bup
    stafettbro preview --source stafettlogg --recipient bup --details
    ```
    """
    giver, getter = source or source_option, recipient or recipient_option
    if not giver or not getter:
        raise Impossible("Name both ends: stafettbro preview SOURCE RECIPIENT.")
    from gateway.cli import forecast

    forecast.show(config, giver, getter, details=details)
