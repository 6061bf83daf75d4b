"""How an item looks at one recipient: what it may see, in the shape its mapping can hold, with ids it knows.

A native system gets one record per item; a FHIR server one resource each, the log or plan with the goals,
measures and team that this recipient may see (derived here, never stored).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.config import System
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import View
from mappings import derived, reading
from mappings.model import ITEM, Ids, RecordMapping, Resource, State
from mappings.references import PEER, VERSIONED, rewrite

# Whoever is written here takes part there: a system's own participants and consents are never ours to add.
OWN_TO_EACH_SYSTEM = frozenset({"CarePlan", "PractitionerRole", "RelatedPerson", "Consent"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One record to be: its reference, and the state the recipient would hold."""

    ref: str
    item: str
    state: State


def units(system: System, mapping: RecordMapping, view: View) -> list[Unit]:
    """The records of one permitted item at a recipient; none when it has no form for it."""
    if not view.permitted:
        return []
    if system.adapter == "fhir":
        return [
            Unit(ref, view.item, State({ITEM: resource}))
            for ref, resource in view.resources.items()
            if mapping.slots(resource) is not None
        ]
    slots = mapping.slots(view.resources[view.item])
    if slots is None:
        return []
    focus = {slot: view.resources[ref] for slot, ref in slots.items() if ref in view.resources}
    return [Unit(view.item, view.item, State(focus))]


def with_members(frame: Unit, resources: Iterable[Resource]) -> list[Unit]:
    """A log or plan as a FHIR server gets it: with its visible goals and measures, and its team beside it."""
    plan = frame.state.focus[ITEM]
    own = [one for one in resources if reading.belongs_to(one) == frame.ref]
    team = derived.care_team(plan, plan["id"], own)
    full = Unit(frame.ref, frame.item, State({ITEM: derived.with_members(plan, own, team)}))
    return [Unit(f"CareTeam/{plan['id']}", frame.item, State({ITEM: team})), full] if team else [full]


def subject_at(facts: PersonFacts, names: Mapping[str, str]) -> str | None:
    """What a FHIR server calls the person; None where it is not known to have it."""
    return next((names[ref] for ref in (f"Patient/{facts.person}", *facts.patients) if ref in names), None)


def ids_at(
    system: System,
    facts: PersonFacts,
    names: Mapping[str, str],
    subject: str | None,
    *,
    own: str | None,
    former: Mapping[str, str] | None = None,
) -> Ids:
    """Ids of the person's things at a recipient. A participant it does not have is called by the one that is
    the same natural person there, if there is one."""
    natives = dict(names)
    for ref, group in facts.twins.items():
        if ref not in natives:
            same = next((names[twin] for twin in sorted(group) if twin in names), None)
            if same is not None:
                natives[ref] = same
    patient = f"Patient/{facts.person}"
    if subject is not None:
        natives[patient] = subject
    if own is not None and own not in natives and system.adapter != "fhir":
        natives[own] = (former or {}).get(own) or own.partition("/")[2]  # its own, or ours, which it takes
    for other in facts.patients if len(facts.patients) > 1 else ():  # it knows the child by one of them
        natives.setdefault(other, subject if subject is not None else other.partition("/")[2])
    refs = {native: ref for ref, native in natives.items()}
    refs.update({native: ref for ref, native in names.items()})
    return Ids(
        subject=patient,
        frame=facts.frame_in(system.id) or "",
        system=system.id,
        refs=refs,
        natives=natives,
    )


def shareable(system: System, focus: Mapping[str, Resource]) -> dict[str, Resource]:
    """What of a focus concerns the recipient at all: which log or plan of another system an item belongs to
    says nothing to a FHIR server."""
    if system.adapter != "fhir":
        return dict(focus)
    return {slot: reading.without_belonging(one) for slot, one in focus.items()}


def as_held(state: State, ids: Ids) -> State:
    """What a recipient holds of a state: without the references that lead to nothing it has. What it never
    got is then no loss when it answers, and is sent once it has what they lead to."""
    parts = {f"{one['resourceType']}/{one['id']}" for one in state.focus.values()}

    def known(text: str) -> str | None:
        versioned = VERSIONED.fullmatch(text)
        ref = versioned.group(1) if versioned else text
        there = ref in parts or ref in ids.natives or ref == ids.subject or text.startswith(PEER)
        return text if there else None

    return State({slot: rewrite(one, known) for slot, one in state.focus.items()}, state.rest)
