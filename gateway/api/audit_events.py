"""GET /fhir/AuditEvent: the audit of one tenant, for those who oversee it (scope `audit.read`). An operator
is told of all of it; a client that acts for a system of what that system asked for or got."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.audit_event import PREFIX, Rendering
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import fhir_errors
from gateway.api.fhir_query import LARGEST_PAGE, refused, span
from gateway.api.fhir_read import absent, acceptable, base_of, documented, fhir
from gateway.hub import acquaintance
from gateway.hub.audit import listing, occasion
from gateway.hub.audit.listing import Looked, Wanted
from gateway.hub.schema.tables import person

router = APIRouter(prefix="/fhir", tags=["audit"])
MayRead = Annotated[Caller, Depends(admitted(scopes.AUDIT_READ))]
KNOWN = frozenset({"patient", "date", "_count", "_cursor", "_format"})
NUMBER = r"^[0-9]{1,18}$"


@router.get(
    "/AuditEvent",
    summary="The audit: who did what with whose data",
    description="Newest first, after the patterns of IHE BALP. `patient`: about one person; `date`: with ge, "
    "gt, le or lt before it, at most twice. A client that acts for a system is told of what that system "
    "asked for or got; an operator of all.",
    responses={**documented("Bundle", "A searchset Bundle"), **fhir_errors(400, 404, 406)},
    response_class=Response,
)
def search(
    request: Request,
    desk: AtDesk,
    caller: MayRead,
    patient: Annotated[str | None, Query(pattern=r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$")] = None,
    date: Annotated[list[str] | None, Query(max_length=2)] = None,
    count: Annotated[int, Query(alias="_count", ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(alias="_cursor", pattern=NUMBER)] = None,
) -> Response:
    acceptable(request)
    for name in request.query_params:
        if name not in KNOWN:
            raise refused(name, "is not supported here")
    since, until = _within(date or [])
    wanted = Wanted(
        system=caller.system,
        since=since,
        until=until,
        before=int(cursor) if cursor else None,
        limit=count + 1,
    )
    found = _found(desk, caller, wanted, patient.removeprefix("Patient/") if patient else None)
    return fhir(_bundle(desk, request, found, count))


@router.get(
    "/AuditEvent/{id}",
    summary="One entry of the audit",
    responses={**documented("Resource", "An AuditEvent"), **fhir_errors(400, 404, 406)},
    response_class=Response,
)
def read(
    request: Request,
    desk: AtDesk,
    caller: MayRead,
    id: Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")],
) -> Response:
    acceptable(request)
    number = id.removeprefix(PREFIX)
    if not id.startswith(PREFIX) or not number.isdecimal() or len(number) > 18:
        raise absent()
    found = _found(desk, caller, Wanted(system=caller.system, number=int(number), limit=1), None)
    if not found:
        raise absent()
    return fhir(Rendering(desk.service.settings, base_of(desk.service)).event(found[0]))


def _found(desk: Desk, caller: Caller, wanted: Wanted, own: str | None) -> list[Looked]:
    """The entries, and a note of whom they are about: that somebody looked at them is an entry too."""
    with desk.service.store.read(caller.tenant) as connection:
        if own is not None:
            if not _is_there(connection, caller, own):
                return []
            occasion.about(own)
            wanted = replace(wanted, person=own)
        found = _named(connection, caller, listing.looked(connection, caller.tenant, wanted))
    if own is None:
        occasion.about(*(one.person for one in found if one.person is not None))
    return found


def _is_there(connection: Connection, caller: Caller, own: str) -> bool:
    """Whether somebody may be asked about. For a system whoever it does not know is not there, whether they
    are or not. Raises NotFound for an operator."""
    if caller.system is not None:
        return bool(acquaintance.known(connection, caller.tenant, caller.system, [own]))
    there = select(person.c.id).where(person.c.tenant == caller.tenant, person.c.id == own)
    if connection.execute(there).first() is None:
        raise absent()
    return True


def _named(connection: Connection, caller: Caller, found: list[Looked]) -> list[Looked]:
    """As the caller may be told of it: a system that asked in vain about somebody it does not know does not
    learn from its own question that they are here."""
    if caller.system is None:
        return found
    people = {one.person for one in found if one.person is not None}
    known = acquaintance.known(connection, caller.tenant, caller.system, people)
    return [one if one.person in known else replace(one, person=None) for one in found]


def _within(dates: list[str]) -> tuple[datetime | None, datetime | None]:
    since: datetime | None = None
    until: datetime | None = None
    for text in dates:
        one = span("date", text)
        if one.prefix in ("eq", "ge", "gt"):
            start = one.end if one.prefix == "gt" else one.start
            since = max(since, start) if since else start
        if one.prefix in ("eq", "le", "lt"):
            end = one.start if one.prefix == "lt" else one.end
            until = min(until, end) if until else end
    return since, until


def _bundle(desk: Desk, request: Request, found: list[Looked], count: int) -> dict[str, Any]:
    base = base_of(desk.service)
    rendering = Rendering(desk.service.settings, base)
    page = found[:count]
    asked = [(n, v) for n, v in request.query_params.multi_items() if n not in ("_cursor", "_format")]
    link = [{"relation": "self", "url": _address(base, request.query_params.multi_items())}]
    if len(found) > count:
        following = [*asked, ("_cursor", str(page[-1].number))]
        link.append({"relation": "next", "url": _address(base, following)})
    entries = [
        {
            "fullUrl": f"{base}/AuditEvent/{PREFIX}{one.number}",
            "resource": rendering.event(one),
            "search": {"mode": "match"},
        }
        for one in page
    ]
    made: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": link}
    return made | ({"entry": entries} if entries else {})


def _address(base: str, pairs: list[tuple[str, str]]) -> str:
    return f"{base}/AuditEvent?{urlencode(pairs)}" if pairs else f"{base}/AuditEvent"
