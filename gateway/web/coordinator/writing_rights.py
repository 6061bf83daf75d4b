"""What somebody may write in a log or plan: by their role there, by what its own system has a form for, and
nothing where it is closed. Asked anew at every page; opens no item."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consent import active
from consent.model import Participant
from gateway.config import Settings
from gateway.exchange.facts import FAMILY
from gateway.hub.seats import UNIT
from gateway.intake.writing import OPEN
from gateway.web.desk import WebDesk
from gateway.web.insight import Insight
from gateway.web.standing import CHILD, Place
from mappings import reading
from mappings.canonical import ENTRY_KIND
from mappings.model import Resource

KINDS: Final = ("notat", "lysglimt", "melding")
PASSING: Final = frozenset({"stafettholder", "stedfortreder", "enhetsleder"})  # who may hand over the relay
HOLDER: Final = "stafettholder"
WELFARE: Final = "barnevern"


def open_here(insight: Insight) -> bool:
    """Whether the log or plan takes anything in."""
    head = insight.version(insight.here.frame)
    return head is not None and head.resource.get("status") in OPEN


def kinds(desk: WebDesk, insight: Insight) -> list[str]:
    """What kinds of entries the reader may write: any of staff who take part, as far as the log's own system
    has such entries."""
    if not (insight.here.staff and open_here(insight) and insight.here.frame in insight.seen):
        return []
    home = insight.here.facts.frames[insight.here.frame]
    mapping = desk.service.mappings[home]
    return [kind for kind in KINDS if mapping.slots(_like(kind)) is not None]


def may_pass(insight: Insight) -> bool:
    """Whether the reader may hand over the relay of the log they look at."""
    here = insight.here
    head = insight.version(here.frame)
    seen = head is not None and here.frame in insight.seen
    return seen and passes(insight.settings, here, head.resource if head else {}, insight.now)


def passes(settings: Settings, here: Place, head: Resource, now: datetime) -> bool:
    """Whether somebody may hand over the relay of a log: who holds it, the deputy, the leader of the unit;
    and where nobody holds it, whoever takes part for the tenant's coordinating unit. head: of the log."""
    if head.get("status") not in OPEN or not here.staff:
        return False
    unit = here.me.organization if here.me.service == UNIT else None
    names = unit is not None and unit == settings.tenant(here.tenant).coordinating_unit
    may = here.me.role in PASSING or (names and holder(here, now) is None)
    return may and reading.kind_of(head) == "stafettlogg"


def colleagues(insight: Insight) -> list[Participant]:
    """Everyone who takes part in this log or plan now and whom the reader may see, but the reader."""
    here = insight.here
    return [
        one
        for one in here.facts.facts.participants
        if one.frame == here.frame
        and one.id in insight.seen
        and active(one, insight.now)
        and one.id != here.me.id
    ]


def heirs(insight: Insight) -> list[Participant]:
    """Who may take over the relay: staff who take part now and do not hold it."""
    everyone = [*colleagues(insight), insight.here.me]
    return [one for one in everyone if one.role not in (*FAMILY, CHILD, HOLDER)]


def holder(here: Place, now: datetime) -> Participant | None:
    """Who holds the relay now, the reader before others, whether or not the reader may see them; None for a
    log without anybody."""
    found = holders(here, now)
    return next((p for p in found if p.id == here.me.id), next(iter(found), None))


def holders(here: Place, now: datetime) -> list[Participant]:
    """Everybody who stands as holder of this log now, whether or not the reader may see them."""
    mine = (p for p in here.facts.facts.participants if p.frame == here.frame and active(p, now))
    return [p for p in mine if p.role == HOLDER]


def _like(kind: str) -> dict[str, object]:
    coding = {"system": ENTRY_KIND, "code": kind}
    return {"resourceType": "Communication", "id": "x", "category": [{"coding": [coding]}]}
