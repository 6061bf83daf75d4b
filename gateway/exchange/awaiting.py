"""What of a protected person is kept back until the stafettholder releases it (B1): parts of the current
resources, each with the key that lets exactly this content go. Reads; releases nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

import consent
from consent.decision import Plan
from gateway.exchange.facts import PROTECTED, PersonFacts
from gateway.hub import versions


@dataclass(frozen=True, slots=True)
class Awaiting:
    """One part. made_in: the system its item was made in. value: what stands there."""

    item: str
    resource: str
    path: str
    key: str
    made_in: str
    value: Any


def awaiting(connection: Connection, known: PersonFacts) -> Iterator[Awaiting]:
    """What waits for a release, in the order it was written. Nothing for a person who is not protected."""
    facts = known.facts
    if facts.address_protection not in PROTECTED:
        return
    plan = Plan(facts.address_protection, facts.places, facts.released)
    for version in versions.of_person(connection, known.tenant, known.person).values():
        for part in consent.held(version.resource, plan):
            if part.key is not None:
                yield Awaiting(version.item, version.ref, part.path, part.key, version.created_by, part.value)
