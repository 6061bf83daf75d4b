"""The pages of a child's consents: what stands, a form, what it would mean, and the signature. A signature is
taken in like any record and is in effect when the answer is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict, NotFound
from gateway.intake.signing import Signed, Signer
from gateway.web import consent_form, signature
from gateway.web.closing import wait_for
from gateway.web.consent_form import Choices, Draft, Filled
from gateway.web.consents_shown import CATEGORIES, Teller
from gateway.web.cookies import SESSION
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Here, handle, resolve
from gateway.web.insight import Insight, looking
from gateway.web.outlook import outlook
from gateway.web.rendering import PageRoute, language, onward, page
from gateway.web.standing import places
from mappings import reading

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
Handle = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{24}$")]


@router.get("")
def home(request: Request, desk: AtDesk) -> Response:
    """The children of whoever is logged in; else where to log in."""
    session = desk.sessions.find(desk.cookies.read(request, SESSION), desk.service.clock())
    if session is None:
        return page(request, "login", logins=[way.login for way in desk.logins.values()])
    desk.participants.catch_up(session.tenant)
    with desk.service.store.read() as connection:
        frames = [one.frame for one in places(connection, desk, session, desk.service.clock())]
    children = [_greeting(request, desk, session, frame) for frame in frames]
    tenant = next(t.name for t in desk.service.settings.tenants if t.id == session.tenant)
    return page(request, "home", session=session, children=children, tenant=tenant)


def _greeting(request: Request, desk: WebDesk, session: Session, frame: str) -> dict[str, Any]:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        teller = _teller(request, desk, insight)
        shown = teller.consents()
        insight.tell([f"Patient/{insight.here.person}"] * (f"Patient/{insight.here.person}" in insight.seen))
        return {
            "handle": handle(session, frame),
            "name": teller.child(),
            "kind": _kind(insight),
            "role": insight.here.me.role,
            "awaits": sum(one.may_sign for one in shown),
        }

    return looking(desk, session, handle(session, frame), work)


@router.get("/barn/{given}")
def child(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """What is consented to now, by whom, until when, and whose signature is missing."""

    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        teller = _teller(request, desk, insight)
        _tell_people(insight)
        shown = teller.consents()
        insight.tell(one.ref for one in shown)
        may_see = insight.here.frame in insight.seen
        return {
            "child": teller.child(),
            "kind": _kind(insight),
            "consents": shown,
            "may_decide": may_see and bool(teller.choices()),
        }

    return page(request, "child", session=session, here=given, **looking(desk, session, given, work))


# --- the form ------------------------------------------------------------------------------------------


@router.get("/barn/{given}/nytt")
def new(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """An empty form of a consent."""
    return _form(request, desk, session, given, lambda i, _: consent_form.empty(i, refuses=False))


@router.get("/barn/{given}/nei")
def refuse(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """An empty form of a refusal."""
    return _form(request, desk, session, given, lambda i, _: consent_form.empty(i, refuses=True))


@router.get("/barn/{given}/samtykke/{which}/likt")
def alike(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """The form filled in as another who must sign has signed it."""

    def fill(insight: Insight, choices: Choices) -> Filled:
        known = {one.id: one for one in _teller(request, desk, insight).readable()}
        return consent_form.like(insight, known[resolve(session, which, known)], choices)

    return _form(request, desk, session, given, fill)


def _form(
    request: Request, desk: WebDesk, session: Session, given: str, fill: Any, status: int = 200
) -> Response:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        teller = _teller(request, desk, insight)
        choices, named = _choices(session, insight, teller)
        _tell_people(insight)
        insight.tell(choices.items.values())
        return {
            "child": teller.child(),
            "filled": fill(insight, choices),
            "recipients": {h: named[said] for h, said in choices.recipients.items()},
            "items": {h: teller.title(ref) for h, ref in choices.items.items()},
            "may_hide": choices.may_hide,
            "categories": CATEGORIES,
        }

    made = looking(desk, session, given, work)
    status = 422 if made["filled"].faults else status
    return page(request, "form", session=session, here=given, status=status, **made)


@router.post("/barn/{given}/nytt")
def written(request: Request, desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:
    """A consent as it was filled in: kept as a draft, or shown again with its faults."""
    return _written(request, desk, session, given, fields, refuses=False)


@router.post("/barn/{given}/nei")
def refused(request: Request, desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:
    """A refusal as it was filled in."""
    return _written(request, desk, session, given, fields, refuses=True)


def _written(
    request: Request, desk: WebDesk, session: Session, given: str, fields: Form, *, refuses: bool
) -> Response:
    def work(_: Connection, insight: Insight) -> tuple[Filled, Draft]:
        choices, _named = _choices(session, insight, _teller(request, desk, insight))
        made = consent_form.filled(fields, insight, choices, refuses=refuses)
        return made, made.draft(insight, choices)

    made, draft = looking(desk, session, given, work)
    if made.faults:
        return _form(request, desk, session, given, lambda *_: made)
    desk.sessions.keep(session, draft.plain())
    return onward(f"/barn/{given}/se-over")


def _choices(session: Session, insight: Insight, teller: Teller) -> tuple[Choices, dict[str, str]]:
    if insight.here.frame not in insight.seen:
        raise NotFound("Nothing to decide here")
    named = teller.choices()
    return Choices.of(insight, named, lambda said: handle(session, said)), named


# --- what it means, and the signature ------------------------------------------------------------------


@router.get("/barn/{given}/se-over")
def preview(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """Exactly what would be shared with whom."""

    def work(_: Connection, insight: Insight) -> tuple[dict[str, Any], Draft]:
        teller, draft = _teller(request, desk, insight), _draft(session, insight)
        _tell_people(insight)
        return {
            "child": teller.child(),
            "draft": draft.consent("draft"),
            "purpose": draft.purpose,
            "hidden": draft.hidden,
            "excepted": [teller.recipient(r) for r in draft.excepted],
            "recipients": [teller.recipient(r) for r in draft.recipients],
            "kept": [teller.title(i) for i in draft.items],
            "categories": draft.categories,
            "outlook": outlook(insight, teller, draft),
        }, replace(draft, facts_no=insight.here.facts_no)

    made, shown = looking(desk, session, given, work)
    desk.sessions.keep(session, shown.plain())  # what is signed is what was shown here, or nothing
    return page(request, "preview", session=session, here=given, **made)


@router.post("/barn/{given}/se-over")
async def sign(desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:  # noqa: ARG001
    """Sign what was shown: nothing else, and once."""
    draft, signed = await run_in_threadpool(_sign, desk, session, given)
    if draft.refuses or draft.excepted or draft.items:
        await wait_for(desk, session.tenant, signed.ref, signed.stored)
    return onward(f"/barn/{given}/samtykke/{handle(session, signed.ref)}")


def _sign(desk: WebDesk, session: Session, given: str) -> tuple[Draft, Signed]:
    here, draft = looking(desk, session, given, lambda _, insight: (insight.here, _draft(session, insight)))
    now: datetime = desk.service.clock()
    signer = Signer(desk.service.store, desk.service.journal, session.tenant, here.person)
    signed = signer.sign(
        draft.frame, draft.by, draft.facts_no, now, lambda own: signature.write(draft, own, here.person, now)
    )
    desk.sessions.keep(session, None)
    desk.service.woken()
    return draft, signed


def _draft(session: Session, insight: Insight) -> Draft:
    draft = consent_form.draft_of(session.draft)
    if draft is None or (draft.frame, draft.by) != (insight.here.frame, insight.here.me.id):
        raise Conflict("There is nothing to sign", code="changed-meanwhile")
    return draft


# --- small ---------------------------------------------------------------------------------------------


def _teller(request: Request, desk: WebDesk, insight: Insight) -> Teller:
    return Teller(insight, desk.service.settings, language(request))


def _tell_people(insight: Insight) -> None:
    """The child, the log or plan and those who take part stand on every page."""
    kinds = ("Patient/", "RelatedPerson/", "PractitionerRole/", insight.here.frame)
    insight.tell(ref for ref in insight.seen if ref.startswith(kinds))


def _kind(insight: Insight) -> str:
    found = insight.version(insight.here.frame)
    return (reading.kind_of(found.resource) if found else None) or "plan"
