"""The pages of a child's consents: who it is about, what stands, and the form of a new consent or refusal."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.web import consent_form
from gateway.web.consent_form import Choices, Draft, Filled
from gateway.web.consents_shown import CATEGORIES, Teller
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Handle, Here, Known, handle, resolve
from gateway.web.family.sharing import Sharing
from gateway.web.family.sides import cut
from gateway.web.family.speech import may_decide, say
from gateway.web.insight import Insight, looking
from gateway.web.navigation import HOME, entries_of
from gateway.web.reader import kind, tell_people, teller
from gateway.web.rendering import PageRoute, onward, page
from gateway.web.seats import kinds
from gateway.web.standing import places

ITEMS: Final = 100  # records on one page of the form
router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.get("")
def home(request: Request, desk: AtDesk, session: Known) -> Response:
    """The children of whoever is logged in; else where to log in."""
    if session is None:
        return page(request, "login", logins=[way.login for way in desk.logins.values()])
    desk.participants.catch_up(session.tenant)
    first = entries_of(kinds(desk, session))[0]
    if first != HOME:
        return onward(first.path)
    with desk.service.store.read(session.tenant) as connection:
        frames = [one.frame for one in places(connection, desk, session, desk.service.clock())]
    children = [_greeting(request, desk, session, frame) for frame in frames]
    tenant = next(t.name for t in desk.service.settings.tenants if t.id == session.tenant)
    return page(request, "home", session=session, children=children, tenant=tenant)


def _greeting(request: Request, desk: WebDesk, session: Session, frame: str) -> dict[str, Any]:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        shown = told.consents()
        insight.tell([f"Patient/{insight.here.person}"] * (f"Patient/{insight.here.person}" in insight.seen))
        return {
            "handle": handle(session, frame),
            "name": told.child(),
            "kind": kind(insight),
            "role": insight.here.me.role,
            "awaits": sum(one.may_sign for one in shown),
        }

    return looking(desk, session, handle(session, frame), work)


@router.get("/barn/{given}")
def child(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """What is consented to now, by whom, until when, and whose signature is missing."""

    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        tell_people(insight)
        shown = told.consents()
        insight.tell(one.ref for one in shown)
        decides = may_decide(insight, told)
        return {
            "child": told.child(),
            "kind": kind(insight),
            "consents": shown,
            "may_decide": decides,
            "rows": Sharing.now(insight, told, desk.service.settings).rows() if decides else [],
            "categories": CATEGORIES,
            "say": say(insight),
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
        known = {one.id: one for one in teller(request, desk, insight).readable()}
        return consent_form.like(insight, known[resolve(session, which, known)], choices)

    return _form(request, desk, session, given, fill)


def _form(
    request: Request, desk: WebDesk, session: Session, given: str, fill: Any, status: int = 200
) -> Response:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        choices, named = _choices(session, insight, told)
        tell_people(insight)
        made: Filled = fill(insight, choices)
        here = cut([] if made.refuses else list(choices.items), made.side, ITEMS)
        elsewhere = [own for own in choices.items if own in made.items and own not in here.items]
        shown = {own: choices.items[own] for own in (*elsewhere, *here.items)}
        insight.tell(shown.values())
        return {
            "child": told.child(),
            "filled": made,
            "recipients": {h: named[said] for h, said in choices.recipients.items()},
            "items": {own: told.title(ref) for own, ref in shown.items()},
            "elsewhere": elsewhere,
            "part": here,
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
        choices, _named = _choices(session, insight, teller(request, desk, insight))
        made = consent_form.filled(fields, insight, choices, refuses=refuses)
        return made, made.draft(insight, choices)

    made, draft = looking(desk, session, given, work, shown=False)
    if made.faults or made.turned:
        return _form(request, desk, session, given, lambda *_: made)
    desk.sessions.keep(session, draft.plain())
    return onward(f"/barn/{given}/se-over")


def _choices(session: Session, insight: Insight, told: Teller) -> tuple[Choices, dict[str, str]]:
    if insight.here.frame not in insight.seen:
        raise NotFound("Nothing to decide here")
    named = told.choices()
    return Choices.of(insight, named, lambda said: handle(session, said)), named
