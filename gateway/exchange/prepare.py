"""Prepares one run of a lane in one short transaction: what has changed, what of it the recipient may have
now, what differs from what it holds; written as sending before anything leaves. Calls nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from gateway.config import Settings, System
from gateway.exchange import disclosures, unanswered
from gateway.exchange.differences import Difference, differences, in_order, parted
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.exchange.exempt import Unlawful, ground_of
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.lanes import Claim, holds
from gateway.exchange.notices import Notices
from gateway.exchange.rate import MOST
from gateway.exchange.rendition import ids_at, shareable, subject_at
from gateway.exchange.selection import Selection, Shown
from gateway.exchange.timers import keep_edge
from gateway.hub import identities, links, versions
from gateway.hub.identities import RENUMBERED
from gateway.hub.schema.tables import person
from mappings import reading
from mappings.canonical import DNR
from mappings.model import ITEM, Ids, RecordMapping, Resource
from mappings.references import references

PATIENT = ("resourceType", "identifier", "name", "birthDate")  # what a new patient is created with


@dataclass(frozen=True, slots=True)
class Send:
    """One record that is to leave, under the id of its disclosure."""

    attempt: str
    difference: Difference


@dataclass(slots=True)
class Plan:
    """One prepared run. names and subject grow while it is sent. former: what the recipient called what it
    has lost, where that may be its id again.

    lacks: what each record refers to that the recipient did not have when the run was prepared.
    unanswered: what may be there under an id we do not know, and does not go now: the system is asked.
    lookup: identifiers by which the person must first be found at the recipient. note: why nothing goes.
    """

    claim: Claim
    facts: PersonFacts
    cursor: int
    facts_cursor: int
    names: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    subject: str | None = None
    sends: list[Send] = field(default_factory=list)
    lacks: dict[str, set[str]] = field(default_factory=dict)
    more: bool = False
    note: str | None = None
    lookup: tuple[tuple[str, str], ...] = ()
    lookup_attempt: str = ""
    unanswered: tuple[str, ...] = ()
    patient: Resource | None = None  # to create there, where the route says so and it has none

    def ids(self, system: System, own: str | None) -> Ids:
        """The ids of this person's things at the recipient, as far as they are known now."""
        return ids_at(system, self.facts, self.names, self.subject, own=own, former=self.former)


@dataclass(frozen=True, slots=True)
class Preparer:
    """Prepares runs to one recipient."""

    system: System
    settings: Settings
    mapping: RecordMapping
    facts: FactsReader
    channel: str = "push"
    most: int = MOST

    def prepare(self, connection: Connection, claim: Claim, now: datetime) -> Plan | None:
        """The plan of a run, its disclosures written; None if a newer run holds the lane."""
        if holds(connection, claim, lock=True) is None:
            return None
        row = connection.execute(_NUMBERS, {"tenant": claim.tenant, "person": claim.person}).one()
        facts = self.facts.read(connection, claim.tenant, claim.person, row.facts_no)
        plan = Plan(claim, facts, row.change_no, row.facts_no)
        full = claim.facts_cursor < row.facts_no
        if full:
            keep_edge(connection, facts, now)
        if self.system.adapter != "fhir" and facts.frame_in(self.system.id) is None:
            plan.note = "no-log-or-plan-there"
            return plan
        self._fill(connection, plan, 0 if full else claim.cursor, now)
        going = [send.difference.ref for send in plan.sends]
        plan.unanswered = unanswered.pending(connection, self.system, claim.person, going)
        self._begin(connection, plan, row.facts_no, now)
        return plan

    def _fill(self, connection: Connection, plan: Plan, after: int, now: datetime) -> None:
        claim = plan.claim
        items = versions.items_changed(connection, claim.tenant, claim.person, after)
        selection = Selection(self.system, self.settings, self.mapping, plan.facts, self.channel, now)
        shown = selection.shown(connection, items) if items else []
        notices = Notices(self.system, self.mapping, selection)
        ending = notices.look(connection, items, shown, whole=after == 0)
        if not shown and not ending:
            return
        plan.names, refused = links.names_of_person(connection, claim.tenant, self.system.id, claim.person)
        if self.system.ids == "ours":
            plan.former = links.former(connection, claim.tenant, self.system.id, claim.person)
        plan.note = next(iter(refused.values()), None)
        held_back = refused.keys() - plan.names.keys()
        for ref in plan.facts.patients:
            if refused.get(ref) == RENUMBERED:
                del plan.names[ref]  # whether it is still the same person there is to be seen
        plan.subject = subject_at(plan.facts, plan.names)
        if self.system.adapter == "fhir" and plan.subject is None:
            if shown:
                self._look_up(connection, plan, selection)
            return
        known = links.load(connection, claim.tenant, self.system.id, [one.unit.ref for one in shown])
        found = differences(
            self.system, self.mapping, shown, known, claim.person, lambda ref: plan.ids(self.system, ref)
        )
        ordered, blocked = parted(in_order(found), held_back)
        links.save(connection, claim.tenant, [one.held() for one in blocked])
        ordered += notices.differences(connection, ending, lambda ref: plan.ids(self.system, ref))
        most = self.most if claim.allowance is None else min(self.most, claim.allowance)
        plan.sends = [Send(disclosures.new_id(), one) for one in ordered[:most]]
        plan.lacks = {one.unit.ref: _references(self.system, one) - plan.names.keys() for one in shown}
        plan.more = len(ordered) > most

    def _look_up(self, connection: Connection, plan: Plan, selection: Selection) -> None:
        """How to find the person there, and who to create where the route says so: of that only what the
        recipient may have."""
        own = f"Patient/{plan.claim.person}"
        parts = versions.of_items(connection, plan.claim.tenant, [own])
        plan.lookup = self._identifiers(connection, plan)
        plan.lookup_attempt = disclosures.new_id() if plan.lookup else ""
        plan.note = None if plan.lookup else "no-identifier"
        if any(r.create_person for r in self.settings.routes if r.recipient == self.system.id):
            view = selection.view(own, parts) if own in parts else None
            seen = view.resources.get(own) if view is not None else None
            plan.patient = {k: v for k, v in seen.items() if k in PATIENT} if seen else None

    def _identifiers(self, connection: Connection, plan: Plan) -> tuple[tuple[str, str], ...]:
        """What the person is found by there: the numbers of now, and D-numbers that a birth number has taken
        the place of. Never one that is somebody else's here, whatever a record states. (A birth number that
        was corrected may have been another child's all along.)"""
        found: dict[tuple[str, str], None] = {}
        for ref in plan.facts.patients:
            now, *before = versions.history(connection, plan.claim.tenant, ref)
            found |= dict.fromkeys(reading.person_of(now.resource).identifiers)
            earlier = [pair for v in before for pair in reading.person_of(v.resource).identifiers]
            found |= dict.fromkeys(pair for pair in earlier if pair[0] == DNR)
        own = identities.of_person(connection, plan.claim.tenant, plan.claim.person)
        return tuple(pair for pair in found if self.facts.key.hash(*pair) in own)

    def _begin(self, connection: Connection, plan: Plan, epoch: int, now: datetime) -> None:
        """Write everything that may leave as sending, and what each link would then hold."""
        claim = plan.claim
        decided = [_attempt(plan, s) for s in plan.sends if s.difference.exempt is None]
        exempt = [_attempt(plan, s) for s in plan.sends if s.difference.exempt is not None]
        if plan.lookup:
            patient = Disclosed(f"Patient/{claim.person}", 0, ("plan",), "lookup", (), ())
            decided.append(Attempt(plan.lookup_attempt, claim.person, (patient,)))
        for channel, attempts in ((self.channel, decided), (disclosures.EXEMPT, exempt)):
            disclosures.begin(
                connection,
                claim.tenant,
                attempts,
                recipient=self.system.id,
                channel=channel,
                run=claim.run,
                epoch=epoch,
                owner=claim.owner,
                now=now,
                deadline=now + timedelta(seconds=self.system.send_deadline_seconds),
            )
        links.save(connection, claim.tenant, [links.under_way(s.difference.link) for s in plan.sends])


_NUMBERS = select(person.c.change_no, person.c.facts_no).where(
    person.c.tenant == bindparam("tenant"), person.c.id == bindparam("person")
)


def _references(system: System, one: Shown) -> set[str]:
    focus = shareable(system, one.unit.state.focus)
    own = {f"{resource['resourceType']}/{resource['id']}" for resource in focus.values()}
    return {ref for resource in focus.values() for ref in references(resource)} - own


def _attempt(plan: Plan, one: Send) -> Attempt:
    return Attempt(one.attempt, plan.claim.person, _disclosed(one.difference))


def _disclosed(one: Difference) -> tuple[Disclosed, ...]:
    """The item itself, and every other that stands inside its record. Raises Unlawful for what neither a
    decision nor its type lets out."""
    if one.exempt is not None:
        own = one.link.held.focus.get(ITEM) if one.link.mine else None
        ground = ground_of(one.exempt, one.state.focus[ITEM], own)
        return (Disclosed(one.ref, one.shown.focal.version, (), ground, (), ()),)
    if not one.shown.view.permitted:
        raise Unlawful(f"{one.ref}: no decision permits this")
    return (_item(one.ref, one.shown), *(_item(part.unit.ref, part) for part in one.shown.within))


def _item(ref: str, one: Shown) -> Disclosed:
    return one.view.disclosed(ref, one.focal.version, "none")
