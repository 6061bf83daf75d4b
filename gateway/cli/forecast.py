"""What `preview` does: prints what a route would send if it were open (gateway/operating/forecast.py). Ids,
categories and rules, never content."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gateway.cli import people, screen
from gateway.config import System
from gateway.operating.checks import losses_of
from gateway.operating.forecast import (
    NO_FORM,
    NOT_OURS,
    SEND,
    THERE,
    WAITS,
    WITHHELD,
    Forecast,
    Line,
    Sum,
    as_if_open,
    every_id,
)
from gateway.service import load_mapping


def show(config: Path, source: str, recipient: str, *, details: bool) -> None:
    """Preview one route."""
    with people.opened(config) as hub:
        giver, getter = hub.system(source), hub.system(recipient)
        settings, was_open = as_if_open(hub.settings, giver, getter)
        total, mapping = Sum(), load_mapping(getter)
        now = datetime.now(UTC)
        forecast = Forecast(hub.store, hub.facts, settings, giver.id, getter, mapping, now)
        for person_id in every_id(hub.store, getter.tenant):
            lines = forecast.add(person_id, total)
            if details and lines:
                _detail(person_id, lines)
    state = "open already" if was_open else "not open"
    screen.say(f"Route {source} -> {recipient} ({state}), as if it were open now:")
    _tell(total, getter)


def _detail(person_id: str, lines: list[Line]) -> None:
    screen.say(f"person {person_id}")
    for line in lines:
        because = f" ({line.rule})" if line.rule else ""
        screen.say(f"  {line.ref}: {line.categories}: {line.outcome}{because}")


def _tell(total: Sum, system: System) -> None:
    outcomes = [
        o for o in (SEND, THERE, NOT_OURS, NO_FORM, WAITS, WITHHELD) if any(x == o for _, x in total.outcomes)
    ]
    table = Table(box=None, pad_edge=False)
    table.add_column("category")
    for outcome in outcomes:
        table.add_column(outcome, justify="right")
    for category in sorted({c for c, _ in total.outcomes}):
        table.add_row(Text(category), *(str(total.outcomes[category, o] or "") for o in outcomes))
    screen.results().print(table)
    for (rule, sentence), count in total.rules.most_common():
        screen.say(f"withheld by {rule}: {count}. {sentence}")
    screen.say(f"{total.records} records would be written, for {total.reached} of {total.persons} persons.")
    for loss in losses_of(system):
        screen.say(f"{system.id} cannot hold {loss.path}: {loss.text}.")
    if total.waiting:
        screen.say(
            f"{total.waiting} persons have no log or plan at {system.id}: theirs waits until there is one."
        )
    if total.unmatched:
        screen.say(
            f"{total.unmatched} persons are not yet matched at {system.id}: it is asked for them first."
        )
