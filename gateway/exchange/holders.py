"""Who had an item, and how a recall of it stands there: from what the links say the recipients hold, and from
the log of what left. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from gateway.exchange import disclosures
from gateway.hub import links
from gateway.hub.links import Link
from mappings import reading
from mappings.model import ITEM

SENT = ("push", "pull")
LEFT = (disclosures.SENDING, disclosures.DELIVERED, disclosures.UNKNOWN)


class How(StrEnum):
    """How a system came to have an item."""

    SOURCE = "source"  # it made it
    DELIVERED = "delivered"
    WITHIN = "within"  # inside another record: a plan with its measures, a document
    READ = "read"  # it read it here; what it keeps of that nobody knows


class State(StrEnum):
    """How far the recall has come there."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # it said no: someone has to tell it
    BY_HAND = "by-hand"  # no machine can: someone has to tell it


@dataclass(frozen=True, slots=True)
class Holder:
    """One system that had the item, by one of its resources."""

    system: str
    ref: str
    how: How
    state: State
    closed: datetime | None = None


def holders(
    connection: Connection, tenant: str, person: str, systems: Iterable[str], refs: Iterable[str]
) -> list[Holder]:
    """Every system that has, or may have, any of these resources of one item, and how it stands there."""
    wanted = sorted(set(refs))
    found: dict[tuple[str, str], Holder] = {}
    for system in sorted(systems):
        for ref, link in links.load(connection, tenant, system, wanted).items():
            if link.native_id or link.candidates:
                how = How.SOURCE if link.mine else How.DELIVERED
                state = state_at(link)
                known = state if state is State.ACKNOWLEDGED else State.PENDING
                found[system, ref] = Holder(system, ref, how, known)
    linked = {system for system, _ in found}
    for told in disclosures.of_person(connection, tenant, person):
        system, left = told["recipient"], told["state"] in LEFT and told["channel"] != disclosures.EXEMPT
        if left and system not in linked:
            how = How.WITHIN if told["channel"] in SENT else How.READ
            for one in told["items"]:
                if one["ref"] in wanted:
                    found[system, one["ref"]] = Holder(system, one["ref"], how, State.BY_HAND)
    return list(found.values())


def state_at(link: Link) -> State:
    """How far a recall has come at a recipient, from what it is known to hold."""
    held = link.held.focus.get(ITEM)
    if held is not None and not link.candidates and reading.in_error(held):
        return State.ACKNOWLEDGED
    return State.REFUSED if link.hold_digest is not None else State.PENDING
