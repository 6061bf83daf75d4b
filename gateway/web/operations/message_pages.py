"""The pages of systems and messages: what came from a system and what went to it, and the way of each message
from its source to its recipients. What it says is masked (gateway/web/operations/content.py shows it)."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Path, Request, Response

from gateway.errors import NotFound
from gateway.exchange.reasons import Reason
from gateway.hub.audit import occasion
from gateway.operating import health, trace
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.door import Form
from gateway.web.operations import content, message_list
from gateway.web.operations.chosen import reason_of
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.operations.naming import Sealed, opened
from gateway.web.rendering import PageRoute, language, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
SystemId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


@router.get("/system/{system}")
def system(request: Request, desk: AtDesk, who: Operating, system: SystemId) -> Response:
    """One system, what it sent last and what it was sent last."""
    service = desk.service
    with service.store.read(who.tenant) as connection:
        every = health.of_tenant(connection, service.settings, who.tenant, service.clock())
        found = next((one for one in every if one.system.id == system), None)
        if found is None:
            raise NotFound("No such system")
        came = message_list.from_system(connection, who, system)
        went = message_list.to_system(connection, who, system)
    occasion.at_hand().searching = True
    occasion.about(*(one.person for one in (*came, *went)))
    routes = [one for one in service.settings.routes if system in (one.source, one.recipient)]
    return page(
        request, "operations/system", session=who.session, one=found, came=came, went=went, routes=routes
    )


@router.get("/melding/{item}")
def message(request: Request, desk: AtDesk, who: Operating, item: Sealed) -> Response:
    """The way of one message."""
    return _message(request, desk, who, item)


@router.post("/melding/{item}/innhold")
def shown(request: Request, desk: AtDesk, who: Operating, fields: Form, item: Sealed) -> Response:
    """What it says, as its recipient may see it now; told and written down before the page is given. For
    those without the right there is no such page."""
    if not who.sees_content:
        raise NotFound("No such page")
    ref, why = opened(who.session, "item", item), reason_of(fields)
    if why is None:
        return _message(request, desk, who, item, status=422, wrong=True)
    recipient = fields.get("mottaker", [""])[0]
    found = content.shown(desk.service, who, ref, recipient, why)
    return _message(request, desk, who, item, content=found, chosen=recipient)


def _message(
    request: Request,
    desk: WebDesk,
    who: Operator,
    item: str,
    *,
    status: int = 200,
    wrong: bool = False,
    content: content.Shown | None = None,
    chosen: str = "",
) -> Response:
    service, ref = desk.service, opened(who.session, "item", item)
    with service.store.read(who.tenant) as connection:
        found = trace.ground(connection, service.facts, who.tenant, ref)
        if found is None:
            raise NotFound("No such message")
        words = cast(Literal["nb", "nn"], language(request).code)
        made = trace.trace(connection, service.settings, service.mappings, found, ref, service.clock(), words)
    occasion.about(made.person)
    return page(
        request,
        "operations/message",
        session=who.session,
        status=status,
        one=made,
        type=ref.partition("/")[0],
        sealed=item,
        may_see=who.sees_content,
        recipients=[one.recipient for one in made.ruled if one.outcome in ("permit", "redact")],
        reasons=[*Reason],
        wrong=wrong,
        content=content,
        chosen=chosen,
    )
