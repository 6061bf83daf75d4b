"""What a log or plan says of its members, derived from the items a reader may see: the goals, measures and
team of a CarePlan, its document. Never stored, so that it can never say more than its items do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mappings import reading
from mappings.canonical import MARK
from mappings.model import Resource

DERIVED = ("careTeam", "goal", "activity")
DERIVED_TEAM = "derived-team"
DOCUMENT = {"system": MARK, "code": "derived-document"}  # meta.tag of a plan's document


def with_members(plan: Resource, members: Iterable[Resource], team: Resource | None) -> Resource:
    """A copy of a CarePlan with references to the goals and measures among `members`, and to its team."""
    goals, measures = [], []
    for member in members:
        kind = member["resourceType"]
        if reading.in_error(member):
            continue
        if kind == "Goal":
            goals.append({"reference": f"Goal/{member['id']}"})
        elif kind == "ServiceRequest" and reading.category_of(member) == {"tiltak"}:
            measures.append({"reference": {"reference": f"ServiceRequest/{member['id']}"}})
    full = without_members(plan)
    if team is not None:
        full["careTeam"] = [{"reference": f"CareTeam/{team['id']}"}]
    if goals:
        full["goal"] = sorted(goals, key=lambda one: one["reference"])
    if measures:
        full["activity"] = sorted(measures, key=lambda one: one["reference"]["reference"])
    return full


def without_members(plan: Resource) -> Resource:
    """A copy of a CarePlan without what is derived."""
    return {key: value for key, value in plan.items() if key not in DERIVED}


def care_team(plan: Resource, team_id: str, members: Iterable[Resource]) -> Resource | None:
    """The team of a log or plan from its participants; None where there are none to show."""
    participants = [p for p in (_participant(m) for m in members) if p is not None]
    if not participants:
        return None
    return {
        "resourceType": "CareTeam",
        "id": team_id,
        "meta": {"tag": [{"system": MARK, "code": DERIVED_TEAM}]},
        "status": "active" if plan.get("status") == "active" else "inactive",
        "subject": plan["subject"],
        "participant": sorted(participants, key=lambda one: str(one["member"]["reference"])),
    }


def is_team_of_frame(resource: Resource) -> bool:
    """Whether this is a team that `care_team` made."""
    tags = resource.get("meta", {}).get("tag", [])
    return any(t.get("system") == MARK and t.get("code") == DERIVED_TEAM for t in tags)


def is_document(resource: Resource | None) -> bool:
    """Whether this is a document that was made of a plan for a recipient."""
    return resource is not None and DOCUMENT in resource.get("meta", {}).get("tag", [])


def _participant(resource: Resource) -> dict[str, Any] | None:
    if resource["resourceType"] not in ("PractitionerRole", "RelatedPerson"):
        return None
    out: dict[str, Any] = {}
    roles = resource.get("code") or resource.get("relationship")
    if roles:
        out["role"] = roles
    out["member"] = {"reference": f"{resource['resourceType']}/{resource['id']}"}
    if "period" in resource:
        out["period"] = resource["period"]
    return out
