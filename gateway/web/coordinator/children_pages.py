"""The page "Mine barn": every child that somebody in the municipality takes part around now, whoever needs
attention first, and the search for one of them by national id. Shows of a child what the judge lets the
reader's organization see, and writes it down as told."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.consents.work import CONFLICT, Entry
from gateway.consents.work_words import words
from gateway.errors import NotFound, NotReady
from gateway.hub.audit import occasion
from gateway.hub.notices import Kind
from gateway.web.coordinator import levels
from gateway.web.coordinator.attention import GROUPS, Caseload, Child, caseload, group_of, unheld
from gateway.web.coordinator.finding import STEP, child_of, wait
from gateway.web.coordinator.writing_rights import passes
from gateway.web.coordinator.wrong_patients import name_of
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Here, handle
from gateway.web.insight import TRIES
from gateway.web.navigation import CHILDREN
from gateway.web.reader import kind, teller
from gateway.web.rendering import PageRoute, onward, page
from gateway.web.seats import Office, kinds

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
AT_ONCE: Final = 25
ENDING: Final = frozenset({"forfalt", "snart", "samtykke"})  # they end with a day, which is the one to tell
A_MOMENT: Final = timedelta(microseconds=1)
Sorting = Literal["haster", "navn", "nivaa"]
Group = Literal["", "fare", "forfalt", "ingen", "uenige", "ubekreftet", "samtykke", "snart", "alder"]
Number = Annotated[int, Query(ge=1, le=1_000)]


@router.get(CHILDREN.path)
def children(
    request: Request,
    desk: AtDesk,
    session: Here,
    vis: Group = "",
    sorter: Sorting = "haster",
    side: Number = 1,
) -> Response:
    """The children of whoever is logged in. Raises NotFound for others than staff of the municipality."""
    demand_office(desk, session)
    shown = _shown(request, desk, session, vis, sorter, side)
    return page(request, "coordinator/children", session=session, vis=vis, sorter=sorter, side=side, **shown)


@router.get(f"{CHILDREN.path}/uten-stafettholder")
def without_holder(request: Request, desk: AtDesk, session: Here) -> Response:
    """The logs and plans that nobody holds and the reader takes no part in, for the coordinating unit: since
    when and where, and nothing of whom they are about. Raises NotFound for everybody else."""
    demand_office(desk, session)
    with desk.service.store.read(session.tenant) as connection:
        found = unheld(connection, desk, session, desk.service.clock())
    if found is None:
        raise NotFound("Nothing here for this reader")
    return page(request, "coordinator/unheld", session=session, unheld=found)


@router.post(f"{CHILDREN.path}/soek")
async def search(request: Request, desk: AtDesk, session: Here, fields: Form) -> Response:
    """To the page of one's own child with this number; a child that is not here, or not one's own, is
    answered the same, at the same time."""
    began = time.monotonic()
    await run_in_threadpool(demand_office, desk, session)
    found = await run_in_threadpool(child_of, desk, session, fields.get("nummer", [""])[0])
    if found is not None:
        return onward(f"{CHILDREN.path}/{handle(session, found)}")
    shown = await run_in_threadpool(_shown, request, desk, session, "", "haster", 1)
    answer = await run_in_threadpool(_in_vain, request, session, shown)
    await wait(began, STEP)
    return answer


def demand_office(desk: WebDesk, session: Session) -> None:
    """Raises NotFound for others than staff of the municipality."""
    desk.participants.catch_up(session.tenant)
    if Office.COORDINATOR.value not in kinds(desk, session):
        raise NotFound("Nothing here for this reader")


def _in_vain(request: Request, session: Session, shown: dict[str, Any]) -> Response:
    asked: dict[str, Any] = {"vis": "", "sorter": "haster", "side": 1, "in_vain": True}
    return page(request, "coordinator/children", session=session, status=422, **asked, **shown)


def _shown(
    request: Request, desk: WebDesk, session: Session, group: str, sorting: Sorting, number: int
) -> dict[str, Any]:
    """What the page says; written as told when this returns."""
    store = desk.service.store
    for _ in range(TRIES):
        with store.read(session.tenant) as connection:
            found = caseload(connection, desk, session, desk.service.clock())
        chosen = _sorted(request, desk, found, group, sorting)
        upon = chosen[(number - 1) * AT_ONCE : number * AT_ONCE]
        made = [_child(request, desk, session, one) for one in upon]
        with store.write(session.tenant) as connection:
            if _written(connection, upon):
                return {
                    "children": made,
                    "counts": _counts(found.children),
                    "everyone": len(found.children),
                    "chosen": len(chosen),
                    "pages": max(1, -(-len(chosen) // AT_ONCE)),
                    "unheld": found.unheld,
                }
    raise NotReady("The children's records change all the time")


def _written(connection: Connection, upon: list[Child]) -> bool:
    """Write what is told of these; nothing, and False, where any of them has changed. Locked by their ids."""
    looked = sorted((one.insight for one in upon), key=lambda insight: insight.here.person)
    if not all(insight.unchanged(connection) for insight in looked):
        return False
    return all(insight.write(connection) for insight in looked)


def _sorted(request: Request, desk: WebDesk, found: Caseload, group: str, sorting: Sorting) -> list[Child]:
    wanted = GROUPS.get(group)
    chosen = [c for c in found.children if wanted is None or any(e.kind in wanted for e in c.entries)]
    if sorting == "haster":
        return sorted(chosen, key=lambda c: c.urgency)
    if sorting == "nivaa":
        return sorted(chosen, key=lambda c: (-(_level(c) or 0), c.urgency))
    return sorted(chosen, key=lambda c: teller(request, desk, c.insight).child().casefold())


def _counts(found: Iterable[Child]) -> dict[str, int]:
    """How many children something of each group is told of."""
    out = dict.fromkeys(GROUPS, 0)
    for child in found:
        for name in {group_of(e.kind) for e in child.entries}:
            out[name] += 1
    return out


def _child(request: Request, desk: WebDesk, session: Session, child: Child) -> dict[str, Any]:
    insight, told = child.insight, teller(request, desk, child.insight)
    patient = f"Patient/{insight.here.person}"
    occasion.asked_by(session.tenant, insight.here.me.id)
    occasion.about(insight.here.person)
    insight.tell(r for r in (patient, *(p.frame for p in child.places)) if r in insight.seen)
    return {
        "handle": handle(session, insight.here.frame),
        "name": told.child(),
        "kind": kind(insight),
        "role": insight.here.me.role,
        "level": _level(child),
        "entries": [_entry(session, child, told, one) for one in child.entries],
    }


def _entry(session: Session, child: Child, told: Any, one: Entry) -> dict[str, Any]:
    if one.item in child.insight.seen:
        child.insight.tell([one.item])
    said = words(one.kind, one.about)
    return {
        "group": group_of(one.kind),
        "said": said.plain()[told.words.code],
        "title": told.title(one.item, dated=False) if one.judged else "",
        "at": one.at - A_MOMENT if group_of(one.kind) in ENDING else one.at,
        "next": _next(session, child, one),
    }


def _next(session: Session, child: Child, one: Entry) -> tuple[str, str] | None:
    """Where it is settled, below this page, and the key of what that is called; None where there is no page
    for it, or not for this reader."""
    insight = child.insight
    place = next((p for p in child.places if p.frame == one.frame and p.frame in insight.seen), None)
    if place is None:
        return None
    where = handle(session, place.frame)
    if one.kind == Kind.WRONG_PERSON:
        return f"{where}/feil-pasient/{handle(session, name_of(one.about))}", "mistaken.go.open"
    if one.kind == CONFLICT:
        return f"{where}/uenighet/{handle(session, one.id)}", "conflict.go"
    head = insight.version(place.frame)
    of_log = head.resource if head is not None else {}
    if one.kind == Kind.OWNERLESS and passes(insight.settings, place, of_log, insight.now):
        return f"{where}/overfor", "relay.name"
    return None


def _level(child: Child) -> int | None:
    """The level of the log, where one of the places is a log whose level may be seen."""
    found = (levels.now(child.insight.seen.get(one.frame) or {}) for one in child.places)
    return next((level for level in found if level is not None), None)
