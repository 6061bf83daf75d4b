"""The commands `keys …`: the key-encryption key is replaced while everybody works."""

from __future__ import annotations

import typer

from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import PlainCommand

keys = typer.Typer(
    name="keys",
    no_args_is_help=True,
    help="""The keys of content: one of each person, wrapped by the key-encryption key.

    ```
    stafettbro keys rewrap
    ```
    """,
)


@keys.callback()
def _several() -> None:
    """So that it stays a group with one command."""


@keys.command("rewrap", cls=PlainCommand)
def rewrap(config: Config = CONFIG_FILE) -> None:
    """Wrap every key of content by the newest key-encryption key, while everybody works.

    First give the new one as `keys.key_ref`, name the one of before in `keys.former_key_refs`, and start
    everything anew. After this command the former one opens nothing any more and can be taken away.

    Example:

    ```
    stafettbro keys rewrap --config stafettbro.toml
    ```
    """
    from gateway.cli import sealing_work

    count = sealing_work.rewrap(config)
    screen.say(f"{count} keys are wrapped anew." if count else "All keys are wrapped by the newest one.")
