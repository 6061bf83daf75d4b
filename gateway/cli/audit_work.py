"""What `audit verify` does: everything of each tenant in one transaction that reads, against signed heads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from gateway import config, jsontext
from gateway.cli import screen
from gateway.cli.outcome import REFUSED, Impossible
from gateway.config import Settings
from gateway.hub.audit.heads import Heads
from gateway.hub.audit.verify import MOST, Report
from gateway.hub.audit.verify import verify as check
from gateway.hub.store import Store


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
