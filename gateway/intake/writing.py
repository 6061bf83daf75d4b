"""What somebody writes on a page of ours: an ordinary record of the log or plan, checked and mapped as those
of its own system are. No system holds it yet, the log's own included: it leaves by the lanes, like any entry.

Who may write what was settled before; this only takes in.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from gateway.errors import Conflict, NotFound
from gateway.hub import links, versions
from gateway.hub.journal import Journal
from gateway.hub.persons import IdentifierKey
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.intake.deciding import PARTICIPATION
from gateway.intake.workspace import Workspace, every_writer
from mappings import load
from mappings.canonical import identifier_system
from mappings.model import EMPTY, ITEM, Ids, Record, Resource, State

NEUTRAL: Final = "stafettlogg"  # the mapping that reads what is written here, whatever the log's own form is
PROVENANCE: Final = "provenance"
OPEN: Final = frozenset({"draft", "active", "on-hold"})  # of logs and plans that can be written in
CLOSED: Final = "closed-log"
USED: Final = "used-key"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written. type, fields: as the neutral format has them, participants and records by the
    hub's references. key: of the form, so that a form that is sent twice writes once. stamped: the field
    that was set by us and not by who wrote, where there is one. roles: participants (of the log or plan) who
    get another role with it."""

    type: str
    fields: Mapping[str, Any]
    key: str
    stamped: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """The entry as it stands. new: False for a form that was sent before."""

    ref: str
    new: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """Takes in what people of one tenant write about one person."""

    store: Store
    journal: Journal
    key: IdentifierKey
    tenant: str
    person: str

    def write(self, frame: str, by: str, facts_no: int | None, draft: Draft, now: datetime) -> Written:
        """Take in a draft as written by the participant `by` of the log or plan.

        facts_no: what was asked who may write rested on; None where that may have moved. Raises Conflict
        where that has changed, where the log is closed (closed-log) and where the form was sent before with
        something else in it (used-key); RecordRefused for fields that are wrong; NotFound where there is no
        such log or plan."""
        with self.store.write(self.tenant) as connection:
            head = versions.current(connection, self.tenant, frame)
            if head is None or head.person != self.person:
                raise NotFound("No such log or plan")
            ws = Workspace(connection, self.store, self.tenant, head.created_by, now, self.key)
            ws.lock([self.person])
            done = _Entry(ws, head, self.person, by).take(draft, facts_no)
            ws.flush()
            self.journal.write(ws.connection, self.tenant, ws.narrowed)
        return done

    def foreseen(
        self, connection: Connection, frame: str, by: str, draft: Draft, now: datetime
    ) -> tuple[str, dict[str, Version]]:
        """The entry that `write` would make of the draft, and its versions by reference: what can be judged
        before anybody saves it. Writes nothing. Raises NotFound, RecordRefused."""
        head = versions.current(connection, self.tenant, frame)
        if head is None or head.person != self.person:
            raise NotFound("No such log or plan")
        ws = Workspace(connection, self.store, self.tenant, head.created_by, now, self.key)
        return _Entry(ws, head, self.person, by).foreseen(draft)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One draft inside a transaction that has locked the person."""

    ws: Workspace
    frame: Version
    person: str
    by: str

    def take(self, draft: Draft, facts_no: int | None) -> Written:
        own = id_of(self.ws.tenant, self.frame.ref, self.by, draft.key)
        ref, state = self._put(draft, own)
        known = versions.current(self.ws.connection, self.ws.tenant, ref)
        if known is not None:
            return _again(known, state.focus[ITEM], draft)
        if facts_no is not None and self.ws.people[self.person].facts_no != facts_no:
            raise Conflict("What this rests on has changed since it was shown", code="changed-meanwhile")
        if self.frame.resource.get("status") not in OPEN:
            raise Conflict("The log or plan is closed", code=CLOSED)
        for resource in state.focus.values():
            self._append(resource, ref)
        for participant, role in draft.roles.items():
            self._become(participant, role)
        return Written(ref, True)

    def foreseen(self, draft: Draft) -> tuple[str, dict[str, Version]]:
        """What `take` would append, as the first versions there are of it."""
        ref, state = self._put(draft, id_of(self.ws.tenant, self.frame.ref, self.by, draft.key))
        made = [self._first(resource, ref) for resource in state.focus.values()]
        return ref, {one.ref: one for one in made}

    def _first(self, resource: Resource, item: str) -> Version:
        now, system = self.ws.now, self.ws.system
        return Version(
            ref=f"{resource['resourceType']}/{resource['id']}", version=1, person=self.person, item=item,
            change_no=0, source=system, created_by=system, recorded=now, first_recorded=now, stored=now,
            resource=resource, writers=every_writer(None, resource),
        )  # fmt: skip

    def _put(self, draft: Draft, own: str) -> tuple[str, State]:
        mapping, now = load(NEUTRAL), _text(self.ws.now)
        record: Record = {
            "type": draft.type, "id": own, "logg": self.frame.ref, "endret": now, "opprettet": now,
            **draft.fields,
        }  # fmt: skip
        heading = mapping.describe(record)
        ref = f"{heading.resource_type}/{own}"
        refs = {one: one for one in (*heading.needs, *heading.mentions)} | {own: ref}
        state = mapping.put(record, EMPTY, self._ids(refs))
        said = {**state.focus[PROVENANCE], "agent": self._agents("author", "enterer")}
        return ref, State({**state.focus, PROVENANCE: said})

    def _ids(self, refs: Mapping[str, str]) -> Ids:
        subject = (self.frame.resource.get("subject") or {}).get("reference") or f"Patient/{self.person}"
        natives = {ref: native for native, ref in refs.items()}
        return Ids(subject, self.frame.ref, self.ws.system, refs, natives)

    def _append(self, resource: Resource, item: str) -> None:
        self.ws.append(resource, person_id=self.person, item=item, recorded=self.ws.now)

    def _become(self, participant: str, role: str) -> None:
        """A participant of this log or plan has another role from now on."""
        mapping, parts = load(NEUTRAL), versions.of_items(self.ws.connection, self.ws.tenant, [participant])
        self.ws.heads.update(parts)
        slots = mapping.slots(parts[participant].resource) or {}
        focus = {slot: parts[ref].resource for slot, ref in slots.items() if ref in parts}
        ids = self._ids({one: one for one in (participant, self.frame.ref)})
        native = mapping.get(State(focus), ids)
        item = mapping.put({**native, "rolle": role}, State(focus), ids).focus[ITEM]
        if item == parts[participant].resource:
            return
        self._append(item, participant)
        before = focus.get(PROVENANCE) or _provenance(participant)
        kept = [a for a in before.get("agent") or () if not _is(a, "enterer")]
        said = {**before, "recorded": _text(self.ws.now), "agent": [*kept, *self._agents("enterer")]}
        self._append(said, participant)

    def _agents(self, *kinds: str) -> list[Resource]:
        return [
            {"type": {"coding": [{"system": PARTICIPATION, "code": k}]}, "who": self._who()} for k in kinds
        ]

    def _who(self) -> Resource:
        """Who writes, as records of the log's own system name them."""
        known = links.natives(self.ws.connection, self.ws.tenant, self.ws.system, [self.by]).get(self.by)
        if known is None:
            return {"reference": self.by}
        return {"identifier": {"system": identifier_system(f"record/{self.ws.system}"), "value": known}}


def _again(known: Version, said: Resource, draft: Draft) -> Written:
    """The answer to a form that was sent before. Raises Conflict where it says something else by now."""
    before = known.resource
    if draft.stamped is not None:
        said = {**said, "sent": before.get("sent")}
    if _bare(before) != _bare(said):
        raise Conflict("This form was sent before with something else in it", code=USED)
    return Written(known.ref, False)


def _bare(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "meta"}


def id_of(tenant: str, frame: str, by: str, key: str) -> str:
    """The id of the entry that a form makes: the same form of the same participant always makes the same."""
    digest = hashlib.sha256("\0".join((tenant, frame, by, key)).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def _provenance(ref: str) -> Resource:
    own = f"{ref.partition('/')[2]}-provenance"
    return {"resourceType": "Provenance", "id": own, "target": [{"reference": ref}]}


def _is(agent: Resource, kind: str) -> bool:
    codings: Iterable[Resource] = (agent.get("type") or {}).get("coding") or ()
    return any(one.get("code") == kind for one in codings)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
