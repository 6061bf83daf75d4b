"""The mapping bench: a record that somebody pastes, a made-up one or one of the hub, as FHIR and back, and
what each recipient would get of it and why. What is pasted is answered and kept nowhere; nothing is sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request, Response

from gateway.errors import NotFound
from gateway.exchange.reasons import Reason
from gateway.operating.assumed import OLDEST, PROTECTIONS
from gateway.operating.faults import Impossible
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.door import Fields, Form
from gateway.web.language import Language
from gateway.web.operations import bench_look, bench_trial
from gateway.web.operations.bench_look import OnBench
from gateway.web.operations.bench_trial import ASSUMED, CATEGORIES, one_of, plain, samples, systems_of
from gateway.web.operations.chosen import reason_of
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.operations.naming import FORM, opened
from gateway.web.rendering import PageRoute, language, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
Message = Annotated[str, Query(pattern=f"^$|{FORM}")]


@router.get("/proevebenk")
def bench(request: Request, desk: AtDesk, who: Operating, melding: Message = "") -> Response:
    """The empty bench. melding: a message, to be put on it by whoever may see what it says."""
    if melding:
        opened(who.session, "item", melding)
    return _page(request, desk, who, {"melding": [melding]})


@router.post("/proevebenk")
def tried(request: Request, desk: AtDesk, who: Operating, fields: Form) -> Response:
    """What becomes of records that somebody pasted."""
    try:
        words = cast(Literal["nb", "nn"], language(request).code)
        made = bench_trial.tried(desk, who, fields, words)
    except Impossible as error:
        return _page(request, desk, who, fields, wrong=error, status=422)
    return _page(request, desk, who, fields, made=made)


@router.post("/proevebenk/lagret")
def stored(request: Request, desk: AtDesk, who: Operating, fields: Form) -> Response:
    """A record of the hub; told and written down before the page is given. For those without the right there
    is no such page."""
    if not who.sees_content:
        raise NotFound("No such page")
    why, sealed = reason_of(fields), one_of(fields, "melding")
    if why is None:
        return _page(request, desk, who, fields, lacking="grunn-lagret", status=422)
    try:
        item = (
            opened(who.session, "item", sealed)
            if sealed
            else bench_look.reference(
                desk.service, who, one_of(fields, "system"), one_of(fields, "id").strip()
            )
        )
        found = bench_look.on_bench(desk.service, who, item, why, language(request).code)
    except NotFound:
        return _page(request, desk, who, fields, lacking="id", status=404)
    return _page(request, desk, who, fields, stored=found, protected=found is None)


def _page(
    request: Request,
    desk: WebDesk,
    who: Operator,
    fields: Fields,
    *,
    made: dict[str, Any] | None = None,
    stored: OnBench | None = None,
    protected: bool = False,
    wrong: Impossible | None = None,
    lacking: str = "",
    status: int = 200,
) -> Response:
    names = ("system", "eksempel", "post", "for", "alder", "adresse", "skrevet", "til", "om", "barn",
             "id", "melding")  # fmt: skip
    return page(
        request,
        "operations/bench",
        session=who.session,
        status=status,
        pairs=_pairs(desk, who, language(request)),
        chosen={name: one_of(fields, name) or ASSUMED.get(name, "") for name in names},
        may_see=who.sees_content,
        reasons=[*Reason],
        made=made,
        stored=_stored(stored),
        protected=protected or bool(made and made["protected"]),
        wrong=wrong,
        lacking=lacking,
    )


def _pairs(desk: WebDesk, who: Operator, words: Language) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen: codes and words."""
    settings = desk.service.settings
    here = [one.id for one in settings.systems if one.tenant == who.tenant]
    return {
        "systems": [(one.id, one.id) for one in systems_of(desk, who)],
        "samples": [(one, one) for one in samples()],
        "ages": [(str(age), str(age)) for age in range(OLDEST)],
        "protections": [(one, words.of("drift.address", one)) for one in (*PROTECTIONS, "ukjent")],
        "organizations": [(one.number, one.name) for one in settings.organizations],
        "everywhere": [(one, one) for one in here],
        "categories": [(one, words.of("category", one)) for one in CATEGORIES],
    }


def _stored(found: OnBench | None) -> dict[str, Any] | None:
    if found is None:
        return None
    kind = found.item.partition("/")[0]
    each = [{"recipient": one.recipient, "items": [{"type": kind, **plain(one)}]} for one in found.judged]
    return {"one": found, "type": kind, "recipients": each}
