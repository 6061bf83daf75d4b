"""The page of who holds what about a child from before, as the one who is logged in may see it: from the same
look as GET /people/{person}/held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.consents.held import Held, Holding
from gateway.consents.holdings import Look
from gateway.consents.telling import plain
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here
from gateway.web.insight import Insight, looking
from gateway.web.reader import kind, tell_people, teller
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.get("/barn/{given}/hvem-har")
def held(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """Each holder, what it has, when it got it, why, and whether it still gets it."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        here = insight.here
        look = Look(desk.service.settings, here.facts, here.me.id, insight.now).look(connection)
        insight.tell(one.ref for one in (look.attempt.items if look.attempt is not None else ()))
        tell_people(insight)
        return {
            "child": teller(request, desk, insight).child(),
            "kind": kind(insight),
            "holders": [
                {
                    **plain(one),
                    "first": one.first,
                    "last": one.last,
                    "kept": _kept(one, look.holdings),
                    "groups": _groups(one.held, plain(one)),
                }
                for one in look.holdings
            ],
        }

    return page(request, "held", session=session, here=given, **looking(desk, session, given, work))


def _kept(one: Holding, everyone: Iterable[Holding]) -> str:
    """In what kind of system, where the same place has it in several and may be told of; else ""."""
    system = one.holder.system
    alike = [other for other in everyone if other.holder.organization == one.holder.organization]
    return system.adapter if system is not None and len(alike) > 1 and not one.protected else ""


def _groups(held: tuple[Held, ...], told: dict[str, Any]) -> list[dict[str, Any]]:
    """The items for which the same is to be said, as they are told, with their times as times; most first."""
    found: dict[str, dict[str, Any]] = {}
    for one, said in zip(held, told["items"], strict=True):
        alike = {name: said[name] for name in ("why", "sharing", "remarks")}
        group = found.setdefault(repr(alike), {**alike, "entries": []})
        group["entries"].append({**said, "last": one.receipt.last})
    return sorted(found.values(), key=lambda group: -len(group["entries"]))
