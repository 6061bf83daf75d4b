"""Commands that run: serve, worker, demo; and migrate, which serve does by itself at start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.options import CONFIG_FILE, Config, OwnerUrl
from gateway.cli.outcome import DONE

Log = Annotated[
    Literal["text", "json"],
    typer.Option("--log", envvar="STAFETTBRO_LOG", help="Form of the log lines on stderr."),
]


def serve(
    config: Config = CONFIG_FILE,
    host: Annotated[str, typer.Option(envvar="STAFETTBRO_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="STAFETTBRO_PORT", min=0, max=65535)] = 8420,
    log: Log = "text",
) -> None:
    """Run the gateway: the API, and on SQLite the worker too.

    Brings the database to the current schema first. Stops at Ctrl-C or SIGTERM, after what it is doing. Put a
    proxy with TLS before it; --host 0.0.0.0 lets other machines in.

    Examples:

    ```
    stafettbro serve --config stafettbro.toml
    stafettbro serve --host 0.0.0.0 --port 8420 --log json
    ```
    """
    from gateway.cli import processes

    processes.serve(config, host, port, log)


def worker(config: Config = CONFIG_FILE, log: Log = "text") -> None:
    """Run one worker, beside `serve`. PostgreSQL only.

    A worker sends what waits and asks polled systems for changes. Start as many as needed, on any machine
    that reaches the database; stop them at any time. On SQLite the worker runs inside `serve`.

    Example:

    ```
    stafettbro worker --config stafettbro.toml --log json
    ```
    """
    from gateway.cli import processes

    processes.work(config, log)


def demo(
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Emptied at each start.")] = Path("var/demo"),
    first_port: Annotated[
        int, typer.Option(min=1, max=65500, help="The gateway's; the demo systems take some of the next ten.")
    ] = 8420,
) -> None:
    """Run the demo: the gateway between three demo systems, with sample children.

    Everything listens on this machine only, and all children are invented. Ctrl-C stops it all.

    Example:

    ```
    stafettbro demo
    ```
    """
    from gateway.cli import processes

    raise typer.Exit(processes.demo(folder, first_port))


def migrate(config: Config = CONFIG_FILE, owner_url: OwnerUrl = None) -> None:
    """Bring the database to the current schema.

    On PostgreSQL as the tables' owner. `serve` and `worker` do the same when they start, on PostgreSQL where
    `database_owner_url` stands in the file. Doing it twice does no harm.

    Example:

    ```
    stafettbro migrate --config stafettbro.toml
    ```
    """
    from gateway.cli import processes

    processes.migrate(config, owner_url)
    raise typer.Exit(DONE)
