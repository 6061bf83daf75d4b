"""The commands `access …`: who can come in to the pages and the interface; taking that away, and giving it
back."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.access.ending_reasons import Why
from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import PlainCommand

Tenant = Annotated[
    str | None, typer.Option(metavar="ID", help="Which municipality, where the configuration has several.")
]

access = typer.Typer(
    name="access",
    no_args_is_help=True,
    help="""Who can come in, and who cannot any more. Employees, operators and clients; never families.

    ```
    stafettbro access list                              # everybody, and whose access has ended
    stafettbro access end 3f2c --reason left            # one of them, at once and everywhere
    stafettbro access give-back 9a1b                    # it counts no more
    ```
    """,
)


@access.command("list", cls=PlainCommand)
def list_(config: Config = CONFIG_FILE, tenant: Tenant = None) -> None:
    """Employees and operators that have logged in, clients that may call, and whose access has ended.

    Of families it tells how many sessions there are, and nothing else.

    Example:

    ```
    stafettbro access list
    ```
    """
    from gateway.cli import access_work

    access_work.show(config, tenant)


@access.command("end", cls=PlainCommand)
def end(
    who: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="As `list` says it, or - to be asked for an HPR number or a national id."
        ),
    ],
    reason: Annotated[str, typer.Option(metavar="CODE", help=f"Why: {', '.join(Why)}.")],
    config: Config = CONFIG_FILE,
    tenant: Tenant = None,
) -> None:
    """End the access of a person or a client: sessions end at once, logins and tokens are refused.

    What somebody may see as a parent or a young person is theirs, and stays. The audit says that it was done.

    Examples:

    ```
    stafettbro access end 3f2c --reason left
    stafettbro access end - --reason left
    ```
    """
    from gateway.cli import access_work

    access_work.end(config, tenant, who, reason)


@access.command("give-back", cls=PlainCommand)
def give_back(
    ending: Annotated[str, typer.Argument(metavar="ID", help="Of the ending, as `list` says it.")],
    config: Config = CONFIG_FILE,
    tenant: Tenant = None,
) -> None:
    """Give access back: whoever it is of logs in, or calls, as before.

    Example:

    ```
    stafettbro access give-back 9a1b
    ```
    """
    from gateway.cli import access_work

    access_work.give_back(config, tenant, ending)
