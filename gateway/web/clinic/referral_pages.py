"""How far a referral has come at the reader's organization: the form, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.exchange.referrals import is_for
from gateway.intake.referral_states import REFUSED, ReferralStates, Told
from gateway.web.clinic.plan_pages import CLINIC, PATH
from gateway.web.clinic.plan_shown import states_of
from gateway.web.clinic.shared import SharedPlan, shared_plan
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Fields, Form, Handle, Here, resolve
from gateway.web.insight import Insight, looking
from gateway.web.names import name_of
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page
from mappings import telling
from mappings.referrals import STATES, Referral, referral_of

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it stands. faults: field -> key of the catalogs."""

    state: str = ""
    reason: str = ""
    faults: tuple[tuple[str, str], ...] = ()


@router.get(PATH + "/{given}/henvisning/{which}")
def form(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """How far it has come, and the form to say more."""
    return _form(request, desk, session, given, which, Filled())


@router.post(PATH + "/{given}/henvisning/{which}")
def said(
    request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle, fields: Form
) -> Response:
    """It is taken in as a change of the referral, or the form comes back with what is missing."""
    filled = _filled(fields)
    if filled.faults:
        return _form(request, desk, session, given, which, filled)

    def work(_: Connection, insight: Insight) -> tuple[SharedPlan, str]:
        return shared_plan(insight), _referral(session, insight, which)[0]

    plan, ref = looking(desk, session, given, work, shown=False, find=CLINIC)
    here = plan.insight.here
    told = Told(
        ref=ref,
        by=here.me.id,
        name=name_of(plan.insight.seen.get(here.me.id, {})) or "",
        organization=plan.organization,
        state=filled.state,
        reason=filled.reason or None,
        after=_count(fields),
        facts_no=here.facts_no,
    )
    service = desk.service
    states = ReferralStates(service.store, service.settings, session.tenant, here.person)
    states.tell(told, service.clock())
    service.woken()
    return onward(f"{PATH}/{given}")


def _form(
    request: Request, desk: WebDesk, session: Session, given: str, which: str, filled: Filled
) -> Response:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        ref, referral = _referral(session, insight, which)
        insight.tell([ref])
        tell_people(insight)
        return {
            "child": teller(request, desk, insight).child(),
            "wish": telling.title_of(insight.seen[ref]),
            "said_before": states_of(referral.steps),
        }

    made = looking(desk, session, given, work, find=CLINIC)
    words: dict[str, Any] = {
        "states": STATES,
        "filled": filled,
        "faults": dict(filled.faults),
        "longest": LONGEST,
    }
    status = 422 if filled.faults else 200
    return page(
        request, "clinic/referral", session=session, status=status, here=given, which=which, **words, **made
    )


def _referral(session: Session, insight: Insight, which: str) -> tuple[str, Referral]:
    """The referral to the reader's organization that a handle means. Raises NotFound."""
    plan = shared_plan(insight)
    found = {
        ref: referral
        for ref, one in plan.seen.items()
        if (referral := referral_of(one.resource)) is not None
        and is_for(referral, plan.organization, insight.here.facts)
    }
    ref = resolve(session, which, found)
    if ref not in plan.marks:
        raise NotFound("No such referral")
    return ref, found[ref]


def _filled(fields: Fields) -> Filled:
    state, reason = fields.get("tilstand", [""])[0], fields.get("grunn", [""])[0].strip()
    faults = []
    if state not in STATES:
        faults.append(("tilstand", "clinic.referral.choose"))
    if state == REFUSED and not reason:
        faults.append(("grunn", "clinic.referral.why"))
    if len(reason) > LONGEST:
        faults.append(("grunn", "clinic.referral.long"))
    return Filled(state, reason, tuple(faults))


def _count(fields: Fields) -> int:
    given = fields.get("sagt", [""])[0]
    return int(given) if given.isdecimal() and len(given) < 5 else -1
