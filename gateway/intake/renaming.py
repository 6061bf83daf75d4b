"""A log or plan that has been taken in under another number than it stated before: the new number becomes one
more by which the person is found, and the one it takes the place of is kept as a former one."""

from __future__ import annotations

from gateway.hub import identities
from gateway.hub.identities import Stated
from gateway.hub.links import Link
from gateway.hub.persons import IdentifierKey
from gateway.intake.workspace import Workspace
from mappings import reading
from mappings.canonical import NATIONAL_IDS
from mappings.model import Heading, Resource


def unnumbered(patient: Resource) -> Resource:
    """What somebody who may not say who a person is says of a patient: nothing of national numbers."""
    left = [one for one in patient.get("identifier", ()) if one.get("system") not in NATIONAL_IDS]
    rest = {name: value for name, value in patient.items() if name != "identifier"}
    return {**rest, "identifier": left} if left else rest


def stated_before(key: IdentifierKey, link: Link | None) -> frozenset[str] | None:
    """Hashes of what the system said of the child's numbers the last time; None where it never has."""
    patients = [r for r in link.held.focus.values() if r["resourceType"] == "Patient"] if link else []
    if not patients:
        return None
    return frozenset(one.hash for one in identities.stated(key, reading.person_of(patients[0]).identifiers))


def take_numbers(
    ws: Workspace, heading: Heading, person: str, before: frozenset[str] | None, *, late: bool
) -> None:
    """Take in the numbers that a stored record states. before: what the same system stated. late: the record
    was an older edition, so what it states and nobody knew is a former number."""
    said = ws.stated.get(heading, ())
    if before is not None and before == {one.hash for one in said}:
        return
    own = identities.of_person(ws.connection, ws.tenant, person)
    patient = ws.patient_of(heading.id, person)
    new = [one for one in said if one.hash not in own]
    until = ws.now if late else None
    identities.add(ws.connection, ws.tenant, person, patient, new, ws.system, ws.now, until=until)
    if new:
        ws.fact(person)
    if before is not None and not late:
        _replace(ws, person, patient, before, said)


def _replace(
    ws: Workspace, person: str, patient: str, before: frozenset[str], said: tuple[Stated, ...]
) -> None:
    """What the system no longer states was used until now; what it states again is used again."""
    own = identities.of_person(ws.connection, ws.tenant, person)
    now_said = {one.hash for one in said}
    former = [own[h] for h in before - now_said if h in own and own[h].until is None] if said else []
    identities.retire(ws.connection, ws.tenant, former, ws.now)
    identities.revive(ws.connection, ws.tenant, [own[h] for h in now_said if h in own and own[h].until])
    if any(one.kind != "dnr" for one in former):
        identities.doubt_patients(ws.connection, ws.tenant, patient, ws.system)
        ws.fact(person)
