"""A closed log goes on as a plan, when a person says so: unfinished goals and measures become items of the
plan with where they come from, in one transaction. What the plan already continues is left as it is, so that
saying it twice makes nothing double. Sends nothing: each new item is decided anew like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from gateway.config import System
from gateway.errors import Conflict, NotFound
from gateway.hub import links, versions
from gateway.hub.links import Link
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.intake.workspace import Workspace
from mappings import continuing, reading
from mappings.completeness import is_plan
from mappings.model import State


@dataclass(frozen=True, slots=True)
class Continued:
    """What became of it. carried: old item -> new; stood: the plan said already that it continues the log."""

    person: str
    plan: str
    stood: bool
    carried: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Continuing:
    """Lets logs of one tenant go on as plans of one system."""

    store: Store
    system: System  # where the plan is
    clock: Callable[[], datetime]

    def go_on(self, log: str) -> Continued:
        """Continue a log ("CarePlan/…"). Raises NotFound, Conflict."""
        with self.store.write(self.system.tenant) as connection:
            head = versions.current(connection, self.system.tenant, log)
            if head is None or reading.kind_of(head.resource) != "stafettlogg":
                raise NotFound("No such log")
            if head.resource.get("status") not in continuing.CLOSED:
                raise Conflict("The log is not closed", code="log-open")
            ws = Workspace(connection, self.store, self.system.tenant, head.created_by, self.clock())
            ws.lock([head.person])
            done = self._carry(ws, head, self._plan(connection, head.person))
            ws.flush()
        return done

    def _plan(self, connection: Connection, person: str) -> Version:
        found = versions.of_types(connection, self.system.tenant, person, ["CarePlan"]).values()
        own = [v for v in found if v.created_by == self.system.id and is_plan(v.resource)]
        standing = [v for v in own if not reading.in_error(v.resource)]
        if not standing:
            raise Conflict("There is no plan in that system yet: it is opened there", code="no-plan-there")
        return max(standing, key=lambda v: (v.resource.get("status") == "active", v.change_no))

    def _carry(self, ws: Workspace, log: Version, plan: Version) -> Continued:
        native = links.natives(ws.connection, ws.tenant, ws.system, [log.ref]).get(log.ref)
        if native is None:
            raise Conflict("The log's own system does not know it", code="no-log-there")
        if (ws.system, native) in continuing.replaced(plan.resource):
            return Continued(log.person, plan.ref, True, {})
        everything = versions.of_person(ws.connection, ws.tenant, log.person)
        ws.heads.update(everything)
        whole = continuing.replacing(plan.resource, ws.system, native)
        ws.append(whole, person_id=log.person, item=plan.ref, recorded=ws.now)
        items = [
            v.ref
            for v in everything.values()
            if reading.belongs_to(v.resource) == log.ref
            and continuing.goes_on(v.resource)
            and continuing.successor(v.ref, plan.ref) not in everything
        ]
        parts = {
            v.ref: v
            for v in everything.values()
            if v.item in items and v.ref.partition("/")[0] != "Provenance"
        }
        pairs = {ref: continuing.successor(ref, plan.ref) for ref in parts}
        for part in parts.values():
            new = continuing.carried(part.resource, plan.ref, pairs)
            ws.append(new, person_id=log.person, item=pairs[part.item], recorded=part.recorded)
        for item in items:
            self._tell_origin(ws, log.person, item, pairs[item])
        self._rename(ws, plan.ref, pairs)
        return Continued(log.person, plan.ref, False, {item: pairs[item] for item in items})

    def _tell_origin(self, ws: Workspace, person: str, old: str, new: str) -> None:
        before = ws.heads.get(f"Provenance/{old.partition('/')[2]}-provenance")
        recorded = ws.now.astimezone(UTC).isoformat().replace("+00:00", "Z")
        made = continuing.provenance(before.resource if before else None, old, new, recorded)
        ws.append(made, person_id=person, item=new, recorded=ws.now)

    def _rename(self, ws: Workspace, plan: str, pairs: Mapping[str, str]) -> None:
        """What the plan's system has already of the log's items is from now on the plan's: not sent twice."""
        known = links.load(ws.connection, ws.tenant, self.system.id, pairs)
        there = {ref: link for ref, link in known.items() if link.native_id is not None}
        links.forget(ws.connection, ws.tenant, self.system.id, there)
        for ref, link in there.items():
            ws.keep(
                replace(
                    link,
                    ref=pairs[ref],
                    frame=plan,
                    held=_renamed(link, plan, pairs),
                    candidates=(),
                    previous=None,
                )
            )


def _renamed(link: Link, plan: str, pairs: Mapping[str, str]) -> State:
    own = {
        slot: continuing.carried(one, plan, pairs) if f"{one['resourceType']}/{one['id']}" in pairs else one
        for slot, one in link.held.focus.items()
    }
    return State(own, link.held.rest)
