"""The commands `database …`: the roles that PostgreSQL needs, the step after which it holds every transaction
to the tenants it names, and the sealing of a database of before."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config, OwnerUrl
from gateway.cli.outcome import PlainCommand

database = typer.Typer(
    name="database",
    no_args_is_help=True,
    help="""Set PostgreSQL up so that each municipality's data is its own, and seal what is older.

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


@database.command("seal", cls=PlainCommand)
def seal(config: Config = CONFIG_FILE, owner_url: OwnerUrl = None) -> None:
    """Seal what is personal in a database of an earlier release, by a key of each person.

    Once after the upgrade, while the gateway is stopped; a database made by this release is sealed from the
    start. Cut off, the same command goes on. Releases of before do not start on it any more. Copies that were
    made before hold everything in clear: delete them when they are not needed any more.

    Example:

    ```
    stafettbro database seal --config stafettbro.toml
    ```
    """
    from gateway.cli import sealing_work

    count = sealing_work.seal(config, owner_url)
    screen.say(f"{count} rows are sealed." if count else "The database is sealed already.")
