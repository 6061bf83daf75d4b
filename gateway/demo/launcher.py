"""Starts the whole demo, says where everything is, and stops it again: a token issuer, the gateway, and three
systems of others that push sample children to it. Everything listens on this machine only."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway.demo.demo_settings import HOST, Layout, Ports, prepare
from gateway.demo.processes import ChildFailed, Children, taken
from gateway.demo.words import OSLO
from gateway.errors import ConfigurationError

READY_SECONDS = 90.0
LOOK_SECONDS = 0.3


def run(folder: Path, ports: Ports = Ports(), console: Console | None = None) -> int:  # noqa: B008 - frozen
    """Run the demo in a folder of its own until Ctrl-C or SIGTERM. Returns the exit code.

    The folder is emptied first if an earlier demo made it. Call from the main thread.
    """
    out = console or Console()
    stop = threading.Event()
    previous = {s: signal.signal(s, lambda *_: stop.set()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        _check_ports(ports)
        layout = prepare(folder, ports, datetime.now(OSLO).date())
        return _run(layout, out, stop)
    except (ConfigurationError, ChildFailed) as problem:
        out.print(f"Demoen stoppet: {problem}", style="red", markup=False, highlight=False)
        return 1
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _run(layout: Layout, out: Console, stop: threading.Event) -> int:
    children = Children(layout.folder / "logs")
    try:
        with out.status("Starter utsteder, gateway og demosystemer …"):
            _start_all(children, layout, stop.is_set)
        if not stop.is_set():
            _tell(layout, out)
        while not stop.wait(LOOK_SECONDS):
            children.check()
        out.print("Stopper …")
    finally:
        children.stop()
    return 0


def _start_all(children: Children, layout: Layout, stopped: Callable[[], bool]) -> None:
    """The gateway first: what the demo systems then send finds it there."""
    ports, folder = layout.ports, layout.folder
    issuer, bup = layout.url(ports.issuer), layout.url(ports.bup)
    children.start(
        "utsteder",
        ["-m", "gateway.demo.issuer", "--port", str(ports.issuer), "--state", str(folder)],
        {},
        f"{issuer}/jwks",
    )
    arguments = [
        "--port",
        str(ports.bup),
        "--file",
        str(folder / "bup.db"),
        "--seed",
        str(layout.seed("bup")),
    ]
    children.start(
        "bup",
        ["-m", "gateway.demo.bup", *arguments],
        {"STAFETTBRO_DEMO_TOKEN": layout.secret("bup.token").read_text()},
        f"{bup}/fhir/metadata",
    )
    children.start(
        "gateway",
        ["-m", "gateway.cli", "serve", "--config", str(layout.config), "--port", str(ports.gateway)],
        {},
        f"{layout.url(ports.gateway)}/readyz",
    )
    children.wait_ready(READY_SECONDS, stopped)
    if stopped():
        return
    for name, port in (("stafettlogg", ports.stafettlogg), ("individuell-plan", ports.individuell_plan)):
        _start_records(children, layout, name, port)
    children.wait_ready(READY_SECONDS, stopped)


def _start_records(children: Children, layout: Layout, name: str, port: int) -> None:
    ports = layout.ports
    arguments = ["-m", "gateway.demo.records_system", name, "--port", str(port)]
    arguments += ["--file", str(layout.folder / f"{name}.db"), "--seed", str(layout.seed(name))]
    arguments += ["--gateway", layout.url(ports.gateway), "--issuer", layout.url(ports.issuer)]
    secrets = {
        "STAFETTBRO_DEMO_TOKEN": layout.secret(f"{name}.token").read_text(),
        "STAFETTBRO_DEMO_SECRET": layout.secret(f"{name}.client").read_text(),
    }
    children.start(name, arguments, secrets, f"{layout.url(port)}/info")


def _check_ports(ports: Ports) -> None:
    busy = [(f.name, getattr(ports, f.name)) for f in dataclasses.fields(ports)]
    busy = [(name, port) for name, port in busy if taken(HOST, port)]
    if busy:
        listed = ", ".join(f"{port} ({name})" for name, port in busy)
        raise ConfigurationError(f"port i bruk: {listed}. Stopp det som bruker den, eller velg andre porter.")


def _tell(layout: Layout, out: Console) -> None:
    ports = layout.ports
    table = Table(title="Stafettbro-demoen går", title_justify="left")
    table.add_column("Hva")
    table.add_column("Adresse", no_wrap=True)
    table.add_row("Demosystem: stafettlogg", layout.url(ports.stafettlogg))
    table.add_row("Demosystem: individuell plan", layout.url(ports.individuell_plan))
    table.add_row("Demosystem: BUP", layout.url(ports.bup))
    table.add_row("Stafettbro (API)", layout.url(ports.gateway))
    out.print(table)
    out.print("Åpne stafettloggen, velg Emma og skriv et nytt mål. Se det komme hos de andre.")
    out.print(f"Oppsett, hemmeligheter og logger: {layout.folder}", markup=False, highlight=False)
    out.print("Ctrl-C stopper alt.")
