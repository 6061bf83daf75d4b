"""One run of a lane from claim to end: prepare, send, close. What came back while sending is taken in first,
so that the next run sends the merge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.contract import AdapterError, Busy, NoToken
from gateway.config import System
from gateway.exchange import awaited, breaker, deviations, disclosures, lanes, notices, unanswered
from gateway.exchange.differences import REFERS_TO_HELD
from gateway.exchange.endings import Told
from gateway.exchange.exempt import Exempt
from gateway.exchange.lanes import Claim, Ending
from gateway.exchange.prepare import Plan, Preparer
from gateway.exchange.send import NOT_EXPRESSIBLE, End, Report, Sender, Sent
from gateway.hub import links, persons
from gateway.hub.links import Link
from gateway.hub.store import Store
from gateway.intake import Intake, Offered
from gateway.intake.standing import doubted
from mappings import reading
from mappings.model import EMPTY, ITEM, State

DISCLOSED = {
    End.DELIVERED: disclosures.DELIVERED,
    End.HELD: disclosures.REFUSED,
    End.STALE: disclosures.REFUSED,
    End.GONE: disclosures.REFUSED,
    End.UNKNOWN: disclosures.UNKNOWN,
    End.TURNED_AWAY: disclosures.REFUSED,
    End.UNSENT: disclosures.UNSENT,
}
TOLD = {
    End.DELIVERED: Told.TOLD,
    End.STALE: Told.TOLD,  # it is there, and someone has written in it
    End.GONE: Told.TOLD,
    End.HELD: Told.REFUSED,
}
NEVER_TRIED = frozenset({REFERS_TO_HELD, NOT_EXPRESSIBLE})
FIRST_PAUSE = 0.05  # seconds, after the first run that got nowhere
OF_ANOTHER = "person-of-another"  # the recipient's patient is somebody else here
NO_PERSON = timedelta(hours=1)  # how soon to look again for a person that the recipient did not have


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs lanes to one recipient."""

    system: System
    store: Store
    preparer: Preparer
    sender: Sender
    intake: Intake
    clock: Callable[[], datetime]
    alive: Callable[[], bool]

    async def run(self, claim: Claim) -> bool:
        """One run to its end. True if the lane waits for the next one already."""
        started = self.clock()
        try:
            await self.sender.prepare()
        except (AdapterError, TimeoutError) as error:
            wait = error.retry_after if isinstance(error, Busy | NoToken) else None
            detail = error.detail if isinstance(error, AdapterError) else "deadline"
            await asyncio.to_thread(self._down, claim, detail, wait)
            return False
        plan = await asyncio.to_thread(self._prepare, claim)
        if plan is None:
            return False
        report = await self.sender.send(plan, lambda: self._ours(started))
        return await asyncio.to_thread(self._finish, plan, report)

    def _prepare(self, claim: Claim) -> Plan | None:
        with self.store.write(self.system.tenant) as connection:
            return self.preparer.prepare(connection, claim, self.clock())

    def _ours(self, started: datetime) -> bool:
        """A run that was paused past its deadline sends nothing more."""
        limit = timedelta(seconds=self.system.send_deadline_seconds)
        return self.alive() and self.clock() - started < limit

    def _down(self, claim: Claim, error: str, wait: float | None) -> None:
        now = self.clock()
        with self.store.write(self.system.tenant) as connection:
            breaker.trip(connection, self.system, now, error, wait, probe=claim.probe)
            lanes.end(connection, claim, Ending(again=True, error=error, sent=0), now)

    # --- the end -----------------------------------------------------------------------------------------

    def _finish(self, plan: Plan, report: Report) -> bool:
        freed = any(_frees(one) or _is_missing(one) for one in report.sent)
        late = _late(plan, report)
        with self.store.write(self.system.tenant) as connection:
            now = self.clock()
            if lanes.holds(connection, plan.claim, lock=True) is None:
                return False
            self._close(connection, plan, report, now)
            self._breaker(connection, plan, report, now)
            stale = [one for one in report.sent if one.end is End.STALE]
            ending = replace(
                self._ending(plan, report, now, again=bool(stale) or late, freed=freed),
                sent=_went(plan, report),
            )
            if not stale:
                return lanes.end(connection, plan.claim, ending, now) == lanes.WAITING
        self._take_in(stale)
        with self.store.write(self.system.tenant) as connection:
            return lanes.end(connection, plan.claim, ending, self.clock()) == lanes.WAITING

    def _take_in(self, stale: list[Sent]) -> None:
        """What the recipient had changed meanwhile comes in the ordinary way, before the lane is let go."""
        for one in stale:
            self._name(one)
        offered = [Offered(s.current.record, s.current.version, now=True) for s in stale if s.current]
        if offered:
            self.intake.take(self.system, offered)

    def _name(self, one: Sent) -> None:
        """Make sure intake knows which item the recipient's copy is, even if a create was never answered. The
        recipient may have told of it itself since this run was prepared: that stays as intake left it."""
        link = one.send.difference.link
        if link.native_id is not None or one.current is None or one.current.remote_id is None:
            return
        with self.store.write(self.system.tenant) as connection:
            persons.lock(connection, self.system.tenant, [link.person])
            newest = links.load(connection, self.system.tenant, self.system.id, [link.ref]).get(
                link.ref, link
            )
            if newest.native_id is None:
                digest = one.send.difference.digest
                unanswered.name(connection, self.system, newest, one.current.remote_id, digest)

    def _close(self, connection: Connection, plan: Plan, report: Report, now: datetime) -> None:
        endings: list[tuple[str, str, str | None]] = [
            (one.send.attempt, _disclosed(one), one.error) for one in report.sent
        ]
        if plan.lookup_attempt:
            state = disclosures.UNKNOWN if report.down else disclosures.DELIVERED
            endings.append((plan.lookup_attempt, state, report.down or report.lookup_error))
        disclosures.finish(connection, plan.claim.tenant, endings, now)
        missing = any(_is_missing(one) for one in report.sent)  # as it was known before this run
        settled = [_settle(one, self.system) for one in report.sent]
        newest = links.load(connection, plan.claim.tenant, self.system.id, [link.ref for link in settled])
        changed = [link for link in settled if _unsettled(newest.get(link.ref))]
        if missing:
            links.doubt(connection, plan.claim.tenant, self.system.id, plan.claim.person)
        if report.found is not None:
            changed += self._found(connection, plan, report)
        links.save(connection, plan.claim.tenant, changed)
        unanswered.settle(connection, self.system, report.told)
        told = {one.send.difference.ref: TOLD[one.end] for one in report.sent if _is_told(one)}
        notices.close(connection, plan.claim.tenant, self.system.id, told, now)
        if any(reading.in_error(one.send.difference.state.focus[ITEM]) for one in report.sent):
            deviations.settle(connection, plan.claim.tenant, now, person=plan.claim.person)
        for one in report.sent:
            self._await(connection, one, now)

    def _await(self, connection: Connection, one: Sent, now: datetime) -> None:
        """What has to be acknowledged, or told by a person."""
        if one.end in (End.DELIVERED, End.UNKNOWN):
            awaited.left(connection, self.system, one.send.difference.shown.focal, now)
        elif one.end is End.HELD and one.error not in NEVER_TRIED:
            awaited.refused(connection, self.system, one.send.difference.shown.focal, now)

    def _found(self, connection: Connection, plan: Plan, report: Report) -> list[Link]:
        """The recipient has the person: by what it calls them. One who is somebody else's here is nobody's to
        write to until a person has decided who is who."""
        tenant, found = plan.claim.tenant, str(report.found)
        known = links.names(connection, tenant, self.system.id, [found]).get(found)
        if known is None:
            return [Link(self.system.id, f"Patient/{plan.claim.person}", plan.claim.person, found)]
        if known.ref not in plan.facts.patients:
            report.found, report.lookup_error = None, OF_ANOTHER
            return []
        link = links.load(connection, tenant, self.system.id, [known.ref])[known.ref]
        link.hold = link.hold_digest = None  # it is the same one still
        return [link]

    def _ending(self, plan: Plan, report: Report, now: datetime, *, again: bool, freed: bool) -> Ending:
        unfinished = any(
            one.end in (End.UNSENT, End.TURNED_AWAY, End.UNKNOWN, End.GONE) for one in report.sent
        )
        anew = -1 if freed else None  # what had to wait for it may be older than the cursor
        if report.down is not None:
            return Ending(again=True, facts_cursor=anew, error=report.down)
        if report.found is not None:
            return Ending(again=True)
        if report.lookup_error is not None:
            return Ending(error=report.lookup_error, retry_at=now + NO_PERSON)
        if unfinished or again or plan.more:
            return self._once_more(plan, report, now, anew)
        held = next((one.error for one in report.sent if one.end is End.HELD), None)
        return Ending(
            cursor=plan.cursor,
            facts_cursor=-1 if freed else plan.facts_cursor,
            again=freed,
            error=held or plan.note,
        )

    def _once_more(self, plan: Plan, report: Report, now: datetime, anew: int | None) -> Ending:
        """At once while the lane gets on; later each time while it does not: no run chases its tail."""
        moved = any(one.end is End.DELIVERED for one in report.sent)
        if moved and report.later is None:
            return Ending(again=True, facts_cursor=anew)
        pause = (
            report.wait if report.later and report.wait else FIRST_PAUSE * 2.0 ** min(plan.claim.attempts, 13)
        )
        reason = report.later or next((one.error for one in report.sent if one.error), "no-progress")
        return Ending(retry_at=now + timedelta(seconds=min(pause, 600.0)), facts_cursor=anew, error=reason)

    def _breaker(self, connection: Connection, plan: Plan, report: Report, now: datetime) -> None:
        if report.down is not None:
            breaker.trip(connection, self.system, now, report.down, report.wait, probe=plan.claim.probe)
        elif plan.claim.probe and (report.sent or plan.lookup):
            breaker.reset(connection, self.system)


def _went(plan: Plan, report: Report) -> int:
    """How many records the recipient was asked to take, or asked about."""
    tried = sum(one.end is not End.UNSENT and one.error not in NEVER_TRIED for one in report.sent)
    return tried + bool(plan.lookup) + len(report.told)


def _frees(one: Sent) -> bool:
    """Whether others may have been left without this one until now: it was refused before, or it is new there
    but not new here."""
    difference = one.send.difference
    fresh = difference.link.native_id is None and difference.shown.focal.version > 1
    return one.end is End.DELIVERED and (difference.link.hold is not None or fresh)


def _is_missing(one: Sent) -> bool:
    """Whether the recipient has lost what it was known to have, and that is news: it was restored from a
    backup, and may have lost more of this person's."""
    difference = one.send.difference
    return one.end is End.GONE and not doubted(difference.link.held, difference.earlier)


def _is_told(one: Sent) -> bool:
    """Whether this was a notice, and it is settled what became of it."""
    return one.send.difference.exempt is Exempt.NOTICE and one.end in TOLD


def _late(plan: Plan, report: Report) -> bool:
    """Whether something got its id at the recipient only after what refers to it had gone (a ring), or was
    left as it was: then that goes once more, with the reference."""
    created: set[str] = set()
    lacks = dict(plan.lacks)
    for one in report.sent:
        if one.end is End.DELIVERED:
            lacks[one.send.difference.ref] = lacks.get(one.send.difference.ref, set()) - created
            if one.send.difference.link.native_id is None:
                created.add(one.send.difference.ref)
    return any(missing & created for missing in lacks.values())


def _disclosed(one: Sent) -> str:
    """How an attempt ended; what was held back before it was tried has not left."""
    return disclosures.UNSENT if one.error in NEVER_TRIED else DISCLOSED[one.end]


def _unsettled(newest: Link | None) -> bool:
    """Whether intake has not yet seen for itself what the recipient holds after this run."""
    return newest is None or bool(newest.candidates)


def _settle(one: Sent, system: System) -> Link:
    """The link after this end. A server of FHIR says with each resource which version it is; what a records
    system tells may say none, though its answers do, and may then have crossed ours."""
    link = one.send.difference.link
    if one.end in (
        End.STALE,
        End.TURNED_AWAY,
        End.UNSENT,
    ):  # not taken: this one cannot be what the recipient holds
        link.candidates = one.send.difference.earlier
    elif one.end is End.DELIVERED and one.written is not None and one.held is not None:
        link.previous = None if one.written.version and system.adapter == "fhir" else link.held
        link.native_id, link.version = one.written.remote_id, one.written.version
        link.held, link.candidates = one.held, ()
        link.hold = link.hold_digest = None
    elif one.end is End.HELD:
        link.candidates = one.send.difference.earlier
        link.hold = (one.error or "refused")[:255]
        link.hold_digest = None if one.error == REFERS_TO_HELD else one.send.difference.digest
    elif one.end is End.GONE:
        link.former = link.native_id or link.former
        link.native_id = link.version = None
        link.candidates = ()
        link.held = State(EMPTY.focus, link.held.rest)
        link.hold = link.hold_digest = None  # what it refused was for what it had
    elif one.end is End.UNKNOWN:
        return links.under_way(link)
    return link
