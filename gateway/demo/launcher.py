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

from gateway.demo import at_once
from gateway.demo.demo_logins import PAGES
from gateway.demo.demo_settings import HOST, Layout, Ports, prepare
from gateway.demo.processes import ChildFailed, Children, taken
from gateway.demo.words import OSLO
from gateway.errors import ConfigurationError

READY_SECONDS = 240.0  # a machine that is busy takes its time
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
            at_once.begin(layout, datetime.now(OSLO).date(), stop.wait)
            _tell(layout, out)
        while not stop.wait(LOOK_SECONDS):
            children.check()
        out.print("Stopper …")
    finally:
        children.stop()
    return 0


def _start_all(children: Children, layout: Layout, stopped: Callable[[], bool]) -> None:
    """The gateway first: what the demo systems then send finds it there."""
    start_issuer(children, layout)
    start_bup(children, layout)
    start_gateway(children, layout)
    children.wait_ready(READY_SECONDS, stopped)
    if stopped():
        return
    start_records(children, layout, "stafettlogg", layout.ports.stafettlogg)
    start_records(children, layout, "individuell-plan", layout.ports.individuell_plan)
    children.wait_ready(READY_SECONDS, stopped)


def start_issuer(children: Children, layout: Layout) -> None:
    """Start the token issuer."""
    port = layout.ports.issuer
    arguments = ["--port", str(port), "--state", str(layout.folder)]
    children.start("utsteder", ["-m", "gateway.demo.issuer", *arguments], {}, layout.url(port) + "/jwks")


def start_bup(children: Children, layout: Layout) -> None:
    """Start BUP's FHIR server."""
    port = layout.ports.bup
    arguments = ["--port", str(port), "--file", str(layout.folder / "bup.db")]
    arguments += ["--seed", str(layout.seed("bup"))]
    token = {"STAFETTBRO_DEMO_TOKEN": layout.secret("bup.token").read_text()}
    children.start("bup", ["-m", "gateway.demo.bup", *arguments], token, layout.url(port) + "/fhir/metadata")


def start_gateway(children: Children, layout: Layout) -> None:
    """Start Stafettbro itself, as anyone would."""
    port = layout.ports.gateway
    arguments = ["-m", "gateway.cli", "serve", "--config", str(layout.config), "--port", str(port)]
    children.start("gateway", arguments, {}, layout.url(port) + "/readyz")


def start_records(children: Children, layout: Layout, name: str, port: int) -> None:
    """Start the stafettlogg or the individuell plan."""
    ports = layout.ports
    arguments = [name, "--port", str(port), "--file", str(layout.folder / f"{name}.db")]
    arguments += ["--gateway", layout.url(ports.gateway), "--issuer", layout.url(ports.issuer)]
    arguments += ["--seed", str(layout.seed(name))]
    secrets = {
        "STAFETTBRO_DEMO_TOKEN": layout.secret(f"{name}.token").read_text(),
        "STAFETTBRO_DEMO_SECRET": layout.secret(f"{name}.client").read_text(),
    }
    ready = layout.url(port) + "/info"
    children.start(name, ["-m", "gateway.demo.records_system", *arguments], secrets, ready)


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
    table.add_row("Stafettbro: sidene for folk", layout.url(ports.gateway) + PAGES)
    table.add_row("Demosystem: stafettlogg", layout.url(ports.stafettlogg))
    table.add_row("Demosystem: individuell plan", layout.url(ports.individuell_plan))
    table.add_row("Demosystem: BUP", layout.url(ports.bup))
    table.add_row("Stafettbro (API)", layout.url(ports.gateway))
    out.print(table)
    out.print("Logg inn på sidene som den du vil være, eller skriv noe i stafettloggen og se det komme.")
    out.print(f"Oppsett, hemmeligheter og logger: {layout.folder}", markup=False, highlight=False)
    out.print("Ctrl-C stopper alt.")
