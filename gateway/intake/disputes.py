"""What becomes of conflicts in the transaction that takes something in: new ones are kept, and those that
what was taken in has settled are closed. Decides none."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.hub import conflicts
from gateway.hub.conflicts import Kept, State
from gateway.hub.merge import Conflict
from gateway.hub.versions import Version
from mappings.model import Resource

if TYPE_CHECKING:
    from gateway.intake.workspace import Workspace


def settle(ws: Workspace) -> None:
    """Close what both sides say alike now or a newer conflict stands for; keep the new ones. What a system
    holds otherwise than we do is compared with it once more, so that it gets what stands here."""
    changed = {version.ref for version in ws.fresh if version.version > 1}
    new = {row["ref"] for row in ws.conflicts}
    about = changed | new | ws.heard.keys()
    if not about:
        return
    persons = {ws.heads[ref].person for ref in about if ref in ws.heads}
    known = conflicts.of_refs(ws.connection, ws.tenant, persons, about)
    told = {one.ref for one in known if any(_same_again(row, one) for row in ws.conflicts)}
    for one in known:
        state = _end(ws, one, changed)
        if state is not None:
            conflicts.close(ws.connection, ws.tenant, one, state, ws.now, {"system": ws.system})
    conflicts.keep(ws.connection, ws.conflicts)
    ws.again |= {row["ref"] for row in ws.conflicts if conflicts.on_a_place(row)} - told


def _end(ws: Workspace, one: Kept, changed: set[str]) -> State | None:
    if any(conflicts.replaces(row, one) for row in ws.conflicts):
        return State.REPLACED
    current = ws.heads[one.ref].resource
    said = ws.heard.get(one.ref) if one.system == ws.system else None
    found = conflicts.ended(one, current, said) if said is not None else None
    return found or (conflicts.ended(one, current) if one.ref in changed else None)


def _same_again(row: dict[str, Any], one: Kept) -> bool:
    """Whether the system says no more than it did: then it has been sent what stands here already, and has
    not taken it."""
    return conflicts.replaces(row, one) and conflicts.says_the_same(row, one)


def two_sides(
    ws: Workspace, one: Conflict, head: Version, said: datetime, provenance: Resource | None = None
) -> dict[str, Any]:
    """What is kept of a conflict: every side's value, with who wrote it in which system and when. said: the
    time of theirs; provenance: who wrote theirs, where the record tells."""
    ours = ws.heads.get(f"Provenance/{head.ref.partition('/')[2]}-provenance")
    return {
        "path": one.path,
        "steps": list(one.steps),
        "kind": one.kind,
        "version": head.version,
        "current": one.current,
        "currentAt": head.recorded.isoformat() if head.recorded else None,
        "currentIn": head.source,
        "currentBy": _agents(ours.resource if ours else None),
        "theirs": one.theirs,
        "theirsAt": said.isoformat(),
        "theirsBy": _agents(provenance),
        "base": one.base,
    }


def _agents(provenance: Resource | None) -> list[Any]:
    return list((provenance or {}).get("agent") or ())
