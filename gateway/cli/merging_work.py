"""What `people …` does, through the same function as the API. Shows ids, systems, states and times; never
content."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.table import Table
from rich.text import Text

from gateway.cli import people, screen
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub
from gateway.errors import ApiError
from gateway.exchange.merging import Asked, Merging
from gateway.hub import claims, joining
from gateway.hub.journal import Journal
from gateway.intake import Intake
from gateway.service import load_mapping

T = TypeVar("T")


def show(config: Path, named: str) -> None:
    """The merges and questions of a person. Raises Impossible."""
    with people.opened(config) as hub:
        who = people.find(hub, named)
        with hub.store.read(who.tenant) as connection:
            merges = joining.of_person(connection, who.tenant, who.id)
            asked = claims.of_persons(connection, who.tenant, [who.id])
    if not merges and not asked:
        screen.say("No merges, and no questions.")
    for one in merges:
        undone = f", undone {one.undone.isoformat(timespec='minutes')}" if one.undone else ""
        when = one.created.isoformat(timespec="minutes")
        screen.say(f"merge {one.id}: {one.joined} into {one.kept} by {one.by}, {when}{undone}")
    for question in asked:
        other = f" and {question.other}" if question.other else ""
        about = f"{question.system}:{question.native_id}, {question.reason}, {question.person}{other}"
        screen.say(f"question {question.id}: {about}: {question.state}")


def merge(config: Path, named: str, other: str, *, by: str, reason: str) -> None:
    """Merge two persons. Raises Impossible."""
    asked = asked_by(by, reason)
    with people.opened(config) as hub:
        who, too = people.find(hub, named), people.find(hub, other)
        if who.tenant != too.tenant:
            raise Impossible("They are in two municipalities: nobody merges across those.")
        now = datetime.now(UTC)
        made = done(lambda: _merging(hub, who.tenant).merge(who.id, too.id, asked, now))
    screen.say(f"{made.joined} is {made.kept} from now on: merge {made.id}.")


def unmerge(config: Path, named: str, own: str, *, by: str, reason: str) -> None:
    """Undo a merge, and show who was told what because of it. Raises Impossible."""
    asked = asked_by(by, reason)
    with people.opened(config) as hub:
        who = people.find(hub, named)
        now = datetime.now(UTC)
        made = done(lambda: _merging(hub, who.tenant).undo(who.id, own, asked, now))
    screen.say(f"{made.merge.joined} is a person of its own again.")
    if not made.crossed:
        screen.say("Nobody was told anything because of the merge.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("system", "item", "told", "state"):
        table.add_column(heading, overflow="fold")
    for one in made.crossed:
        told = one.told.isoformat(timespec="seconds")
        table.add_row(Text(one.system), Text(one.item), Text(told), Text(one.state))
    screen.results().print(table)
    screen.say(f"{len(made.opened)} deviations are open: somebody tells those who got it.")


def answer(config: Path, named: str, own: str, *, same: bool, by: str, reason: str) -> None:
    """Answer a question. Raises Impossible."""
    asked = asked_by(by, reason)
    with people.opened(config) as hub:
        who = people.find(hub, named)
        merging, now = _merging(hub, who.tenant), datetime.now(UTC)
        call = merging.accept if same else merging.refuse
        made = done(lambda: call(who.id, own, asked, now))
    screen.say(f"question {made.id}: {made.state}")


def _merging(hub: Hub, tenant: str) -> Merging:
    journal = Journal(hub.settings.journal_folder or hub.settings.state_folder / "journal")
    mappings = {system.id: load_mapping(system) for system in hub.settings.systems}
    intake = Intake(hub.store, hub.settings, mappings, hub.key, lambda: datetime.now(UTC), journal)
    return Merging(hub.store, hub.settings, journal, intake, tenant)


def asked_by(by: str, reason: str) -> Asked:
    if people.looks_personal(by) or people.looks_personal(reason):
        raise Impossible("--by takes a full name and --reason a few words; neither takes a number.")
    if not 1 <= len(by.strip()) <= 120 or not 1 <= len(reason.strip()) <= 500:
        raise Impossible("--by takes the full name of who decides, and --reason why.")
    return Asked(by.strip(), reason.strip(), f"command line: {getpass.getuser()}"[:255], None)


def done(call: Callable[[], T]) -> T:
    try:
        return call()
    except ApiError as error:
        raise Impossible(f"{error.detail}.") from error
