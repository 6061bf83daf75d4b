"""Handing over the relay: who holds it, to whom it goes, and why. The hand-over and both roles change in one
transaction, so that exactly one person holds it at any time. A log goes to child welfare only by a decision
(vedtak). Source: ../shared/domain.md, `overfoering`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from consent.model import Participant
from gateway.access.login_sessions import Session
from gateway.errors import Conflict, NotFound
from gateway.intake.writing import CLOSED, USED, Draft, id_of
from gateway.web.coordinator.writing_form import KEY, LONGEST, SHORT, first, new_key, words
from gateway.web.coordinator.writing_pages import FIND, HOME, writer
from gateway.web.coordinator.writing_rights import HOLDER, WELFARE, heirs, holder, holders, may_pass
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Fields, Handle, Here, Sent, Typed, handle, lasting
from gateway.web.insight import Insight, looking
from gateway.web.kept_pages import Text, entered, kept, of_staff
from gateway.web.language import OSLO
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
AFTER: Final = "aktoer"  # what who held the relay is then


@dataclass(slots=True)
class Handing:
    """The form as somebody filled it in. to: a handle. faults: field -> key of the sentence."""

    key: str
    to: str = ""
    reason: str = ""
    decision: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    def draft(self, insight: Insight, to: Participant) -> Draft:
        """The hand-over, once there are no faults."""
        before = holder(insight.here, insight.now)
        source = before.id if before else insight.here.me.id
        said: dict[str, Any] = {"fra": source, "til": to.id, "grunn": self.reason}
        said["tidspunkt"] = insight.now.astimezone(OSLO).isoformat()
        if self.decision:
            said["vedtak"] = self.decision
        before_all = (one.id for one in holders(insight.here, insight.now))
        roles = dict.fromkeys(before_all, AFTER) | {to.id: HOLDER}
        return Draft("overfoering", said, self.key, stamped="tidspunkt", roles=roles)


def typed(fields: Fields) -> Handing:
    """The form as it came, whatever is in it."""
    key = first(fields, "noekkel")
    reason, decision = (words(first(fields, name)) for name in ("grunn", "vedtak"))
    return Handing(key if KEY.fullmatch(key) else new_key(), first(fields, "til"), reason, decision)


def faults(made: Handing, to: Participant | None) -> dict[str, str]:
    """All that is wrong with it."""
    out = {}
    if to is None:
        out["til"] = "relay.fault.to"
    if not made.reason:
        out["grunn"] = "relay.fault.reason"
    if to is not None and to.service == WELFARE and not made.decision:
        out["vedtak"] = "relay.fault.decision"
    for name, text, most in (("grunn", made.reason, LONGEST), ("vedtak", made.decision, SHORT)):
        if len(text) > most:
            out[name] = "write.fault.long"
    return out


@router.get(HOME + "/overfor")
def ask(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """Who holds it, who may take over, and what it means."""
    return _form(request, desk, session, given, Handing(new_key()))


@router.post(HOME + "/overfor")
async def hand_over(request: Request, desk: AtDesk, sent: Typed, given: Handle) -> Response:
    """Hand it over, once."""
    return await run_in_threadpool(_hand_over, request, desk, sent, given)


def _hand_over(request: Request, desk: WebDesk, sent: Sent, given: str) -> Response:
    session = sent.session
    made = typed(sent.fields)
    if session is None or not sent.proven:
        made.faults = {"": "write.fault.session"}
        texts = [Text("grunn", "relay.reason", made.reason), Text("vedtak", "relay.decision", made.decision)]
        return kept(
            request, desk, sent, texts, lambda s, own: _form(request, desk, s, own, made, 409), of_staff
        )
    who = entered(request, session)

    def work(_: Connection, insight: Insight) -> tuple[Insight, Draft | None, str | None]:
        done = _done(insight, made.key)
        if done is not None:  # who sent it does not hold the relay any more
            return insight, None, done
        _demand(insight)
        to = next((one for one in heirs(insight) if handle(who, one.id) == made.to), None)
        made.faults = faults(made, to)
        return insight, None if made.faults or to is None else made.draft(insight, to), None

    insight, draft, before = looking(desk, who, given, work, shown=False, find=FIND)
    if before is not None:
        return onward(f"/mine-barn/{given}/skrevet/{handle(who, before)}")
    if draft is None:
        return _form(request, desk, who, given, made, 422)
    here = insight.here
    try:
        done = writer(desk, insight).write(here.frame, here.me.id, here.facts_no, draft, insight.now)
    except Conflict as refusal:
        if refusal.code not in (CLOSED, USED, "changed-meanwhile"):
            raise
        made.faults = {"": f"write.fault.{refusal.code}"}
        made.key = new_key() if refusal.code == USED else made.key
        return _form(request, desk, who, given, made, 409)
    desk.service.woken()
    return onward(f"/mine-barn/{given}/skrevet/{handle(who, done.ref)}")


def _done(insight: Insight, key: str) -> str | None:
    """The hand-over that this form has made, if it was sent before."""
    here = insight.here
    ref = f"Communication/{id_of(here.tenant, here.frame, here.me.id, key)}"
    return ref if ref in insight.parts else None


def _demand(insight: Insight) -> None:
    if not may_pass(insight):
        raise NotFound("Not this reader's to hand over")


def _form(
    request: Request, desk: WebDesk, session: Session, given: str, made: Handing, status: int = 200
) -> Response:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        _demand(insight)
        told = teller(request, desk, insight)
        tell_people(insight)
        now = holder(insight.here, insight.now)
        return {
            "child": told.child(),
            "made": made,
            "holder": told.name(now.id) if now else None,
            "mine": now is not None and now.id == insight.here.me.id,
            "heirs": {handle(session, p.id): (told.name(p.id), p.role, p.service) for p in heirs(insight)},
            "hvor": lasting(session, insight.here.frame),
        }

    values = looking(desk, session, given, work, find=FIND)
    return page(request, "coordinator/relay", session=session, here=given, status=status, **values)
