"""The anonymous discussion: a text is checked for what tells which child it is about; once a person has seen
every finding and confirms, it leaves as a message of its own. The text is never stored here, logged or told
of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from consent import anonymous
from consent.anonymous import Finding, Known
from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, PROBLEM, answer, problem
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.api.welfare import reader_of
from gateway.api.welfare_documents import DiscussionAnswer, TextFindings
from gateway.api.welfare_requests import CHECK, MOST_LINE, MOST_TEXT, SEND, UNSEEN
from gateway.config import System
from gateway.errors import Conflict, Forbidden, NotFound, Unprocessable
from gateway.exchange.sight import Looking
from gateway.hub import versions
from gateway.welfare import office, wording
from gateway.welfare.discussions import Confirmed, Kept
from gateway.welfare.identity import known_of
from gateway.welfare.office import Office

router = APIRouter(tags=["anonymous discussion"])
OPEN = frozenset({"ugradert", "klientadresse"})  # no address protection
MayDiscuss = Annotated[Caller, Depends(admitted(scopes.DISCUSSION_WRITE))]
Person = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$", description="The child, as in Patient/{person}")
]


@router.post(
    "/people/{person}/anonymous-check",
    summary="What in a text may tell which child it is about",
    description="Looked for: names, dates, numbers, places and contacts, those known of the child first. "
    "Nothing found does not mean that the text is anonymous. The text is neither stored nor logged.",
    responses={**ok(TextFindings, "What was found"), **errors(400, 404, 413, 415, 422)},
    openapi_extra=CHECK,
    response_class=Response,
)
async def check(request: Request, desk: AtDesk, caller: MayDiscuss, person: Person) -> Response:
    demand(request, JSON)
    _offered(desk, caller)
    text = _line(_body(decoded(await body(request)), {"text"}, {"text"}), "text", MOST_TEXT)
    found = await run_in_threadpool(_findings, desk, caller, person, text)
    return answer({"findings": [_plain(one) for one in found]})


@router.post(
    "/people/{person}/anonymous-discussions",
    summary="Send an anonymous text that a person has confirmed",
    description="Refused with 409 while the text holds a finding that is not among `seen`. What leaves bears "
    "no id of the child; what is kept is who confirmed, when, to whom and how many findings there were.",
    responses={**ok(DiscussionAnswer, "On its way", 202), **UNSEEN, **errors(400, 404, 413, 415, 422)},
    openapi_extra=SEND,
    response_class=Response,
)
async def send(request: Request, desk: AtDesk, caller: MayDiscuss, person: Person) -> Response:
    demand(request, JSON)
    used, reader = _offered(desk, caller), reader_of(desk, caller)
    asked = _asked(decoded(await body(request)))
    recipient = _recipient(desk, caller, asked.recipient)
    found = await run_in_threadpool(_findings, desk, caller, person, asked.text)
    if not {(one.start, one.end - one.start) for one in found} <= asked.seen:
        error = Conflict("Teksten har funn som ingen har bekreftet å ha sett.", code="unseen-findings")
        shown = problem(error, findings=[_plain(one) for one in found])
        return answer(shown, 409, media_type=PROBLEM)
    confirmed = Confirmed(
        request=asked.id,
        text=asked.text,
        by=asked.confirmed_by,
        findings=len(found),
        recipient=recipient.id,
        fhir=recipient.adapter == "fhir",
    )
    kept = await run_in_threadpool(used.discussions.send, reader, confirmed)
    used.woken()
    return answer(_shown(kept), 202)


@router.get(
    "/anonymous-discussions/{discussion_id}",
    summary="How it stands with an anonymous discussion",
    description="For the system that sent it.",
    responses={**ok(DiscussionAnswer, "Who confirmed, and whether it has arrived"), **errors(400, 404)},
    response_class=Response,
)
def standing(
    desk: AtDesk, caller: MayDiscuss, discussion_id: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
) -> Response:
    used = _offered(desk, caller)
    return answer(_shown(used.discussions.read(reader_of(desk, caller), discussion_id)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A decoded request to send. seen: (start, length) of the findings that the person has seen."""

    id: str
    text: str
    recipient: str
    confirmed_by: str
    seen: frozenset[tuple[int, int]]


def _offered(desk: Desk, caller: Caller) -> Office:
    own = next(one for one in desk.service.settings.tenants if one.id == caller.tenant)
    used = desk.service.welfare
    if used is None or not own.anonymous_discussion:
        raise Forbidden("Kommunen tilbyr ikke anonym drøfting her.", code="not-offered")
    return used


def _recipient(desk: Desk, caller: Caller, name: str) -> System:
    reached = office.recipients(desk.service.settings)
    system = next((s for s in reached if s.id == name and s.tenant == caller.tenant), None)
    if system is None or system.id == caller.system:
        raise Unprocessable("Mottakeren finnes ikke, eller kan ikke nås.", field="recipient")
    return system


def _findings(desk: Desk, caller: Caller, person: str, text: str) -> tuple[Finding, ...]:
    return anonymous.findings(text, _known(desk, caller, person))


def _known(desk: Desk, caller: Caller, person: str) -> Known:
    """Everything the hub knows of the child, if the caller may see the child at all. Of a child under address
    protection only what the caller may see: findings must not tell it where the child lives."""
    service = desk.service
    looking = Looking(service.settings, service.facts, desk.system_of(caller), service.clock())
    with service.store.read(caller.tenant) as connection:
        sight = looking.whole(connection, person, hold=False)
        if sight is None or not sight.seen:
            raise NotFound("No such person here")
        if sight.facts.facts.address_protection not in OPEN:
            return known_of(one.resource for one in sight.seen.values())
        whole = versions.of_person(connection, caller.tenant, person)
        return known_of(version.resource for version in whole.values())


def _body(value: Any, required: set[str], allowed: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not required <= set(value) <= allowed:
        raise Unprocessable(f"Feltene er {', '.join(sorted(allowed))}.")
    return value


def _line(value: dict[str, Any], name: str, most: int) -> str:
    text = value[name]
    if not isinstance(text, str) or not text.strip() or len(text) > most:
        raise Unprocessable(f"Feltet er tekst på inntil {most} tegn.", field=name)
    return text


def _asked(given: Any) -> Asked:
    required = {"id", "text", "recipient", "confirmedBy"}
    value = _body(given, required, required | {"seen"})
    return Asked(
        id=_line(value, "id", MOST_LINE),
        text=_line(value, "text", MOST_TEXT),
        recipient=_line(value, "recipient", MOST_LINE),
        confirmed_by=_line(value, "confirmedBy", MOST_LINE),
        seen=frozenset(_seen(value.get("seen", []))),
    )


def _seen(listed: Any) -> Iterable[tuple[int, int]]:
    for one in listed if isinstance(listed, list) else [None]:
        start, length = (one.get("start"), one.get("length")) if isinstance(one, dict) else (None, None)
        if type(start) is not int or type(length) is not int:
            raise Unprocessable("`seen` er en liste av funn med `start` og `length`.", field="seen")
        yield start, length


def _plain(one: Finding) -> dict[str, Any]:
    nb, nn = wording.reason(one)
    return {
        "kind": one.what.value,
        "start": one.start,
        "length": one.end - one.start,
        "certain": one.certain,
        "nb": nb,
        "nn": nn,
    }


def _shown(kept: Kept) -> dict[str, Any]:
    return {
        "id": kept.id,
        "recipient": kept.recipient,
        "confirmedBy": kept.by,
        "confirmed": kept.confirmed.isoformat(),
        "findings": kept.findings,
        "delivery": {"state": kept.state, "error": kept.error},
    }
