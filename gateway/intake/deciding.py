"""A person's decision of a conflict comes in: an ordinary new version where it changes something, which goes
to all who may see it; the conflict is closed with who decided and why. Whether they may is asked before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.config import System
from gateway.hub import conflicts
from gateway.hub.conflicts import Kept, State
from gateway.hub.places import replaced
from gateway.hub.sameness import ABSENT
from gateway.intake.workspace import Workspace
from mappings.canonical import ENH
from mappings.model import Json, Resource

PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a conflict is decided. who: the one who decides, as a Provenance names them. value: of their own,
    None where nothing is to stand there."""

    choice: str
    by: str
    reason: str
    client: str
    who: Resource
    value: Json = None

    def plain(self) -> dict[str, Any]:
        """As it is kept with the conflict."""
        said = {"choice": self.choice, "by": self.by, "reason": self.reason, "client": self.client}
        return said | ({"value": self.value} if self.choice == "value" else {})


def ruled(one: Kept, current: Resource, ruling: Ruling) -> Resource:
    """The resource as it is decided to be; the very `current` where what stands stays. Raises PlaceGone."""
    if ruling.choice == "current":
        return current
    new = ruling.value if ruling.choice == "value" else None if one.theirs is ABSENT else one.theirs
    return replaced(current, one.steps or (), new)


def decide(ws: Workspace, one: Kept, value: Resource, ruling: Ruling, loser: System | None) -> None:
    """Close the conflict and append what was decided. The workspace has locked the person and learnt the
    item; its system is where the value comes from. loser: the system whose value it was."""
    conflicts.close(ws.connection, ws.tenant, one, State.DECIDED, ws.now, ruling.plain())
    head = ws.heads[one.ref]
    if value == head.resource:
        ws.again.add(one.ref)  # who holds something else gets what stands
    else:
        said = _informants(one, loser) if ruling.choice == "theirs" else []
        ws.append(value, person_id=one.person, item=head.item, recorded=ws.now)
        provenance = _provenance(ws, head.item, [*said, _agent("enterer", ruling.who)])
        ws.append(provenance, person_id=one.person, item=head.item, recorded=ws.now)
    ws.flush()


def _informants(one: Kept, loser: System | None) -> list[Resource]:
    """Whose words they are: as the record named them, and their organization."""
    named = [agent["who"] for agent in one.content.get("theirsBy") or () if agent.get("who")]
    if loser is not None:
        named.append({"identifier": {"system": ENH, "value": loser.organization}})
    return [_agent("informant", who) for who in named]


def _agent(code: str, who: Resource) -> Resource:
    return {"type": {"coding": [{"system": PARTICIPATION, "code": code}]}, "who": who}


def _provenance(ws: Workspace, item: str, agents: list[Resource]) -> Resource:
    """Who wrote the item, now: its first author stays."""
    own = f"{item.partition('/')[2]}-provenance"
    before = ws.heads.get(f"Provenance/{own}")
    kept = before.resource if before else {}
    authors = [a for a in kept.get("agent") or () if _is_author(a)]
    return {
        **kept,
        "resourceType": "Provenance",
        "id": own,
        "target": [{"reference": item}],
        "recorded": _text(ws.now),
        "agent": [*authors, *agents],
    }


def _is_author(agent: Resource) -> bool:
    return any(c.get("code") == "author" for c in (agent.get("type") or {}).get("coding") or ())


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
