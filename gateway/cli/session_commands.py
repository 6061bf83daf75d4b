"""The commands `sessions …`: whoever is logged in to the pages is logged out, by whoever runs the gateway."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import Impossible, PlainCommand

sessions = typer.Typer(
    name="sessions",
    no_args_is_help=True,
    help="""Who is logged in to the pages.

    ```
    stafettbro sessions end
    ```
    """,
)


@sessions.callback()
def _several() -> None:
    """So that it stays a group with one command."""


@sessions.command("end", cls=PlainCommand)
def end(
    login: Annotated[str | None, typer.Option(metavar="ID", help="Only of this login.")] = None,
    config: Config = CONFIG_FILE,
) -> None:
    """Log everybody out, at once and everywhere.

    For the day a login provider, a browser or a cookie is not to be trusted any more. Whoever was logged in
    logs in again; what they had written and not signed is gone. The audit says that it was done.

    Examples:

    ```
    stafettbro sessions end --config stafettbro.toml
    stafettbro sessions end --login idporten
    ```
    """
    from gateway.access.endings import Endings
    from gateway.access.login_sessions import Sessions
    from gateway.cli import people
    from gateway.service import now

    with people.opened(config) as hub:
        ways = [one for one in hub.settings.logins if login in (None, one.id)]
        if not ways:
            raise Impossible(f"There is no login {login}." if login else "There are no logins.")
        kept = Sessions(hub.store, hub.settings.logins, Endings(hub.store, hub.key))
        for one in ways:
            screen.say(f"{one.id}: {kept.end_all(one, now())} sessions ended.")
