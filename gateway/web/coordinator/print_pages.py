"""The plan, the agenda of the next meeting and each referral as a PDF for a reader who may see it: decided
item by item for this reader, and written as told before it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.documents.agenda import TYPES as OF_AGENDA
from gateway.documents.agenda import agenda
from gateway.documents.content import TYPES as OF_PLAN
from gateway.documents.content import content
from gateway.documents.referral import TYPES as OF_REFERRAL
from gateway.documents.referral import missing, referral
from gateway.documents.sheet import Content
from gateway.errors import NotFound
from gateway.web.coordinator.writing_pages import FIND, HOME
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Handle, Here, handle, resolve
from gateway.web.insight import Insight, looking
from gateway.web.language import OSLO
from gateway.web.names import Names
from gateway.web.printing import printed
from gateway.web.reader import kind as frame_kind
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import HEADERS, PageRoute, language, page
from gateway.web.seats import Office, seats
from mappings import reading
from mappings.completeness import CATEGORIES
from mappings.model import Resource

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
Maker = Callable[[Insight, Names, list[Resource]], Content]
MEDIA: Final = "application/pdf"


@router.get(HOME + "/utskrift")
def choose(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """What can be printed, and of each referral what is missing in it."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        names = teller(request, desk, insight)
        tell_people(insight)
        others = _others(connection, desk, session, insight)
        insight.tell(ref for ref in others if ref in insight.seen)
        plan = insight.seen.get(insight.here.frame)
        found = _referrals(insight) if plan is not None else []
        own = members(insight, OF_REFERRAL)
        insight.tell([*found, *(_items(insight, own) if found else [])])
        return {
            "child": names.child(),
            "kind": frame_kind(insight),
            "whole": plan is not None,
            "others": [
                {"handle": handle(session, ref), "kind": reading.kind_of(head) or "plan"}
                for ref, head in others.items()
            ],
            "referrals": [
                {
                    "handle": handle(session, ref),
                    "title": names.title(ref),
                    "missing": missing(plan, own, insight.seen[ref], names.words.code),
                }
                for ref in found
                if plan is not None
            ],
        }

    made = looking(desk, session, given, work, find=FIND)
    return page(request, "coordinator/print", session=session, here=given, **made)


@router.get(HOME + "/utskrift/plan.pdf")
def plan(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """The log or plan."""

    def make(insight: Insight, names: Names, found: list[Resource]) -> Content:
        seen = insight.judge().permits(insight.here.frame, insight.parts[insight.here.frame], CATEGORIES)
        return content(insight.seen[insight.here.frame], found, seen, names.words.code)

    return _printed(request, desk, session, given, "plan", OF_PLAN, make)


@router.get(HOME + "/utskrift/agenda.pdf")
def next_meeting(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """The agenda of the next meeting."""

    def make(insight: Insight, names: Names, found: list[Resource]) -> Content:
        on = insight.now.astimezone(OSLO).date()
        return agenda(insight.seen[insight.here.frame], found, names.words.code, on)

    return _printed(request, desk, session, given, "agenda", OF_AGENDA, make)


@router.get(HOME + "/utskrift/{which}/henvisning.pdf")
def one_referral(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """One referral."""

    def make(insight: Insight, names: Names, found: list[Resource]) -> Content:
        ref = resolve(session, which, _referrals(insight))
        frame, code = insight.seen[insight.here.frame], names.words.code
        return referral(frame, found, insight.seen[ref], code, names.recipient)

    return _printed(request, desk, session, given, "henvisning", OF_REFERRAL, make)


def _printed(
    request: Request,
    desk: WebDesk,
    session: Session,
    given: str,
    name: str,
    types: Iterable[str],
    make: Maker,
) -> Response:
    """A PDF with everything of these types that the reader may see. Raises NotFound."""

    def work(_: Connection, insight: Insight) -> bytes:
        if insight.here.frame not in insight.seen:
            raise NotFound("Nothing to print")
        found = members(insight, types)
        insight.tell([insight.here.frame, *_items(insight, found)])
        names = teller(request, desk, insight)
        return printed(make(insight, names, found), insight.now)

    made = looking(desk, session, given, work, find=FIND)
    answer = Response(made, media_type=MEDIA, headers=HEADERS)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    answer.headers["Content-Language"] = language(request).code
    return answer


def members(insight: Insight, types: Iterable[str]) -> list[Resource]:
    """What the reader may see of these types: of the items of this log or plan, and whom it is about."""
    wanted, out = frozenset(types), []
    for item, parts in insight.parts.items():
        focal = insight.seen.get(item)
        if focal is not None and (
            _is_child(insight, item) or reading.belongs_to(focal) == insight.here.frame
        ):
            out += [insight.seen[ref] for ref in parts if ref in insight.seen and _type(ref) in wanted]
    return out


def _others(connection: Connection, desk: WebDesk, session: Session, insight: Insight) -> dict[str, Resource]:
    """The child's other logs and plans where the reader takes part, as they may be seen there: each has
    documents of its own."""
    here = insight.here
    found: dict[str, Resource] = {}
    for one in seats(connection, desk, session, insight.now, Office.COORDINATOR):
        if one.person == here.person and one.frame != here.frame:
            other = Insight(one, insight.now, insight.parts, insight.settings)
            other.look()
            found |= {one.frame: other.seen[one.frame]} if one.frame in other.seen else {}
    return found


def _items(insight: Insight, found: Iterable[Resource]) -> list[str]:
    """The items that these are parts of, as they are written in the log of what was told."""
    refs = {f"{one['resourceType']}/{one['id']}" for one in found}
    return [item for item, parts in insight.parts.items() if not refs.isdisjoint(parts)]


def _referrals(insight: Insight) -> list[str]:
    return [ref for ref in insight.items() if reading.category_of(insight.seen[ref]) == {"henvisning"}]


def _is_child(insight: Insight, item: str) -> bool:
    return item == f"Patient/{insight.here.person}"


def _type(ref: str) -> str:
    return ref.partition("/")[0]
