"""What becomes of a report of a wrong patient: whoever coordinates says that it is the right child, so that
it is shared again, or that it is not, so that it stays closed; read through before it is done, and either
can be said anew. Source: gateway/web/clinic/wrong_patient_pages.py, where it is reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict
from gateway.hub.acts import Act, Kind
from gateway.hub.wrong_persons import Report, State, answer_id
from gateway.web.coordinator.writing_form import first, words
from gateway.web.coordinator.writing_pages import FIND, HOME
from gateway.web.coordinator.wrong_patients import reports, shown
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Fields, Handle, Here, Sent, Typed, handle, lasting, resolve
from gateway.web.insight import Insight, looking
from gateway.web.kept_pages import Text, entered, kept, of_staff
from gateway.web.names import name_of
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
ADDRESS: Final = HOME + "/feil-pasient/{which}"
REASON: Final = 500  # letters, as the API has it
CHOICES: Final = {"riktig": Kind.RIGHT_PERSON, "feil": Kind.STAYS_CLOSED}
DONE: Final = "bekreftet"


@dataclass(slots=True)
class Answer:
    """The form as somebody filled it in. faults: field -> key."""

    choice: str = ""
    reason: str = ""
    sure: bool = False
    faults: dict[str, str] = field(default_factory=dict)


def typed(fields: Fields) -> Answer:
    """The form as it came, whatever is in it."""
    return Answer(first(fields, "valg"), words(first(fields, "grunn")), first(fields, "steg") == DONE)


def faults(made: Answer, choices: list[str]) -> dict[str, str]:
    """All that is wrong with it."""
    out = {}
    if made.choice not in choices:
        out["valg"] = "mistaken.fault.choice"
    if not made.reason:
        out["grunn"] = "mistaken.fault.reason"
    elif len(made.reason) > REASON:
        out["grunn"] = "write.fault.long"
    return out


def choices_of(one: Report) -> list[str]:
    """What may be answered: that it stays closed only where nobody has said so."""
    return {State.OPEN: list(CHOICES), State.CLOSED: ["riktig"], State.SHARED: []}[one.state]


@router.get(ADDRESS)
def ask(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """What was reported, what it closed, and what may be answered; how it was answered, once it is."""
    return _form(request, desk, session, given, which, Answer())


@router.post(ADDRESS)
async def answer(request: Request, desk: AtDesk, sent: Typed, given: Handle, which: Handle) -> Response:
    """Read it through, and then answer it, once."""
    return await run_in_threadpool(_answer, request, desk, sent, given, which)


def _answer(request: Request, desk: WebDesk, sent: Sent, given: str, which: str) -> Response:
    session, made = sent.session, typed(sent.fields)
    if session is None or not sent.proven:
        return _unproven(request, desk, sent, made)
    who = entered(request, session)

    def work(connection: Connection, insight: Insight) -> tuple[Insight, Report]:
        return insight, _meant(connection, who, insight, which)

    insight, report = looking(desk, who, given, work, shown=False, find=FIND)
    there = f"/mine-barn/{given}/feil-pasient/{which}"
    if _is_given(report, made):
        return onward(there)  # sent twice
    made.faults = faults(made, choices_of(report))
    if made.faults or not made.sure:
        return _form(request, desk, who, given, which, made, 422 if made.faults else 200)
    here, now = insight.here, desk.service.clock()
    said = Act(
        id=answer_id(report.act.id, CHOICES[made.choice]),
        person=here.person,
        kind=CHOICES[made.choice],
        by=name_of(insight.seen.get(here.me.id, {})) or here.me.id,
        reason=made.reason,
        client=here.me.id,
        created=now,
        items=report.act.items,
        recipients=report.act.recipients,
    )
    try:
        desk.service.acting(who.tenant, None).answer(report.act.id, said, here.facts_no, now)
    except Conflict as refusal:
        made.faults, made.sure = {"": f"mistaken.fault.{refusal.code}"}, False
        return _form(request, desk, who, given, which, made, 409)
    desk.service.woken()
    return onward(there)


def _is_given(report: Report, made: Answer) -> bool:
    """Whether just this has been answered before."""
    was = {State.SHARED: "riktig", State.CLOSED: "feil"}.get(report.state)
    return made.sure and made.choice == was


def _unproven(request: Request, desk: WebDesk, sent: Sent, made: Answer) -> Response:
    """After a new login the report is called otherwise: it is found by what the form says of it."""
    made.faults, made.sure = {"": "write.fault.session"}, False

    def again(session: Session, given: str) -> Response:
        which = first(sent.fields, "hvilken")
        return _form(request, desk, session, given, which, made, 409, new_login=True)

    return kept(request, desk, sent, [Text("grunn", "mistaken.reason", made.reason)], again, of_staff)


def _meant(
    connection: Connection, session: Session, insight: Insight, which: str, *, new_login: bool = False
) -> Report:
    """The report that a handle means. Raises NotFound."""
    known = reports(connection, insight)
    return known[resolve(session, which, known, new_login=new_login)]


def _form(
    request: Request,
    desk: WebDesk,
    session: Session,
    given: str,
    which: str,
    made: Answer,
    status: int = 200,
    *,
    new_login: bool = False,
) -> Response:
    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        one = _meant(connection, session, insight, which, new_login=new_login)
        name = f"Act/{one.act.id}"
        tell_people(insight)
        return {
            "child": told.child(),
            "report": shown(session, told, name, one),
            "choices": choices_of(one),
            "which": handle(session, name),
            "lasting": lasting(session, name),
            "hvor": lasting(session, insight.here.frame),
        }

    values = looking(desk, session, given, work, find=FIND)
    return page(
        request, "coordinator/wrong_patient", session=session, status=status, here=given, made=made,
        done=DONE, longest=REASON, **values,
    )  # fmt: skip
