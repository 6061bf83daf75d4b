"""What `explain` does: evaluates a person's items for a recipient exactly as a delivery would, and prints
each decision with its reasons. Ids and rules only."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

import consent
from gateway.cli import people, screen
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub, Person
from gateway.config import System
from gateway.exchange.judge import View
from gateway.exchange.selection import Selection, by_item
from gateway.hub import versions
from gateway.service import load_mapping

OSLO = ZoneInfo("Europe/Oslo")
Language = Literal["nb", "nn"]
TURN = {"nb": "Annet svar:", "nn": "Anna svar:"}  # what would have to change


def show(
    config: Path, patient: str, recipient: str, item: str | None, *, at: str | None, language: Language
) -> None:
    """Explain one item, or everything about a person."""
    now = moment(at)
    with people.opened(config) as hub:
        system = hub.system(recipient)
        who = people.find(hub, patient)
        if who.tenant != system.tenant:
            raise Impossible(
                f"{recipient} belongs to another tenant; nothing of this person ever goes there."
            )
        with hub.store.read(who.tenant) as connection:
            wanted = people.item(connection, hub, who, item) if item else None
            _show(connection, hub, who, system, wanted, now, language)


def _show(
    connection: Connection,
    hub: Hub,
    who: Person,
    system: System,
    wanted: str | None,
    now: datetime,
    language: Language,
) -> None:
    if now < datetime.now(UTC) - timedelta(seconds=1):  # as it was known then
        facts, everything = hub.facts.at(connection, who.tenant, who.id, now)
    else:
        facts = people.facts_of(connection, hub, who)
        everything = versions.of_person(connection, who.tenant, who.id)
    channel = "pull" if system.deliver == "pull" else "push"
    selection = Selection(system, hub.settings, load_mapping(system), facts, channel, now)
    names = people.native_names(connection, hub, who)
    parts = by_item(everything)
    items = [i for i in parts if i in parts[i] and not i.startswith("Patient/") and i in (wanted, i)]
    chosen = [wanted] if wanted else items
    if wanted and wanted not in parts:
        raise Impossible(f"{wanted} is no item of this person, or was not known here then.")
    screen.say(
        f"person {who.id}, recipient {system.id}, at {now.astimezone(OSLO).isoformat(timespec='seconds')}"
    )
    _say_audience(selection)
    for one in chosen:
        named = f"{one}  ({names[one]})" if one in names else one
        screen.say(f"\n{named}")
        _say(selection.view(one, parts[one]), parts[one][one].source, system, language)


def _say_audience(selection: Selection) -> None:
    audience = selection.facts.recipient(selection.system, selection.now)
    readers = [*sorted(audience.organizations), *sorted(audience.participants)]
    screen.say(f"who can read there: {', '.join(readers) or 'nobody that is known'}")
    if selection.system.adapter != "fhir" and selection.facts.frame_in(selection.system.id) is None:
        screen.say("no log or plan there: the lane waits until there is one, whatever the decisions are")


def _say(view: View | None, source: str, system: System, language: Language) -> None:
    if view is None:
        screen.say(f"  no open route from {source} to {system.id}")
        return
    for categories, decision in view.decisions.items():
        screen.say(f"  {', '.join(sorted(categories)) or 'unknown category'}: {decision.outcome.value}")
        for line in consent.explain(decision, language):
            screen.say(f"    {line}")
        for line in decision.turns(language):
            screen.say(f"    {TURN[language]} {line}")
        if decision.consents:
            screen.say(f"    {', '.join(decision.consents)}")


def moment(text: str | None) -> datetime:
    """A time as people write it: without an offset it is Oslo's, a day alone is noon. Raises Impossible."""
    if text is None:
        return datetime.now(UTC)
    try:
        if len(text) == len("2026-11-21"):
            return datetime.combine(date.fromisoformat(text), time(12), OSLO)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Impossible(f"{text} is not a time. Write 2026-11-21 or 2026-11-21T12:00:00+01:00.") from None
    return at if at.tzinfo else at.replace(tzinfo=OSLO)
