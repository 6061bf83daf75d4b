"""What `audit verify` and `audit stream` do: everything of a tenant in one transaction that reads, against
the signed heads; and what is chained handed on, block by block."""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final

import typer

from gateway import config, jsontext
from gateway.cli import screen
from gateway.cli.outcome import REFUSED, Impossible
from gateway.config import AuditStream, Settings
from gateway.hub.audit.heads import Heads
from gateway.hub.audit.stream import Lines, Position, Sink, Syslog, since
from gateway.hub.audit.verify import MOST, Report
from gateway.hub.audit.verify import verify as check
from gateway.hub.store import Store

PAUSE: Final = 1.0  # seconds
BLOCKS: Final = 20  # read at a time


def verify(path: Path, tenant: str | None, *, as_json: bool) -> None:
    """Check and tell; raises Exit where something is wrong."""
    settings = config.load(path)
    if tenant is not None and tenant not in settings.tenant_ids:
        raise Impossible(f"There is no tenant {tenant} in {path}.")
    reports = [report(settings, one) for one in ((tenant,) if tenant else settings.tenant_ids)]
    for found in reports:
        screen.say(jsontext.encode(_plain(found)).decode() if as_json else _sentence(found))
    if any(found.faults for found in reports):
        raise typer.Exit(REFUSED)


def stream(path: Path, *, follow: bool) -> None:
    """Hand on what is chained and has not been; with `follow` what comes, too."""
    settings = config.load(path)
    position = Position(settings.state_folder / "audit-stream.json")
    store, sink = Store(settings.database_url), _sink(settings.audit_stream)
    try:
        while True:
            for tenant in settings.tenant_ids:
                hand_on(store, sink, position, tenant)
            if not follow:
                return
            time.sleep(PAUSE)
    finally:
        sink.close()
        store.close()


def hand_on(store: Store, sink: Sink, position: Position, tenant: str) -> None:
    """What has been chained since the last time, a block at a time."""
    while True:
        with store.read(tenant) as connection:
            found = list(islice(since(connection, tenant, position.of(tenant)), BLOCKS))
        for block, told in found:
            sink.send(told)
            position.reached(tenant, block.number)
        if len(found) < BLOCKS:
            return


def _sink(said: AuditStream) -> Sink:
    if said.host is not None:
        return Syslog(said.host, said.port, tls=said.tls, ca_file=said.ca_file)
    return Lines(said.file.open("ab") if said.file else sys.stdout.buffer)


def report(settings: Settings, tenant: str) -> Report:
    """What is found of one tenant. The heads are read first: what is signed meanwhile is not missed."""
    heads = list(Heads.of(settings).read())
    store = Store(settings.database_url)
    try:
        with store.read(tenant) as connection:
            if not store.sqlite:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return check(connection, tenant, heads)
    finally:
        store.close()


def _plain(found: Report) -> dict[str, Any]:
    counted = ("tenant", "blocks", "entries", "tail", "heads", "disclosures", "before")
    faults = [{"where": one.where, "what": one.what} for one in found.faults]
    return {name: getattr(found, name) for name in counted} | {"whole": not faults, "faults": faults}


def _sentence(found: Report) -> str:
    counted = (
        f"{found.tenant}: {found.entries} entries in {found.blocks} blocks, {found.heads} signed heads,"
        f" {found.disclosures} disclosures; {found.tail} entries not chained yet"
    )
    if found.before:
        counted += f"; {found.before} disclosures are older than the audit"
    if not found.faults:
        return f"{counted}. Nothing was changed."
    told = [f"  {one.where} {one.what}" for one in found.faults]
    more = "  and more" if len(told) >= MOST else ""
    return "\n".join((f"{counted}. SOMETHING IS WRONG, first:", *told, *([more] if more else [])))
