"""What somebody may write about a child, and the form of a note, a lysglimt or a message. What is written is
an ordinary entry of the log or plan and travels like any (gateway/intake/writing.py)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict, NotFound
from gateway.intake.writing import CLOSED, USED, Draft, Writer
from gateway.web.consents_shown import Teller
from gateway.web.coordinator import writing_form
from gateway.web.coordinator.authorship import author_of
from gateway.web.coordinator.reach import Reach, reach
from gateway.web.coordinator.writing_form import Answered, Filled
from gateway.web.coordinator.writing_rights import colleagues, kinds, may_pass, open_here
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Handle, Here, Sent, Typed, handle, lasting, resolve
from gateway.web.insight import Insight, looking
from gateway.web.kept_pages import Text, entered, kept, of_staff
from gateway.web.reader import kind as frame_kind
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page
from gateway.web.seats import Office, seat
from mappings import reading
from mappings.canonical import identifier_system

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
HOME = "/mine-barn/{given}"
FIND = seat(Office.COORDINATOR)
Slag = Annotated[str, Path(pattern="^(notat|lysglimt|melding)$")]
PREVIEW = "hvem"  # the step that asks who would get it, and saves nothing
THREAD = identifier_system("thread")


@router.get(HOME + "/skriv")
def choose(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """What this reader may write here."""

    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        tell_people(insight)
        return {
            "child": teller(request, desk, insight).child(),
            "kinds": kinds(desk, insight),
            "passes": may_pass(insight),
            "open": open_here(insight),
            "frame": frame_kind(insight),
        }

    made = looking(desk, session, given, work, find=FIND)
    return page(request, "coordinator/write", session=session, here=given, **made)


@router.get(HOME + "/skriv/{slag}")
def form(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    slag: Slag,
    svar: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{24}$|^$")] = "",
) -> Response:
    """An empty form; of an answer, with whom it goes to and what it is about."""

    def fill(insight: Insight, answered: Answered | None) -> Filled:
        made = writing_form.empty(slag, insight.now)
        if answered is not None:
            made.answers = svar
            made.texts = {"emne": answered.topic}
            made.recipients = {handle(session, answered.sender)} if answered.sender else set()
        return made

    return _form(request, desk, session, given, slag, fill, answers=svar)


@router.post(HOME + "/skriv/{slag}")
async def write(request: Request, desk: AtDesk, sent: Typed, given: Handle, slag: Slag) -> Response:
    """Write it, once; or the form again with its faults and everything that was typed."""
    return await run_in_threadpool(_write, request, desk, sent, given, slag)


def _write(request: Request, desk: WebDesk, sent: Sent, given: str, slag: str) -> Response:
    session = sent.session
    if session is None or not sent.proven:
        return _unproven(request, desk, sent, slag)
    who = entered(request, session)

    def work(_: Connection, insight: Insight) -> tuple[Insight, Filled, Draft | None]:
        _demand(desk, insight, slag, closed=True)
        chosen = {handle(who, one.id): one.id for one in colleagues(insight)}
        made = writing_form.filled(slag, sent.fields, insight.now, chosen)
        if made.faults:
            return insight, made, None
        answered = _answered(who, insight, made.answers)
        return insight, made, made.draft(insight.now, [chosen[h] for h in made.recipients], answered)

    insight, made, draft = looking(desk, who, given, work, shown=False, find=FIND)
    if draft is None:
        return _form(request, desk, who, given, slag, lambda *_: made, status=422)
    if writing_form.first(sent.fields, "steg") == PREVIEW:
        if open_here(insight):
            return _form(request, desk, who, given, slag, lambda *_: made, foreseen=draft)
        made.faults = {"": f"write.fault.{CLOSED}"}
        return _form(request, desk, who, given, slag, lambda *_: made, status=409)
    try:
        done = writer(desk, insight).write(
            insight.here.frame, insight.here.me.id, insight.here.facts_no, draft, insight.now
        )
    except Conflict as refusal:
        if refusal.code not in (CLOSED, USED, "changed-meanwhile"):
            raise
        made.faults = {"": f"write.fault.{refusal.code}"}
        made.key = writing_form.new_key() if refusal.code == USED else made.key
        return _form(request, desk, who, given, slag, lambda *_: made, status=409)
    desk.service.woken()
    return onward(f"/mine-barn/{given}/skrevet/{handle(who, done.ref)}")


def writer(desk: WebDesk, insight: Insight) -> Writer:
    """What takes in entries about this child."""
    own, here = desk.service, insight.here
    return Writer(own.store, own.journal, own.key, here.tenant, here.person)


def _unproven(request: Request, desk: WebDesk, sent: Sent, slag: str) -> Response:
    """The form once more after a new login, with what was typed before it; nothing has been written."""
    made = writing_form.typed(slag, sent.fields)
    made.faults = {"": "write.fault.session"}

    def again(session: Session, given: str) -> Response:
        return _form(request, desk, session, given, slag, lambda *_: made, status=409)

    texts = [Text(name, f"write.{slag}.{name}", text) for name, text in made.texts.items()]
    return kept(request, desk, sent, texts, again, of_staff)


def _form(
    request: Request,
    desk: WebDesk,
    session: Session,
    given: str,
    slag: str,
    fill: Any,
    *,
    answers: str = "",
    status: int = 200,
    foreseen: Draft | None = None,
) -> Response:
    """foreseen: tell of this, before it is saved, who would get it."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        answered = _answered(session, insight, answers)
        made = fill(insight, answered)
        if status == 200:
            _demand(desk, insight, slag)
        tell_people(insight)
        insight.tell([answered.ref] if answered else [])
        people = [(handle(session, one.id), one) for one in colleagues(insight)]
        return {
            "child": told.child(),
            "filled": made,
            "reach": _foreseen(connection, desk, insight, told, foreseen) if foreseen else None,
            "preview": PREVIEW,
            "recipients": {own: (told.name(one.id), one.role, one.service) for own, one in people},
            "longest": writing_form.LONGEST,
            "hvor": lasting(session, insight.here.frame),
        }

    made = looking(desk, session, given, work, find=FIND)
    return page(request, "coordinator/entry", session=session, here=given, slag=slag, status=status, **made)


def _foreseen(
    connection: Connection, desk: WebDesk, insight: Insight, told: Teller, draft: Draft
) -> list[Reach]:
    """Who would get it, were it saved now."""
    here = insight.here
    ref, parts = writer(desk, insight).foreseen(connection, here.frame, here.me.id, draft, insight.now)
    return reach(desk, insight, told, ref, parts, {})


def _demand(desk: WebDesk, insight: Insight, slag: str, *, closed: bool = False) -> None:
    """That this may be written here. closed: leave it to the writer to say that the log is closed, so that
    what was typed is shown again."""
    if closed and not open_here(insight) and insight.here.frame in insight.seen:
        return
    if slag not in kinds(desk, insight):
        raise NotFound("Nothing to write here")


def _answered(session: Session, insight: Insight, given: str) -> Answered | None:
    """The message that a handle means, as the reader may see it. Raises NotFound."""
    if not given:
        return None
    seen = {
        ref: resource
        for ref, resource in insight.seen.items()
        if ref.startswith("Communication/") and reading.kind_of(resource) in ("melding", None)
        and reading.belongs_to(resource) == insight.here.frame
    }  # fmt: skip
    ref = resolve(session, given, seen)
    found = seen[ref]
    threads = [i.get("value") for i in found.get("identifier") or () if i.get("system") == THREAD]
    topic = (found.get("topic") or {}).get("text") or ""
    return Answered(ref, next(iter(threads), None), topic, _sender(insight, ref))


def _sender(insight: Insight, ref: str) -> str | None:
    """Who wrote it, where that is somebody who may be answered."""
    author = author_of(insight, ref)
    return next((one.id for one in colleagues(insight) if one.id == author), None)
