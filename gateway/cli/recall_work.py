"""What `recall` does, through the same function as the API. Shows ids, systems, states and codes; never
content."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gateway.cli import people, screen
from gateway.cli.outcome import Impossible
from gateway.errors import ApiError
from gateway.exchange.recall import REASONS, Recall, Recalled, Recaller
from gateway.hub.journal import Journal


def recall(config: Path, patient: str, items: Sequence[str], *, by: str, reason: str) -> None:
    """Recall, and show the deviations. Raises Impossible."""
    if reason not in REASONS:
        raise Impossible("The reason is one of " + ", ".join(sorted(REASONS)) + ".")
    if people.looks_personal(by) or not 1 <= len(by.strip()) <= 120:
        raise Impossible("--by takes the full name of who recalls it, and no number.")
    with people.opened(config) as hub:
        who = people.find(hub, patient)
        with hub.store.read(who.tenant) as connection:
            refs = tuple(people.item(connection, hub, who, one) for one in items)
        journal = Journal(hub.settings.journal_folder or hub.settings.state_folder / "journal")
        client = f"command line: {getpass.getuser()}"[:255]
        asked = Recall(who.id, refs, by.strip(), reason, client, None)
        try:
            done = Recaller(hub.store, hub.settings, journal, who.tenant).recall(asked, datetime.now(UTC))
        except ApiError as error:
            raise Impossible(f"{error.detail}.") from error
    for one in done:
        _show(one)


def _show(one: Recalled) -> None:
    found = one.deviation
    known = "" if one.new else " (recalled before)"
    screen.say(f"{found.item}: deviation {found.id} is {found.state}{known}.")
    if not found.holders:
        screen.say("Nobody else had it.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("system", "resource", "had it", "state"):
        table.add_column(heading, overflow="fold")
    for held in found.holders:
        table.add_row(Text(held.system), Text(held.ref), Text(held.how.value), Text(held.state.value))
    screen.results().print(table)
