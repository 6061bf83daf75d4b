"""What the running commands do: the gateway under uvicorn, a worker, the demo, the migration."""

from __future__ import annotations

import asyncio
import gc
import signal
from pathlib import Path
from typing import Literal

import typer
import uvicorn
from fastapi import FastAPI

from gateway import config
from gateway.api.app import create_app
from gateway.api.connection import connections
from gateway.cli import database, logs, screen
from gateway.cli.outcome import FAILED, Impossible
from gateway.hub.audit import configured
from gateway.hub.schema import HEAD, bring_up
from gateway.service import Service, build, now
from gateway.welfare import office

GRACE_SECONDS = 10  # for answers under way when the process is asked to stop


def serve(path: Path, host: str, port: int, log: Literal["text", "json"]) -> None:
    """Serve until told to stop."""
    logs.start(log)
    service = build(config.load(path))
    app = create_app(service)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=connections(service.settings),
            ws="none",
            proxy_headers=False,  # what a request says of its way counts for limits alone: client_address
            access_log=False,  # addresses name children
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn's own handlers come later, and raise it again
        signal.signal(number, lambda *_: _stop(server, app))
    settle()
    try:
        server.run()
    except SystemExit as ended:  # uvicorn has said why, for instance that the port is taken
        raise typer.Exit(FAILED) from ended
    finally:
        service.close()


def settle() -> None:
    """What was built at start stays, and is looked at no more when memory is swept: a child's page of 2,000
    entries had waited for that each time."""
    gc.collect()
    gc.freeze()


def _stop(server: uvicorn.Server, app: FastAPI) -> None:
    """No more requests; pages that wait for news are let go."""
    server.should_exit = True
    app.state.streams.end()


def work(path: Path, log: Literal["text", "json"]) -> None:
    """Work until told to stop."""
    settings = config.load(path)
    if settings.database_url.startswith("sqlite"):
        raise Impossible(
            "On SQLite the worker runs inside `stafettbro serve`, since the file belongs to one process.\n"
            "Workers of their own need PostgreSQL: set database_url to postgresql+psycopg://…"
        )
    logs.start(log)
    service = build(settings)
    settle()
    try:
        asyncio.run(_work(service))
    finally:
        service.close()


async def _work(service: Service) -> None:
    configured.note(service.store, service.settings, service.clock())
    worker = service.add_worker()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run()
    finally:
        for adapter in worker.adapters.values():
            await adapter.close()


def demo(folder: Path, first_port: int) -> int:
    """Run the demo until told to stop; its exit code."""
    from gateway.demo import launcher
    from gateway.demo.demo_settings import Ports

    ports = Ports(first_port, first_port + 1, first_port + 2, first_port + 3, first_port + 9)
    return launcher.run(folder, ports)


def migrate(path: Path, owner_url: str | None) -> None:
    """Migrate, and say from where to where."""
    settings = database.owned(config.load(path), owner_url)
    url = settings.database_url
    before = database.revision(settings.database_owner_url or url)
    bring_up(url, settings.database_owner_url)
    apart = office.opened(settings, now)  # the store of reports, where there is one
    if apart is not None:
        apart.close()
    after = "was on it already" if before == HEAD else f"came from {before or 'an empty database'}"
    screen.say(f"The database is on schema {HEAD} ({after}).")
