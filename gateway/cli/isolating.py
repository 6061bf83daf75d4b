"""The commands `database …`: the roles that PostgreSQL needs, and the step after which it holds every
transaction to the tenants it names."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config, OwnerUrl
from gateway.cli.outcome import PlainCommand

database = typer.Typer(
    name="database",
    no_args_is_help=True,
    help="""Set PostgreSQL up so that each municipality's data is its own. SQLite needs none of it.

    ```
    stafettbro database roles | psql -d stafettbro   # as PostgreSQL's superuser
    stafettbro migrate                               # as the tables' owner
    ```
    """,
)


@database.command("roles", cls=PlainCommand)
def roles(
    config: Config = CONFIG_FILE,
    owner: Annotated[
        str | None, typer.Option(help="The owner's role; else the one of database_owner_url.")
    ] = None,
    reports: Annotated[bool, typer.Option("--welfare", help="For the store of reports.")] = False,
) -> None:
    """Print the SQL that makes the three roles, and gives the tables that are there to their owner.

    PostgreSQL's superuser runs it in the database. It sets no passwords. Doing it twice does no harm.

    Example:

    ```
    stafettbro database roles | psql -v ON_ERROR_STOP=1 -d stafettbro
    ```
    """
    from gateway.cli import isolation_work

    typer.echo(isolation_work.roles(config, owner, reports=reports), nl=False)


@database.command("isolate", cls=PlainCommand)
def isolate(config: Config = CONFIG_FILE, owner_url: OwnerUrl = None) -> None:
    """Hold every transaction to the tenants it names, from now on.

    Once after the upgrade from a release that named none, when all its processes have ended: it would see
    nothing, and does not start any more. A database made by this release is isolated from the start.

    Example:

    ```
    stafettbro database isolate --config stafettbro.toml
    ```
    """
    from gateway.cli import isolation_work

    isolation_work.isolate(config, owner_url)
    screen.say("Every table holds everyone to the tenants they name.")
