"""Two persons that were found to be one become one, and two again when that was wrong. In one transaction,
with both locked: everything of the one is the other's from now on, under new versions that say so; nothing of
what stood before is changed, and no content is touched.

Each resource goes on naming the Patient that its own system keeps: by it the two are told apart again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.errors import Conflict, Moved, NotFound
from gateway.hub import acts, moving, patients, persons, review, versions
from gateway.hub.acts import NARROWING
from gateway.hub.audit import entries as audited
from gateway.hub.audit.entries import Entry
from gateway.hub.content import pack, unpack
from gateway.hub.persons import PersonRow
from gateway.hub.schema.identities import person_merge
from gateway.hub.schema.tables import disclosure, lane, person, timer
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.hub.wake import open_lanes, wake

_COPIES = uuid.UUID("7b0e7f5a-5a3b-4f0e-9a57-3f2f3a1d9c51")


class State(StrEnum):
    """How a merge stands."""

    STANDING = "standing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge. kept: who it all is now; joined: who became a signpost. by, reason: the named person's.
    consents, acts: what stood on either side then, by the Patient it was about: it permits nothing across.
    undone_by, undone_reason: of the one who undid it."""

    id: str
    kept: str
    joined: str
    state: State
    client: str
    created: datetime
    by: str
    reason: str
    consents: Mapping[str, tuple[str, ...]]
    acts: Mapping[str, tuple[str, ...]]
    undone: datetime | None = None
    undone_by: str | None = None
    undone_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """Joins and parts persons of one tenant, in the caller's transaction. restored: an older backup has just
    been put back, so nothing that it says is under way is."""

    connection: Connection
    store: Store
    tenant: str
    now: datetime
    restored: bool = False

    def join(self, kept: str, joined: str, *, own: str, client: str, by: str, reason: str) -> Merge:
        """Everything of `joined` becomes `kept`'s. Raises NotFound, Moved, Conflict (the same person, or a
        delivery about one of them is under way)."""
        people = self._locked(kept, joined)
        self._demand_rest(kept, joined)
        before = versions.of_person(self.connection, self.tenant, joined)
        stood = self._stood(kept, joined, before)
        merge = Merge(own, kept, joined, State.STANDING, client, self.now, by, reason, **stood)
        self._append(before.values(), people[kept], max(row.change_no for row in people.values()))
        moving.everything(self.connection, self.tenant, joined, kept, self.now)
        self._lanes(kept, joined, people[joined])
        people[joined].merged_into = kept
        self._close([kept], people.values())
        self._forget_timers(joined)
        save(self.connection, self.tenant, merge)
        self._say("persons merged", merge)
        return merge

    def part(self, merge: Merge, *, by: str, reason: str) -> tuple[Merge, frozenset[str]]:
        """What was, or has come to be, about the other's Patient goes back to it. Returns the merge as undone
        and the references that went. Raises Conflict."""
        people = self._locked(merge.kept, merge.joined, parting=True)
        self._demand_rest(merge.kept, merge.joined)
        group = [merge.joined, *patients.merged_into(self.connection, self.tenant, merge.joined)]
        current = versions.of_person(self.connection, self.tenant, merge.kept)
        items = {v.item for v in current.values()}
        first = patients.first_told_of(self.connection, self.tenant, items | current.keys())
        sides = patients.of_items(current, first)
        going = [v for v in current.values() if sides[v.item] in group]
        refs = frozenset(v.ref for v in going)
        highest = max(row.change_no for row in people.values())
        people[merge.kept].change_no = people[merge.kept].facts_no = highest + 1
        self._append(going, people[merge.joined], highest)
        known = [own for patient in group for own in merge.acts.get(patient, ())]
        acted, whole = moving.acts_about(self.connection, self.tenant, merge.kept, refs, known)
        moving.back(self.connection, self.tenant, merge.kept, merge.joined, refs, group, acted, self.now)
        stayed = {own for patient, listed in merge.acts.items() if patient not in group for own in listed}
        self._keep_refusing(merge.joined, [one for one in whole if one.id not in stayed])
        people[merge.joined].merged_into = None
        self._open_lanes_again(merge)
        self._close([merge.kept, merge.joined], people.values())
        undone = replace(merge, state=State.UNDONE, undone=self.now, undone_by=by, undone_reason=reason)
        save(self.connection, self.tenant, undone)
        self._say("persons parted", undone)
        return undone, refs

    def _say(self, action: str, merge: Merge) -> None:
        """In the audit, of each of the two."""
        said = [
            Entry(audited.Kind.DECISION, self.now, person, action, client=merge.client, subject=merge.id)
            for person in (merge.kept, merge.joined)
        ]
        audited.write(self.connection, self.tenant, said)

    # --- both -------------------------------------------------------------------------------------------

    def _locked(self, kept: str, joined: str, *, parting: bool = False) -> dict[str, PersonRow]:
        people = persons.lock(self.connection, self.tenant, [kept, joined])
        if len(people) < 2:
            if kept == joined and people:
                raise Conflict("They are the same person already", code="same-person")
            raise NotFound("No such person here")
        if people[kept].merged_into is not None:
            if parting:
                raise Conflict("A later merge must be undone first", code="later-merge")
            raise Moved(kept, persons.resolve(self.connection, self.tenant, kept))
        onward = people[joined].merged_into
        if not parting and onward is not None:
            raise Moved(joined, persons.resolve(self.connection, self.tenant, joined))
        if parting and onward != kept:
            raise Conflict("The merge has been undone", code="merge-undone")
        return people

    def _demand_rest(self, *people: str) -> None:
        """Nothing about either is under way to anybody: it would end under an id that is no longer it."""
        rows = self.connection.execute(
            select(lane.c.recipient, lane.c.state)
            .where(lane.c.tenant == self.tenant, lane.c.person.in_(sorted(people)))
            .order_by(lane.c.person, lane.c.recipient)
            .with_for_update()
        ).all()
        busy = sorted({row.recipient for row in rows if row.state == "running"})
        if busy and self.restored:
            self._end_dead(people)
        elif busy:
            raise Conflict(f"A delivery to {', '.join(busy)} is under way: try again", code="under-way")

    def _end_dead(self, people: Iterable[str]) -> None:
        """What ran when the backup was made ended with it; it may have arrived."""
        who = sorted(people)
        connection, tenant = self.connection, self.tenant
        connection.execute(
            update(lane)
            .where(lane.c.tenant == tenant, lane.c.person.in_(who), lane.c.state == "running")
            .values(state="waiting", owner=None, deadline=None, waiting_since=self.now, next_at=self.now)
        )
        connection.execute(
            update(disclosure)
            .where(
                disclosure.c.tenant == tenant,
                disclosure.c.person.in_(who),
                disclosure.c.state == "sending",
                disclosure.c.run > 0,
            )
            .values(state="unknown", closed=self.now, error="restored")
        )

    def _append(self, going: Iterable[Version], to: PersonRow, after: int) -> None:
        """The same content under a new version: from now on it is about somebody else."""
        number, new = after, list[Version]()
        for number, one in enumerate(going, after + 1):
            new.append(replace(one, version=one.version + 1, person=to.id, change_no=number, stored=self.now))
        to.change_no = to.facts_no = number + 1
        versions.append(self.connection, self.tenant, new, self.store.transaction_id(self.connection))

    def _close(self, awake: list[str], people: Iterable[PersonRow]) -> None:
        """Write where both stand, and have everything about those that are somebody weighed anew."""
        persons.number(self.connection, self.tenant, people)
        for row in people:
            self.connection.execute(
                update(person)
                .where(person.c.tenant == self.tenant, person.c.id == row.id)
                .values(merged_into=row.merged_into, merges=(row.merges or 0) + 1)
            )
        self.connection.execute(
            update(lane).where(lane.c.tenant == self.tenant, lane.c.person.in_(awake)).values(facts_cursor=-1)
        )
        wake(self.connection, self.tenant, awake, self.now)
        review.ask(self.connection, self.tenant, awake, self.now)

    # --- a merge ----------------------------------------------------------------------------------------

    def _stood(self, kept: str, joined: str, before: Mapping[str, Version]) -> dict[str, Any]:
        """The consents and acts there are, by the Patient they are about."""
        both = {**versions.of_person(self.connection, self.tenant, kept), **before}
        first = patients.first_told_of(self.connection, self.tenant, {v.item for v in both.values()})
        consents: dict[str, tuple[str, ...]] = {}
        sides = patients.of_items(both, first)
        for ref in both:
            if ref.startswith("Consent/"):
                consents[sides[ref]] = (*consents.get(sides[ref], ()), ref)
        found = {who: acts.of_person(self.connection, self.tenant, who) for who in (kept, joined)}
        return {
            "consents": consents,
            "acts": {who: tuple(one.id for one in own) for who, own in found.items()},
        }

    def _lanes(self, kept: str, joined: str, row: PersonRow) -> None:
        """One lane to each recipient: what an operator held stays held. The other's rest."""
        here = (lane.c.tenant == self.tenant, lane.c.person == joined)
        rows = self.connection.execute(select(lane.c.recipient, lane.c.state).where(*here)).all()
        open_lanes(self.connection, self.tenant, kept, [one.recipient for one in rows])
        held = [one.recipient for one in rows if one.state == "held"]
        self._hold(kept, held)
        self.connection.execute(
            update(lane)
            .where(*here)
            .values(
                state="idle", cursor=row.change_no, facts_cursor=row.facts_no, next_at=None,
                waiting_since=None, attempts=0,
            )
        )  # fmt: skip

    def _hold(self, who: str, recipients: list[str]) -> None:
        if recipients:
            self.connection.execute(
                update(lane)
                .where(lane.c.tenant == self.tenant, lane.c.person == who, lane.c.recipient.in_(recipients))
                .values(state="held", next_at=None, waiting_since=None)
            )

    def _forget_timers(self, who: str) -> None:
        self.connection.execute(
            delete(timer).where(
                timer.c.tenant == self.tenant,
                timer.c.subject == who,
                timer.c.kind.in_(("edge", review.REMINDERS)),
            )
        )

    # --- its undoing ------------------------------------------------------------------------------------

    def _keep_refusing(self, who: str, made: Iterable[acts.Act]) -> None:
        """What somebody refused about the person as a whole while the two were one, both refuse."""
        copies = [
            replace(one, id=str(uuid.uuid5(_COPIES, f"{one.id} {who}")), person=who)
            for one in made
            if one.kind in NARROWING and one.ended is None
        ]
        acts.keep(self.connection, self.tenant, copies)

    def _open_lanes_again(self, merge: Merge) -> None:
        here = (lane.c.tenant == self.tenant, lane.c.person == merge.kept)
        rows = self.connection.execute(select(lane.c.recipient, lane.c.state).where(*here)).all()
        open_lanes(self.connection, self.tenant, merge.joined, [one.recipient for one in rows])
        self._hold(merge.joined, [one.recipient for one in rows if one.state == "held"])


def new_id() -> str:
    """Id of a merge."""
    return str(uuid.uuid4())


def save(connection: Connection, tenant: str, one: Merge) -> None:
    """Write a merge, new or undone."""
    said = {
        "by": one.by,
        "reason": one.reason,
        "consents": {who: list(refs) for who, refs in one.consents.items()},
        "acts": {who: list(ids) for who, ids in one.acts.items()},
        "undoneBy": one.undone_by,
        "undoneReason": one.undone_reason,
    }
    content = pack(connection, said, one.kept, person_merge, tenant, one.id)
    values = {"state": one.state.value, "undone": one.undone, "content": content}
    here = (person_merge.c.tenant == tenant, person_merge.c.id == one.id)
    if connection.execute(update(person_merge).where(*here).values(**values)).rowcount == 0:
        clear = {"id": one.id, "kept": one.kept, "joined": one.joined, "client": one.client}
        connection.execute(
            insert(person_merge), {"tenant": tenant, **clear, "created": one.created, **values}
        )


def of_person(connection: Connection, tenant: str, *people: str) -> list[Merge]:
    """Merges that these took part in, the oldest first; undone ones too."""
    columns = person_merge.c
    rows = connection.execute(
        select(person_merge)
        .where(columns.tenant == tenant, columns.kept.in_(people) | columns.joined.in_(people))
        .order_by(columns.created, columns.id)
    )
    return [_merge(connection, row) for row in rows]


def one_of(connection: Connection, tenant: str, own: str) -> Merge | None:
    """One merge."""
    columns = person_merge.c
    row = connection.execute(select(person_merge).where(columns.tenant == tenant, columns.id == own)).first()
    return None if row is None else _merge(connection, row)


def _merge(connection: Connection, row: Any) -> Merge:
    said = unpack(connection, row.content, person_merge, row.tenant, row.id)
    return Merge(
        id=row.id,
        kept=row.kept,
        joined=row.joined,
        state=State(row.state),
        client=row.client,
        created=row.created,
        by=said["by"],
        reason=said["reason"],
        consents={who: tuple(refs) for who, refs in said["consents"].items()},
        acts={who: tuple(ids) for who, ids in said["acts"].items()},
        undone=row.undone,
        undone_by=said.get("undoneBy"),
        undone_reason=said.get("undoneReason"),
    )


def standing(connection: Connection, tenant: str, people: Iterable[str]) -> frozenset[str]:
    """Those of these that are persons here, and no signposts."""
    rows = connection.execute(
        select(person.c.id).where(
            person.c.tenant == tenant, person.c.id.in_(sorted(set(people))), person.c.merged_into.is_(None)
        )
    )
    return frozenset(row.id for row in rows)
