"""One participant as the only reader: of a page, of an export. Says who that is; decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consent import active
from consent.model import Participant, Recipient
from gateway.exchange.facts import FAMILY, PersonFacts

CHILD: Final = "barn"
# One reader is decided for by name, so that every label is heeded.
LABELS: Final = frozenset({"NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM"})
OF_THE_FAMILY: Final = frozenset({"NORN_FORANS", "NORN_UNGDOM"})  # of no concern to a service


def reader(facts: PersonFacts, ref: str, now: datetime, name: str) -> Recipient | None:
    """The participant as a recipient, called `name`; None for one who takes no part now."""
    me = next((p for p in facts.facts.participants if p.id == ref and active(p, now)), None)
    return None if me is None else alone(me, name)


def alone(me: Participant, name: str) -> Recipient:
    """A participant as a recipient. Who acts for a service reads as that service."""
    if me.organization and me.role not in FAMILY | {CHILD}:
        return Recipient(name, frozenset({me.organization}), frozenset(), OF_THE_FAMILY)
    return Recipient(name, frozenset(), frozenset({me.id}), LABELS)
