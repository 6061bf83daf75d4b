"""A shared plan as one FHIR Bundle, to be taken into a system by hand: each resource as a read under /fhir
would give it to the reader's organization, and nothing else. Told like any answer."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.exchange.fhir_form import Forms, instant
from gateway.exchange.participant_sight import sight_at_pages
from gateway.exchange.sight import Moment
from gateway.web.clinic.shared import SharedPlan
from gateway.web.insight import RECIPIENT
from mappings.model import Resource


def bundle(connection: Connection, plan: SharedPlan, base: str, now: datetime) -> tuple[Resource, list[str]]:
    """The Bundle, of type collection, and what it tells. base: our address of /fhir, without a slash."""
    insight = plan.insight
    here = insight.here
    sight = sight_at_pages(
        connection,
        insight.settings,
        here.facts,
        here.me,
        RECIPIENT,
        insight.now,
        Moment(here.change_no, here.facts_no),
    )
    sight.everything()
    forms, team = Forms(sight), f"CareTeam/{plan.frame.partition('/')[2]}"
    found = [
        edition
        for ref in (f"Patient/{here.person}", plan.frame, team, *sorted(plan.seen.keys() - {plan.frame}))
        if (ref in plan.seen or ref in sight.seen) and (edition := forms.current(ref)) is not None
    ]
    once = {one.ref: one for one in found}
    entries: list[Any] = [{"fullUrl": f"{base}/{ref}", "resource": one.resource} for ref, one in once.items()]
    made: Resource = {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "type": "collection",
        "timestamp": instant(now),
        "entry": entries,
    }
    return made, [ref for ref in once if ref in plan.seen]
