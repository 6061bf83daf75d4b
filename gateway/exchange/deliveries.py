"""Per item and recipient how far it has come: sent, received, acknowledged, refused. Derived from the log of
what left, from what the recipients hold and from what they acknowledged; nothing of it is kept twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from gateway.config import System
from gateway.exchange import disclosures
from gateway.exchange.exempt import Exempt
from gateway.exchange.holders import Holder, How, holders
from gateway.exchange.holders import State as Recalled
from gateway.hub import receipts, versions
from gateway.hub.receipts import Kind, Receipt
from mappings import reading

SENT = ("push", "pull", disclosures.EXEMPT)


class State(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"  # of a withdrawal: not yet sent to somebody who has the item
    SENT = "sent"  # it left; nobody knows yet whether it arrived
    UNKNOWN = "unknown"  # it left, and no answer came
    RECEIVED = "received"  # the recipient's server took it
    ACKNOWLEDGED = "acknowledged"  # the recipient says that it has taken it over, or read it
    REFUSED = "refused"  # by the server, or by somebody there
    BY_HAND = "by-hand"  # of a withdrawal: read here, or inside another record: somebody has to tell them


@dataclass(frozen=True, slots=True)
class Delivery:
    """One item at one recipient, as the newest attempt left it. reason: a code, or the recipient's words.
    withdrawal: it is the word that the item was registered in error."""

    ref: str
    recipient: str
    state: State
    version: int | None
    sent: datetime | None
    received: datetime | None = None
    acknowledged: Receipt | None = None
    reason: str | None = None
    withdrawal: bool = False


_STATES = {
    disclosures.SENDING: State.SENT,
    disclosures.DELIVERED: State.RECEIVED,
    disclosures.REFUSED: State.REFUSED,
    disclosures.UNKNOWN: State.UNKNOWN,
}
_RECALLED = {
    Recalled.PENDING: State.PENDING,
    Recalled.ACKNOWLEDGED: State.ACKNOWLEDGED,
    Recalled.REFUSED: State.REFUSED,
    Recalled.BY_HAND: State.BY_HAND,
}


def deliveries(
    connection: Connection, tenant: str, person: str, systems: Mapping[str, System]
) -> list[Delivery]:
    """Every item of a person at every recipient, in the order of references."""
    attempts = _attempts(connection, tenant, person)
    said: dict[tuple[str, str, int], list[Receipt]] = {}
    for one in receipts.of_person(connection, tenant, person):
        said.setdefault((one.said.ref, one.said.recipient, one.version), []).append(one)
    heads = versions.of_refs(connection, tenant, {ref for ref, _ in attempts})
    wrong = {ref for ref, head in heads.items() if reading.in_error(head.resource)}
    for (ref, recipient, version), own in list(said.items()):
        head = heads.get(ref)
        if head is not None and head.source == recipient and head.version != version:  # its own words since
            said.setdefault((ref, recipient, head.version), []).extend(own)
    found = [
        _delivery(ref, recipient, told, item, said, systems)
        for (ref, recipient), (told, item) in attempts.items()
        if ref not in wrong
    ]
    found += _at_pages(said)
    if wrong:
        found += _withdrawals(holders(connection, tenant, person, systems, wrong), attempts, said)
    return sorted(found, key=lambda one: (one.ref, one.recipient))


def _at_pages(said: Mapping[tuple[str, str, int], list[Receipt]]) -> Iterable[Delivery]:
    """What was shown at a page and is acknowledged: nothing was sent there. The newest edition counts."""
    newest: dict[tuple[str, str], Receipt] = {}
    for (ref, recipient, version), own in sorted(said.items()):
        one = _newest(own)
        if recipient.startswith(receipts.PAGES) and one is not None and one.version == version:
            newest[ref, recipient] = one
    for (ref, recipient), one in newest.items():
        state = State.REFUSED if one.said.kind is Kind.REJECTED else State.ACKNOWLEDGED
        yield Delivery(ref, recipient, state, one.version, None, None, one, one.said.reason)


def _attempts(connection: Connection, tenant: str, person: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    """(reference, recipient) -> its newest attempt that left, and the item in it."""
    newest: dict[tuple[str, str], tuple[Any, Any]] = {}
    left = disclosures.of_person(connection, tenant, person)
    for told in sorted(left, key=lambda one: (one["started"], one["run"])):
        if told["channel"] in SENT and told["state"] in _STATES:
            for item in told["items"]:
                if item["ground"] not in (Exempt.NOTICE.value, "lookup"):
                    newest[item["ref"], told["recipient"]] = told, item
    return newest


def _delivery(
    ref: str,
    recipient: str,
    told: Mapping[str, Any],
    item: Mapping[str, Any],
    said: Mapping[tuple[str, str, int], list[Receipt]],
    systems: Mapping[str, System],
) -> Delivery:
    state = _STATES[told["state"]]
    system = systems.get(recipient)
    if state is State.RECEIVED and told["channel"] == "pull" and system is not None and system.acknowledges:
        state = State.ACKNOWLEDGED  # it came for it, and said that it has stored it
    newest = _newest(said.get((ref, recipient, item["version"]), ()))
    if newest is not None:
        state = State.REFUSED if newest.said.kind is Kind.REJECTED else State.ACKNOWLEDGED
    return Delivery(
        ref=ref,
        recipient=recipient,
        state=state,
        version=item["version"],
        sent=told["started"],
        received=told["closed"] if told["state"] == disclosures.DELIVERED else None,
        acknowledged=newest,
        reason=newest.said.reason if newest is not None else told["error"],
    )


def _newest(found: Iterable[Receipt]) -> Receipt | None:
    return max(found, key=lambda one: (one.said.at, one.stored), default=None)


def _withdrawals(
    held: Iterable[Holder],
    attempts: Mapping[tuple[str, str], tuple[Any, Any]],
    said: Mapping[tuple[str, str, int], list[Receipt]],
) -> Iterable[Delivery]:
    """Of what is registered in error: everyone who has it, and whether they know."""
    for one in held:
        if one.how is How.SOURCE:
            continue
        told, item = attempts.get((one.ref, one.system), ({}, {}))
        marked = one.state is Recalled.ACKNOWLEDGED
        refused = not marked and told.get("state") == disclosures.REFUSED
        yield Delivery(
            ref=one.ref,
            recipient=one.system,
            state=State.REFUSED if refused and one.state is Recalled.PENDING else _RECALLED[one.state],
            version=item.get("version"),
            sent=told.get("started"),
            received=told.get("closed") if marked else None,
            acknowledged=_newest(said.get((one.ref, one.system, item.get("version", 0)), ())),
            reason=told.get("error"),
            withdrawal=True,
        )
