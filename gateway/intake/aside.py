"""Records of a batch that are not taken in now, each answered so: a person has to decide whose they are, or
what we are just writing at their system may be the same. After the look for whose they are."""

from __future__ import annotations

from gateway.config import System
from gateway.hub import claims
from gateway.intake import waiting
from gateway.intake.answer import Answer, Status, rejected
from gateway.intake.arrival import Arrival, Batch, anchor
from gateway.intake.owners import Owners
from gateway.intake.workspace import Workspace


def asked(ws: Workspace, batch: Batch, arrivals: list[Arrival]) -> list[Arrival]:
    """What a person must decide about first waits, or was answered with no."""
    left = []
    for arrival in arrivals:
        heading, claim = arrival.heading, ws.asked.get(arrival.heading)
        if claim is None:
            left.append(arrival)
        elif claim.state is claims.State.DIFFERENT:
            label = (heading.type, heading.id)
            batch.answer(arrival, rejected(arrival.offered.record, claims.REFUSED, label=label))
        else:
            waiting.keep(ws, arrival, claim.waits)
            waits, told = claim.waits, (claim.problem, *heading.warnings)
            batch.answer(
                arrival, Answer(Status.WAITING, heading.type, heading.id, waits_for=waits, problems=told)
            )
    return left


def unsure(
    ws: Workspace, system: System, batch: Batch, arrivals: list[Arrival], owners: Owners
) -> list[Arrival]:
    """A record unknown to us may be what we have just created there: then it waits until we know its id, or
    that it is another (the next sweep looks). Taken as new it would be there twice, under one id."""
    strange = [a for a in arrivals if a.heading.id not in ws.names and not a.heading.is_frame]
    creating = ws.creating(system) if strange else set()
    unsure = [a for a in strange if owners.get(anchor(a.heading)) in creating]
    for arrival in unsure:
        own = arrival.heading.id
        waiting.keep(ws, arrival, own)
        batch.answer(arrival, Answer(Status.WAITING, arrival.heading.type, own, waits_for=own))
    return [a for a in arrivals if a not in unsure]


def busy(
    ws: Workspace, system: System, batch: Batch, arrivals: list[Arrival], owners: Owners
) -> list[Arrival]:
    """What a FHIR server says of a person whom we are writing about there may be ours, under ids that we do
    not know yet: left for the next time."""
    under_way = ws.busy(system, batch.asked)
    left = []
    for arrival in arrivals:
        heading = arrival.heading
        if owners.get(anchor(heading)) in under_way:
            batch.answer(arrival, Answer(Status.BUSY, heading.type, heading.id))
        else:
            left.append(arrival)
    return left
