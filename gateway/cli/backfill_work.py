"""What `lanes backfill` shows: how far each recipient has come with what goes behind live traffic. Counts and
times; it looks at no lane's content and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gateway.cli import people, screen
from gateway.exchange import opening
from gateway.exchange.opening import Progress


def show(config: Path, recipient: str | None) -> None:
    """A row for each recipient that has had a pass, or this one."""
    with people.opened(config) as hub:
        tenant = hub.system(recipient).tenant if recipient else None
        found: list[Progress] = []
        for each in (tenant,) if tenant else hub.settings.tenant_ids:
            with hub.store.read(each) as connection:
                found += opening.progress(connection, each)
    shown = [one for one in found if recipient in (None, one.system)]
    if not shown:
        screen.say("Nothing has been opened: a worker does it when it starts with a new open route.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("recipient", "opened", "persons", "lanes behind", "state"):
        table.add_column(heading, overflow="fold")
    for one in shown:
        since = one.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        cells = (one.system, since, f"{one.passed} of {one.total}", str(one.waiting), _state(one))
        table.add_row(*map(Text, cells))
    screen.results().print(table)


def _state(one: Progress) -> str:
    if one.finished is None:
        hours = (datetime.now(UTC) - one.started).total_seconds() / 3600
        return f"lanes are being opened, for {hours:.1f} h"
    return f"{one.waiting} lanes to go, behind live traffic" if one.waiting else "done"
