"""Min plan: the plan in the words of those it is about, small good things read and written, and who has got
or read what. What is written here is an ordinary entry of the log or plan and travels like any."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.consents.onlookers import Onlookers
from gateway.errors import Conflict, NotFound
from gateway.intake.writing import CLOSED, USED, Draft, Writer
from gateway.web.coordinator import writing_form
from gateway.web.coordinator.writing_form import Filled
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Handle, Here, Sent, Typed, lasting
from gateway.web.family.onlooker import seen_by
from gateway.web.family.plan import Plan
from gateway.web.family.sides import FIRST, Sides, asked
from gateway.web.family.speech import say
from gateway.web.insight import Insight, looking
from gateway.web.kept_pages import Text, entered, kept
from gateway.web.reader import kind, teller
from gateway.web.rendering import PageRoute, onward, page
from gateway.web.standing import places

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
PLACE: Final = "/barn/{given}/plan"
ONLOOKERS: Final = 5
LOOKED_THROUGH: Final = 50  # entries, of which one's own are left out


@router.get(PLACE)
def plan(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    sides: Annotated[Sides, Depends(asked)],
) -> Response:
    """The plan, with an empty form for a lysglimt. Each of its parts has pages of its own."""
    return _plan(request, desk, session, given, sides=sides)


@router.post(PLACE)
async def write(request: Request, desk: AtDesk, sent: Typed, given: Handle) -> Response:
    """Write a lysglimt, once; or the page again with what was typed and what is wrong."""
    return await run_in_threadpool(_write, request, desk, sent, given)


def _write(request: Request, desk: WebDesk, sent: Sent, given: str) -> Response:
    if sent.session is None or not sent.proven:
        return _unproven(request, desk, sent)
    session, fields = entered(request, sent.session), sent.fields

    def work(_: Connection, insight: Insight) -> tuple[Insight, Filled, Draft | None]:
        _demand(insight)
        made = writing_form.filled("lysglimt", {**fields, **_now(insight)}, insight.now, ())
        return insight, made, None if made.faults else made.draft(insight.now, (), None)

    insight, made, draft = looking(desk, session, given, work, shown=False)
    if draft is None:
        return _plan(request, desk, session, given, made, 422)
    own, here = desk.service, insight.here
    try:
        Writer(own.store, own.journal, own.key, here.tenant, here.person).write(
            here.frame, here.me.id, here.facts_no, draft, insight.now
        )
    except Conflict as refusal:
        if refusal.code not in (CLOSED, USED, "changed-meanwhile"):
            raise
        made.faults = {"": f"write.fault.{refusal.code}"}
        made.key = writing_form.new_key() if refusal.code == USED else made.key
        return _plan(request, desk, session, given, made, 409)
    own.woken()
    return onward(f"/barn/{given}/plan")


def _unproven(request: Request, desk: WebDesk, sent: Sent) -> Response:
    """The page once more after a new login, with what was typed before it; nothing has been written."""
    made = writing_form.typed("lysglimt", sent.fields)
    made.faults = {"": "write.fault.session"}
    texts = [Text("tekst", "plan.write_label", made.texts["tekst"])]
    return kept(
        request, desk, sent, texts, lambda own, given: _plan(request, desk, own, given, made, 409), places
    )


def _now(insight: Insight) -> dict[str, list[str]]:
    """A family's lysglimt is of now: nobody is asked for a day and an hour."""
    blank = writing_form.empty("lysglimt", insight.now)
    return {"dag": [blank.day], "klokka": [blank.clock]}


def _demand(insight: Insight) -> None:
    """That somebody may write here: child, guardians and those beside them, in what they see."""
    if insight.here.staff or insight.here.frame not in insight.seen:
        raise NotFound("Nothing to write here")


def _plan(
    request: Request,
    desk: WebDesk,
    session: Session,
    given: str,
    filled: Filled | None = None,
    status: int = 200,
    sides: Sides = FIRST,
) -> Response:
    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        shown = Plan.of(insight, told)
        people, lead = shown.people(sides.deltakere)
        return {
            "child": told.child(),
            "kind": kind(insight),
            "say": say(insight),
            "lead": lead,
            "goals": shown.goals(sides.maal),
            "loose": shown.loose(sides.tiltak),
            "glimpses": shown.glimpses(sides.lysglimt),
            "documents": shown.documents(sides.dokumenter),
            "coming": shown.coming(sides.moeter),
            "been": shown.been(sides.tidligere),
            "people": people,
            "sides": sides,
            "looked": _looked(connection, desk, insight, told),
            "writes": not insight.here.staff and insight.here.frame in insight.seen and open_here(insight),
            "closed": not open_here(insight),
            "hvor": lasting(session, insight.here.frame),
            "filled": filled or writing_form.empty("lysglimt", insight.now),
        }

    made = looking(desk, session, given, work)
    return page(request, "family/plan", session=session, here=given, status=status, **made)


def _looked(connection: Connection, desk: WebDesk, insight: Insight, told: Any) -> list[dict[str, Any]]:
    """The newest of what others have got or read."""
    here = insight.here
    held = Onlookers(desk.service.settings, here.facts, here.me.id, insight.now)
    found = [one for one in held.page(connection, None, LOOKED_THROUGH) if not one.own]
    return [seen_by(insight, told, one) for one in found[:ONLOOKERS]]
