"""What `consents` does: each consent with its state and signers, its history, and who holds what, by ids and
rules alone. For staff; titles are never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from gateway.api.consent_life import plain
from gateway.cli import people, screen
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub, Person
from gateway.consents.held import Holding
from gateway.consents.history import history as steps_of
from gateway.consents.holdings import Look, whole
from gateway.consents.state import standings
from gateway.consents.telling import plain as told
from gateway.exchange.facts import PersonFacts
from gateway.hub import versions

Language = Literal["nb", "nn"]
Plain = dict[str, Any]


def show(config: Path, patient: str, reader: str | None, *, history: bool, language: Language) -> None:
    """Report on one person."""
    now = datetime.now(UTC)
    with people.opened(config) as hub:
        who = people.find(hub, patient)
        with hub.store.read(who.tenant) as connection:
            facts = people.facts_of(connection, hub, who)
            names = people.native_names(connection, hub, who)
            screen.say(f"person {who.id}, at {now.isoformat(timespec='seconds')}")
            _consents(connection, facts, names, now, history=history, language=language)
            chosen = people.item(connection, hub, who, reader) if reader else None
            holdings = _holdings(connection, hub, who, facts, chosen, now)
    screen.say("\nwho holds what" + (f", as {_named(chosen, names)} may see it" if chosen else ""))
    for holding in holdings:
        _holding(told(holding), names, language)
    if not holdings:
        screen.say("  nobody")


def _holdings(
    connection: Connection, hub: Hub, who: Person, facts: PersonFacts, reader: str | None, now: datetime
) -> tuple[Holding, ...]:
    if reader is None:
        return whole(connection, hub.settings, facts, now)
    look = Look(hub.settings, facts, reader, now)
    if not look.may:
        raise Impossible(f"{reader} takes no part in a log or plan of person {who.id} now.")
    return look.look(connection).holdings


# --- consents --------------------------------------------------------------------------------------------


def _consents(
    connection: Connection,
    facts: PersonFacts,
    names: dict[str, str],
    now: datetime,
    *,
    history: bool,
    language: Language,
) -> None:
    found = versions.of_types(connection, facts.tenant, facts.person, ["Consent"]).values()
    for one in standings(facts, found, now):
        shown = plain(one, steps_of(connection, facts, one.ref) if history else [])
        screen.say(f"\n{_named(one.ref, names)}: {one.state}")
        screen.say(f"  {shown[language]}")
        screen.say(f"  to {_list(shown['recipients'])}: {_list(shown['categories'])}")
        screen.say(f"  from {shown['start'] or 'always'} to {shown['end'] or 'no end'}")
        _said_no(shown, names)
        for signer in shown["signers"]:
            _signer(signer, shown, names)
        if shown["hearing"]["due"]:
            screen.say(f"  {shown['hearing'][language]}")
        for step in shown["history"]:
            _step(step, names, language)


def _said_no(shown: Plain, names: dict[str, str]) -> None:
    excepted = [*shown["exceptRecipients"], *(_named(ref, names) for ref in shown["exceptItems"])]
    if excepted:
        screen.say(f"  not: {_list(excepted)}")
    for one in shown["refusals"]:
        screen.say(f"  not to {_list(one['recipients'], 'anyone')}: {_list(one['categories'], 'anything')}")
    if shown["withdrawn"]:
        by = f" by {_named(shown['withdrawnBy'], names)}" if shown["withdrawnBy"] else ""
        screen.say(f"  withdrawn {shown['withdrawn']}{by}")


def _signer(signer: Plain, shown: Plain, names: dict[str, str]) -> None:
    how = "has signed" if signer["signed"] else "MISSING" if signer in shown["missing"] else "need not sign"
    refs = ", ".join(_named(ref, names) for ref in signer["participants"])
    screen.say(f"  {signer['role']} {refs}: {how}")


def _step(step: Plain, names: dict[str, str], language: Language) -> None:
    by = f" by {_named(step['by'], names)}" if step["by"] else ""
    screen.say(f"  version {step['number']}, stored {step['stored']}, from {step['source']}{by}")
    for change in step["changes"]:
        screen.say(f"    {change[language]}")


# --- who holds what --------------------------------------------------------------------------------------


def _holding(one: Plain, names: dict[str, str], language: Language) -> None:
    where = ", ".join(part for part in (one["organization"], one["system"]) if part)
    screen.say(f"\n{one['name'][language]}{f' ({where})' if where else ''}: {one['sharing'][language]}")
    for item in one["items"]:
        screen.say(f"  {item['kind']} {_named(item['item'], names)}: {item['first']} .. {item['last']}")
        screen.say(f"    {item['why'][language]}")
        if item["sharing"] != one["sharing"]:
            screen.say(f"    {item['sharing'][language]}")
        for remark in item["remarks"]:
            screen.say(f"    {remark[language]}")


def _named(ref: str | None, names: dict[str, str]) -> str:
    return f"{ref} ({names[ref]})" if ref in names else str(ref)


def _list(values: list[str], none: str = "nobody") -> str:
    return ", ".join(values) or none
