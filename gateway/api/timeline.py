"""GET /timeline/{patient}: the merged list for the caller's system, page by page, noted as one disclosure."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, admitted
from gateway.api.documents import TimelineAnswer, errors, ok
from gateway.api.visit import Visit, visiting
from gateway.consents.absence_words import missing
from gateway.errors import InvalidRequest, NotFound
from gateway.exchange.seen import Seen
from gateway.hub import absences
from gateway.hub.absences import Absence
from gateway.timeline import ALL, Timeline
from gateway.timeline_entry import Entry

router = APIRouter(tags=["timeline"])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PATIENT = r"^[A-Za-z0-9\-.]{1,64}$"
PLACE = re.compile(r"(-?\d{1,18})\|([A-Za-z0-9\-.]{1,200})")


@router.get(
    "/timeline/{patient}",
    summary="What happened, over all systems, newest first",
    description="Everything the caller's system may see of one person, each entry once, whichever systems "
    "tell of it. `kind` and `system` narrow it.",
    responses={**ok(TimelineAnswer, "A page of entries"), **errors(400, 404)},
    response_class=Response,
)
def timeline(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.TIMELINE_READ))],
    patient: Annotated[str, Path(pattern=PATIENT)],
    kind: Annotated[str | None, Query(json_schema_extra={"enum": sorted(ALL)}, max_length=40)] = None,
    system: Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = None,
    after: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_=-]{1,400}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    place = _place(after) if after else None

    def work(here: Visit) -> tuple[list[Entry], str | None]:
        sight = here.looking.whole(here.connection, patient, hold=False)
        if sight is None or not sight.seen:
            raise NotFound("No such person here")
        found = absences.of_person(here.connection, caller.tenant, sight.person)
        gone = [one for one in found if _is_told(one, sight.seen.get(one.ref), caller.system)]
        entries = [
            e
            for e in Timeline(sight.seen, sight.provenances, sight.facts, gone).entries()
            if kind in (None, e.kind) and (system is None or system in e.systems)
        ]
        left = [e for e in entries if place is None or e.place < place]
        here.tell(sight, [ref for e in left[:limit] for ref in e.refs])
        return left[:limit], _cursor(left[limit - 1]) if len(left) > limit else None

    page, following = visiting(desk, caller, work)
    return answer({"patient": f"Patient/{patient}", "entries": [_plain(e) for e in page], "next": following})


def _plain(entry: Entry) -> dict[str, Any]:
    author = entry.author
    return {
        "id": entry.id,
        "resource": entry.resource,
        "kind": entry.kind,
        "title": entry.title,
        "text": entry.text,
        "time": entry.time,
        "system": entry.systems[0],
        "alsoIn": list(entry.systems[1:]),
        "author": author and {"participant": author.participant, "name": author.name, "role": author.role},
        "service": entry.service,
        "level": entry.level,
        "status": entry.status,
        "missing": [_missing(one, entry) for one in entry.missing],
        "states": [{"state": one.state, "time": one.at, "reason": one.reason} for one in entry.steps],
    }


def _is_told(one: Absence, seen: Seen | None, reader: str | None) -> bool:
    """That it is gone at its source all learn who see it; of a copy, who made it and who had it. To others it
    would tell who has the child."""
    return seen is not None and (
        one.system in (seen.version.created_by, reader) or seen.version.created_by == reader
    )


def _missing(one: Absence, entry: Entry) -> dict[str, Any]:
    return {
        "system": one.system,
        "since": one.since.isoformat(),
        "reason": one.reason,
        **missing(one.reason, at_source=one.system == entry.systems[0]).plain(),
    }


def _cursor(entry: Entry) -> str:
    micros = (entry.moment - EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{micros}|{entry.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    """The place a page ended at: found again even when that entry is gone."""
    try:
        found = PLACE.fullmatch(urlsafe_b64decode(cursor.encode()).decode("ascii"))
        if found is not None:
            return EPOCH + timedelta(microseconds=int(found[1])), found[2]
    except (ValueError, OverflowError):
        pass
    raise InvalidRequest("This is not a cursor of ours", code="cursor", field="after")
