"""What each recipient has got about a person, read from the log of what left: by system and by organization
that read there then. Says nothing of what of it a reader may be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from gateway.config import Settings, System
from gateway.exchange import disclosures
from gateway.exchange.exempt import Exempt
from gateway.exchange.facts import PersonFacts

EXPORT: Final = "export"
PAGE: Final = "page"  # a person's own look: nobody holds anything by it
LEFT: Final = frozenset({disclosures.DELIVERED, disclosures.UNKNOWN, disclosures.SENDING})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds something: an organization at a system; neither of a copy that was taken out."""

    system: System | None
    organization: str | None


@dataclass(slots=True)
class Receipt:
    """One resource at one holder. certain: it arrived, as far as is known. ground: of the last time.
    corrected: when the holder was told that it is registered in error."""

    ref: str
    first: datetime
    last: datetime
    ground: str
    certain: bool
    version: int
    corrected: datetime | None = None


def receipts(
    connection: Connection, settings: Settings, facts: PersonFacts
) -> dict[Holder, dict[str, Receipt]]:
    """Everything that left about the person, or may have, per holder and resource."""
    found: dict[Holder, dict[str, Receipt]] = {}
    for row in disclosures.of_person(connection, facts.tenant, facts.person):
        if row["state"] in LEFT and row["channel"] != PAGE:
            for holder in _holders(settings, facts, row):
                own = found.setdefault(holder, {})
                for item in row["items"]:
                    _note(own, item, row)
    return {holder: own for holder, own in found.items() if own}


def _holders(settings: Settings, facts: PersonFacts, row: dict[str, Any]) -> Iterator[Holder]:
    if row["channel"] == EXPORT:
        yield Holder(None, None)
        return
    system = settings.system(row["recipient"])
    if system is None or system.tenant != facts.tenant:
        return
    there = facts.recipient(system, row["started"]).organizations
    yield from (Holder(system, number) for number in sorted(there or {system.organization}))


def _note(own: dict[str, Receipt], item: dict[str, Any], row: dict[str, Any]) -> None:
    ref, ground, started = item["ref"], item["ground"], row["started"]
    known, certain = own.get(ref), row["state"] == disclosures.DELIVERED
    if ground == Exempt.IN_ERROR:
        if known is not None and certain:
            known.corrected = started
        return
    if ground == "own" and not item["rules"]:  # its own writing, read back
        return
    if known is None:
        own[ref] = Receipt(ref, started, started, ground, certain, item["version"])
        return
    known.last, known.ground = started, ground
    known.certain = known.certain or certain
    known.version = max(known.version, item["version"])
