"""The mapping bench: a record that somebody pastes, or a made-up one, as FHIR and back, and what each
recipient would be given of it. What is pasted is answered and kept nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from gateway import jsontext
from gateway.config import System
from gateway.operating import conversion, mapping_of
from gateway.operating.faults import Impossible
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.door import Fields, Form
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.rendering import PageRoute, page
from mappings import reading
from mappings.lens.system import SystemMapping
from mappings.model import RecordMapping

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
SAMPLES: Final = Path(__file__).parents[2] / "demo" / "samples"  # children that nobody is
MOST: Final = 50  # records on one page


@router.get("/proevebenk")
def bench(request: Request, desk: AtDesk, who: Operating) -> Response:
    """The empty bench."""
    return _page(request, desk, who, {})


@router.post("/proevebenk")
def tried(request: Request, desk: AtDesk, who: Operating, fields: Form) -> Response:
    """What becomes of it."""
    try:
        made = _tried(desk, who, fields)
    except Impossible as error:
        return _page(request, desk, who, fields, wrong=str(error), status=422)
    return _page(request, desk, who, fields, made=made)


def _page(
    request: Request,
    desk: WebDesk,
    who: Operator,
    fields: Fields,
    *,
    made: dict[str, Any] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    return page(
        request,
        "operations/bench",
        session=who.session,
        status=status,
        systems=[one.id for one in _systems(desk, who)],
        samples=_samples(),
        chosen={name: fields.get(name, [""])[0] for name in ("system", "eksempel", "post")},
        made=made,
        wrong=wrong,
    )


def _tried(desk: WebDesk, who: Operator, fields: Fields) -> dict[str, Any]:
    system = next((one for one in _systems(desk, who) if [one.id] == fields.get("system")), None)
    if system is None:
        raise Impossible("Choose the system whose mapping is tried.")
    mapping = desk.service.mappings[system.id]
    assert isinstance(mapping, SystemMapping)
    natives = conversion.records_of(mapping, _content(fields, mapping))[:MOST]
    if not all(isinstance(one, dict) for one in natives):
        raise Impossible("A record is a JSON object, or a list of them.")
    found = [conversion.tried(mapping, one) for one in natives]
    taken = [one.native for one in found if not one.refused]
    return {
        "records": [
            {
                "native": _text(one.native),
                "refused": one.refused,
                "fhir": [_text(resource) for resource in one.resources if _shown(resource)],
                "categories": sorted({c for r in one.resources if _shown(r) for c in reading.category_of(r)}),
                "back": one.back,
                "alone": one.alone,
            }
            for one in found
        ],
        "got": [
            {"recipient": one.recipient, "records": [_text(r) for r in one.records], "lost": one.lost}
            for one in conversion.got(mapping, taken, _recipients(desk, system))
        ],
    }


def _recipients(desk: WebDesk, source: System) -> list[tuple[str, RecordMapping, bool]]:
    """Those to whom a route leads from the system."""
    service = desk.service
    found = service.settings.recipients_of(source.id)
    return [(one.id, service.mappings[one.id], one.adapter == "fhir") for one in found]


def _systems(desk: WebDesk, who: Operator) -> list[System]:
    """Those with records of their own, which a mapping file reads."""
    service = desk.service
    every = (one for one in service.settings.systems if one.tenant == who.tenant)
    return [one for one in every if isinstance(service.mappings[one.id], SystemMapping)]


def _samples() -> list[str]:
    return [f"{path.parent.name}/{path.stem}" for path in sorted(SAMPLES.glob("*/*.json"))]


def _content(fields: Fields, mapping: SystemMapping) -> bytes:
    pasted, sample = fields.get("post", [""])[0].strip(), fields.get("eksempel", [""])[0]
    if pasted:
        return pasted.encode()
    if sample not in _samples():
        raise Impossible("Paste a record, or choose an example.")
    if sample.partition("/")[0] not in mapping_of.OURS or sample.partition("/")[0] != mapping.name:
        raise Impossible("This example is of another kind of system: choose one whose mapping reads it.")
    return (SAMPLES / f"{sample}.json").read_bytes()


def _shown(resource: dict[str, Any]) -> bool:
    return bool(resource["resourceType"] != "Provenance")


def _text(value: Any) -> str:
    return msgspec.json.format(jsontext.encode(value), indent=2).decode()
