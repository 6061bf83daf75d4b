"""What systems disagree about in a child's log or plan: both values with who said them and when, and the
decision, made by the same function as POST /conflicts/{id}/decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict, Unprocessable
from gateway.exchange.contested import Contested
from gateway.exchange.ruling import Bench, Said
from gateway.exchange.selection import by_item
from gateway.hub import versions
from gateway.hub.conflicts import Kept, State
from gateway.web.coordinator.conflict_look import (
    choices_of,
    found,
    is_day,
    label,
    onlooker,
    shaped,
    told,
    writable,
)
from gateway.web.coordinator.writing_form import LONGEST, first, words
from gateway.web.coordinator.writing_pages import FIND, HOME
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Fields, Handle, Here, Sent, Typed, handle, lasting, resolve
from gateway.web.insight import Insight, looking
from gateway.web.kept_pages import Text, entered, kept, of_staff
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
REASON: Final = 500  # letters, as the API has it
CLIENT: Final = "~min-side"


@dataclass(slots=True)
class Decision:
    """The form as somebody filled it in. version: of the resource, as it was shown. faults: field -> key."""

    choice: str = ""
    version: str = ""
    reason: str = ""
    value: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    def said(self, by: str, shown: Contested) -> Said:
        """As it is decided."""
        value = shaped(shown, self.value) if self.choice == "value" else None
        return Said(self.choice, int(self.version), by, self.reason, value)


def typed(fields: Fields) -> Decision:
    """The form as it came, whatever is in it."""
    reason, value = (words(first(fields, name)) for name in ("grunn", "verdi"))
    version = first(fields, "versjon")
    known = version if version.isdecimal() and len(version) < 10 else "0"
    return Decision(first(fields, "valg"), known, reason, value)


def faults(made: Decision, shown: Contested) -> dict[str, str]:
    """All that is wrong with it."""
    out = {}
    if made.choice not in choices_of(shown):
        out["valg"] = "conflict.fault.choice"
    elif made.choice == "value" and not made.value:
        out["verdi"] = "conflict.fault.value"
    elif made.choice == "value" and writable(shown) == "day" and not is_day(made.value):
        out["verdi"] = "conflict.fault.day"
    if not made.reason:
        out["grunn"] = "conflict.fault.reason"
    for name, text, most in (("grunn", made.reason, REASON), ("verdi", made.value, LONGEST)):
        if len(text) > most:
            out[name] = "write.fault.long"
    return out


@router.get(HOME + "/uenighet")
def listed(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """All that are open, the oldest first."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        names = teller(request, desk, insight)
        tell_people(insight)
        shown = found(connection, desk.service.settings, insight, [State.OPEN])
        insight.tell(one.head.ref for one in shown)
        rows = [
            {
                "handle": handle(session, one.kept.id),
                "title": names.title(one.head.item) or names.title(one.head.ref),
                "label": label(one.kept.path),
                "since": one.kept.created,
            }
            for one in shown
        ]
        return {"child": names.child(), "conflicts": rows}

    made = looking(desk, session, given, work, find=FIND)
    return page(request, "coordinator/conflicts", session=session, here=given, **made)


@router.get(HOME + "/uenighet/{which}")
def one(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """Both values, who said them and when, and what may be chosen; how it was decided, once it is."""
    return _form(request, desk, session, given, which, Decision())


@router.post(HOME + "/uenighet/{which}")
async def decide(request: Request, desk: AtDesk, sent: Typed, given: Handle, which: Handle) -> Response:
    """Decide it, once."""
    return await run_in_threadpool(_decide, request, desk, sent, given, which)


def _decide(request: Request, desk: WebDesk, sent: Sent, given: str, which: str) -> Response:
    session, made = sent.session, typed(sent.fields)
    if session is None or not sent.proven:
        return _unproven(request, desk, sent, made)
    who = entered(request, session)

    def work(connection: Connection, insight: Insight) -> tuple[Insight, Contested]:
        return insight, _meant(connection, desk, who, insight, which)

    insight, shown = looking(desk, who, given, work, shown=False, find=FIND)
    made.faults = faults(made, shown) if shown.kept.state is State.OPEN else {}
    if made.faults:
        return _form(request, desk, who, given, which, made, 422)
    try:
        _bench(desk, insight).rule(
            shown.kept.id, made.said(insight.here.me.id, shown), _look(desk, who, given)
        )
    except (Conflict, Unprocessable) as refusal:
        code = refusal.code if refusal.code in ("settled", "moved-on", "no-form") else "other"
        made.faults = {"": f"conflict.fault.{code}"}
        return _form(request, desk, who, given, which, made, refusal.status)
    desk.service.woken()
    return onward(f"/mine-barn/{given}/uenighet/{which}")


def _unproven(request: Request, desk: WebDesk, sent: Sent, made: Decision) -> Response:
    """After a new login the conflict is called otherwise: it is found by what the form says of it."""
    made.faults = {"": "write.fault.session"}
    texts = [Text("grunn", "conflict.reason", made.reason), Text("verdi", "conflict.value", made.value)]

    def again(session: Session, given: str) -> Response:
        return _form(request, desk, session, given, first(sent.fields, "hvilken"), made, 409, new_login=True)

    return kept(
        request, desk, sent, [one for one in texts if one.text or one.name == "grunn"], again, of_staff
    )


def _bench(desk: WebDesk, insight: Insight) -> Bench:
    own, here = desk.service, insight.here
    home = here.facts.frames[here.frame]
    return Bench(own.store, own.settings, own.facts, own.mappings, own.clock, here.tenant, CLIENT, home)


def _look(desk: WebDesk, session: Session, given: str) -> Any:
    """The conflict as this reader may see it, looked at anew in the transaction that decides."""

    def look(connection: Connection, one: Kept) -> Contested | None:
        now = desk.service.clock()
        here = FIND(connection, desk, session, given, now)
        parts = by_item(versions.of_person(connection, here.tenant, here.person))
        insight = Insight(here, now, parts, desk.service.settings)
        insight.look()
        head = versions.current(connection, here.tenant, one.ref)
        return onlooker(connection, desk.service.settings, insight).look(one, head)

    return look


def _meant(
    connection: Connection,
    desk: WebDesk,
    session: Session,
    insight: Insight,
    which: str,
    *,
    new_login: bool = False,
) -> Contested:
    """The conflict that a handle means. Raises NotFound."""
    known = {one.kept.id: one for one in found(connection, desk.service.settings, insight, list(State))}
    return known[resolve(session, which, known, new_login=new_login)]


def _form(
    request: Request,
    desk: WebDesk,
    session: Session,
    given: str,
    which: str,
    made: Decision,
    status: int = 200,
    *,
    new_login: bool = False,
) -> Response:
    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        names = teller(request, desk, insight)
        shown = _meant(connection, desk, session, insight, which, new_login=new_login)
        tell_people(insight)
        insight.tell([shown.head.ref])
        closed = shown.kept.content.get("closed") or {}
        return {
            "child": names.child(),
            "title": names.title(shown.head.item) or names.title(shown.head.ref),
            "label": label(shown.kept.path),
            "gone": shown.kept.gone,
            "state": shown.kept.state.value,
            "current": told(names, shown.current),
            "theirs": told(names, shown.theirs),
            "choices": choices_of(shown),
            "writable": writable(shown),
            "closed": {**closed, "who": names.name(closed["by"]) if closed.get("by") else None},
            "version": shown.head.version,
            "which": handle(session, shown.kept.id),
            "lasting": lasting(session, shown.kept.id),
            "hvor": lasting(session, insight.here.frame),
        }

    values = looking(desk, session, given, work, find=FIND)
    return page(
        request, "coordinator/conflict", session=session, here=given, made=made, status=status, **values
    )
