"""To whom an entry goes, one row for each recipient: whether it may have it now, by the selection that the
deliveries themselves make, and how far it has come. The same for an entry that nobody has saved yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.config import System
from gateway.exchange.deliveries import Delivery, State
from gateway.exchange.judge import View
from gateway.exchange.selection import Selection
from gateway.hub.versions import Version
from gateway.web.consents_shown import Teller
from gateway.web.desk import WebDesk
from gateway.web.insight import Insight

FAR: Final = {State.RECEIVED: "received", State.ACKNOWLEDGED: "received", State.REFUSED: "refused"}
COMING: Final = {
    "push": "waits",
    "pull": "fetches",
    "none": "reads",
}  # by how the system gets what it may have


@dataclass(frozen=True, slots=True)
class Reach:
    """One recipient. state: a key of the catalogs; at: when it was received; why: the reason of a no."""

    name: str
    home: bool
    state: str
    at: datetime | None = None
    why: str = ""


def systems_of(desk: WebDesk, insight: Insight) -> dict[str, System]:
    """All systems of the tenant, by id."""
    return {one.id: one for one in desk.service.settings.systems if one.tenant == insight.here.tenant}


def reach(
    desk: WebDesk,
    insight: Insight,
    told: Teller,
    ref: str,
    parts: dict[str, Version],
    sent: Mapping[str, Delivery],
) -> list[Reach]:
    """The log's own system first. parts: the entry with what belongs to it; sent: what has been sent of it,
    by recipient."""
    here, settings = insight.here, desk.service.settings
    home, known = here.facts.frames[here.frame], systems_of(desk, insight)
    systems = [known[home], *(one for one in known.values() if settings.route(home, one.id) is not None)]
    rows = []
    for system in systems:
        mapping = desk.service.mappings[system.id]
        if mapping.slots(parts[ref].resource) is None:
            continue  # it has no form for such entries
        channel = {"push": "push", "pull": "pull"}.get(system.deliver, "read")
        view = Selection(system, settings, mapping, here.facts, channel, insight.now).view(ref, parts)
        name = told.recipient(system.organization)
        rows.append(_row(system, view, sent.get(system.id), name, told.words.code, home=system.id == home))
    return rows


def _row(
    system: System, view: View | None, delivery: Delivery | None, name: str, language: str, *, home: bool
) -> Reach:
    if delivery is not None and delivery.state in FAR:
        return Reach(name, home, FAR[delivery.state], delivery.received)
    if view is None or not view.permitted:
        return Reach(name, home, "denied", why=_why(view, language))
    if delivery is not None:
        return Reach(name, home, "sent", delivery.sent)
    return Reach(name, home, COMING[system.deliver])


def _why(view: View | None, language: str) -> str:
    """The last reason of the no, which is the one that tells most."""
    reasons = [r for d in view.decisions.values() if not d.goes for r in d.reasons] if view else []
    return str(getattr(reasons[-1], language)) if reasons else ""
