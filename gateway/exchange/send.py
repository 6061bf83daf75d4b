"""Sends a prepared run, record by record in order, with no transaction open and one total deadline. Says of
each record how it ended; writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from adapters import contract
from adapters.contract import Adapter, Incoming, Leave, Write, Written
from gateway.config import System
from gateway.exchange import unanswered
from gateway.exchange.differences import REFERS_TO_HELD
from gateway.exchange.prepare import Plan, Send
from gateway.exchange.rendition import as_held
from mappings import reading
from mappings.model import ITEM, NotExpressible, RecordMapping, Resource, State

CONFLICTING = 409
NOT_EXPRESSIBLE = "not-expressible"


class End(StrEnum):
    """How one record of a run ended."""

    DELIVERED = "delivered"
    HELD = "held"  # refused as wrong, or refers to one that was: held back until it changes
    STALE = "stale"  # changed at the recipient: merged, then sent anew
    GONE = "gone"  # the recipient no longer has it: written anew
    UNKNOWN = "unknown"  # no answer: may have arrived
    TURNED_AWAY = "turned-away"  # sent, and answered that now nothing is taken
    UNSENT = "unsent"  # not tried, or no connection came about: no byte of it left


@dataclass(frozen=True, slots=True)
class Sent:
    """The end of one record. held: what the recipient holds now; known for a delivery."""

    send: Send
    end: End
    written: Written | None = None
    held: State | None = None
    current: Incoming | None = None
    error: str | None = None


@dataclass(slots=True)
class Report:
    """The end of a run. down: the recipient as a whole is not to be reached; wait: it asked for this pause.
    later: one record cannot be stored there just now (409): this lane tries again, the others go on.
    told: what it calls what we had asked about (None: it has nothing of it).
    found: the recipient's id of the person, where it was looked up; lookup_error: why there is none."""

    sent: list[Sent] = field(default_factory=list)
    down: str | None = None
    wait: float | None = None
    later: str | None = None
    found: str | None = None
    told: dict[str, str | None] = field(default_factory=dict)
    lookup_error: str | None = None


class Sender:
    """Sends runs to one recipient. `ours` is asked right before the bytes of each record go."""

    def __init__(self, system: System, mapping: RecordMapping, adapter: Adapter) -> None:
        self._system = system
        self._mapping = mapping
        self._adapter = adapter

    async def prepare(self) -> None:
        """Fetch what a write needs (a token) before anything is written as sending. Raises AdapterError."""
        async with asyncio.timeout(self._system.send_deadline_seconds):
            await self._adapter.prepare()

    async def send(self, plan: Plan, ours: Callable[[], bool]) -> Report:
        """Send the plan under the total deadline."""
        report = Report()
        try:
            async with asyncio.timeout(self._system.send_deadline_seconds):
                if plan.lookup:
                    await self._look_up(plan, report)
                else:
                    await self._send_all(plan, report, ours)
                    await self._ask(plan, report)
        except TimeoutError:
            report.down = "deadline"
        self._account(plan, report)
        return report

    async def _look_up(self, plan: Plan, report: Report) -> None:
        try:
            report.found = await self._adapter.find_person(plan.lookup)
        except contract.Refused as error:
            report.lookup_error = f"ambiguous-person: {error.detail}"
            return
        except (contract.Unavailable, contract.UnknownOutcome) as error:
            report.down = error.detail
            return
        except contract.Busy as error:
            report.down, report.wait = error.detail, error.retry_after
            return
        if report.found is None and plan.patient is not None:
            await self._create(plan, plan.patient, report)
        elif report.found is None:
            report.lookup_error = "no-such-person"

    async def _create(self, plan: Plan, patient: Resource, report: Report) -> None:
        try:
            report.found = await self._adapter.create_person(patient, f"Patient/{plan.claim.person}")
        except contract.Refused as error:
            report.lookup_error = f"person-refused: {error.detail}"
        except contract.AdapterError as error:
            report.down = error.detail

    async def _send_all(self, plan: Plan, report: Report, ours: Callable[[], bool]) -> None:
        failed: set[str] = set()
        half = asyncio.get_running_loop().time() + self._system.send_deadline_seconds / 2
        for send in plan.sends:
            if send.difference.rests_on & failed:
                failed.add(send.difference.ref)
                report.sent.append(Sent(send, End.HELD, error=REFERS_TO_HELD))
                continue
            late = asyncio.get_running_loop().time() > half  # a slow recipient gets the rest in the next run
            if late or not ours():
                return
            report.sent.append(Sent(send, End.UNKNOWN, error="deadline"))  # if time runs out in the call
            report.sent[-1] = await self._one(plan, send, report, ours)
            if _is_wanting(report.sent[-1]):
                failed.add(send.difference.ref)
            if report.down is not None or report.later is not None:
                return

    async def _ask(self, plan: Plan, report: Report) -> None:
        """What has become of creations that were never answered."""
        if report.down is not None or report.later is not None:
            return
        try:
            report.told = await unanswered.ask(self._adapter, plan.unanswered)
        except contract.Busy as error:
            report.down, report.wait = error.detail, error.retry_after
        except contract.AdapterError as error:
            report.down = error.detail

    async def _one(self, plan: Plan, send: Send, report: Report, ours: Callable[[], bool]) -> Sent:
        link = send.difference.link
        try:
            record = self._mapping.get(send.difference.state, plan.ids(self._system, send.difference.ref))
        except NotExpressible:
            return Sent(send, End.HELD, error=NOT_EXPRESSIBLE)
        leave = Leave(ours)
        write = Write(
            key=send.difference.ref,
            record=record,
            remote_id=link.native_id,
            version=link.version,
            attempt=send.attempt,
            source=None if send.difference.exempt else send.difference.shown.focal.source,
            notice=reading.in_error(send.difference.state.focus[ITEM]),
            expected=self._expected(plan, send),
            leave=leave,
            record_id=self._mapping.label(record)[1],
        )
        try:
            written = await self._adapter.write(write)
        except contract.Refused as error:
            return Sent(send, End.HELD, error=error.detail)
        except contract.Stale as error:
            return Sent(send, End.STALE, current=error.current, error=error.detail)
        except contract.Gone as error:
            return Sent(send, End.GONE, error=error.detail)
        except contract.TakenOver as error:
            return Sent(send, End.TURNED_AWAY, error=error.detail) if leave.left else Sent(send, End.UNSENT)
        except contract.Busy as error:
            report.wait = error.retry_after
            if error.status == CONFLICTING:
                report.later = error.detail
            else:
                report.down = error.detail
            return Sent(send, End.TURNED_AWAY, error=error.detail)
        except contract.Unavailable as error:
            report.down = error.detail
            report.wait = error.retry_after if isinstance(error, contract.NoToken) else None
            return Sent(send, _unavailable(error, left=leave.left), error=error.detail)
        except contract.UnknownOutcome as error:
            report.down = error.detail
            return Sent(send, End.UNKNOWN, error=error.detail)
        plan.names[send.difference.ref] = written.remote_id
        return Sent(send, End.DELIVERED, written=written, held=self._held(plan, send, record))

    def _expected(self, plan: Plan, send: Send) -> contract.Record | None:
        """The record that the recipient held as far as we know, for one that cannot compare versions."""
        link = send.difference.link
        if link.native_id is None or not link.held.focus:
            return None
        try:
            return self._mapping.get(link.held, plan.ids(self._system, send.difference.ref))
        except NotExpressible:
            return None

    def _held(self, plan: Plan, send: Send, record: contract.Record) -> State:
        """What the recipient holds after taking this record, in the hub's terms."""
        ids = plan.ids(self._system, send.difference.ref)
        own = ids.natives[send.difference.ref]
        named = self._mapping.named(record, own)
        return self._mapping.put(named, as_held(send.difference.state, ids), ids)

    def _account(self, plan: Plan, report: Report) -> None:
        """Every record of the plan has an end."""
        tried = {one.send.attempt for one in report.sent}
        report.sent.extend(Sent(s, End.UNSENT) for s in plan.sends if s.attempt not in tried)


def _is_wanting(one: Sent) -> bool:
    """Whether what refers to it has to wait: the recipient has none of it, or it is written once more first.
    Where it merely refused a change of what it has, there is something to refer to."""
    if one.end is End.HELD:
        return one.send.difference.link.native_id is None
    return one.end in (End.STALE, End.GONE)


def _unavailable(error: contract.Unavailable, *, left: bool) -> End:
    """What is known of a record whose recipient is not available: a server that broke on it, or one behind a
    gateway that gave up, may have stored it. left: an attempt before this one was sent, and not taken."""
    if error.unreached:
        return End.TURNED_AWAY if left else End.UNSENT
    return End.TURNED_AWAY if error.status in contract.TURNED_AWAY else End.UNKNOWN
