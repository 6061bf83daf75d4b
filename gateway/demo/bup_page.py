"""What BUP's page shows of one child: plain values for the template, from whatever resources are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.demo.bup_writing import ACHIEVEMENTS, REFERRAL_STATES, achievement_of
from gateway.demo.fhir_search import subjects
from gateway.demo.fhir_store import FhirStore, Version
from gateway.demo.words import day

Resource = dict[str, Any]
SECTIONS = (
    ("Plan", ("CarePlan",)),
    ("Mål", ("Goal",)),
    ("Tiltak", ("ServiceRequest",)),
    ("Meldinger og lysglimt", ("Communication",)),
    ("Møter", ("Appointment",)),
    ("Evalueringer", ("Observation",)),
    ("Dokumenter", ("DocumentReference",)),
    ("Samtykker", ("Consent",)),
)
TYPE_WORDS = {
    "CarePlan": "Plan",
    "CareTeam": "Deltakere",
    "Goal": "Mål",
    "ServiceRequest": "Tiltak",
    "Communication": "Melding",
    "Appointment": "Møte",
    "Observation": "Evaluering",
    "DocumentReference": "Dokument",
    "Consent": "Samtykke",
}
ACKNOWLEDGED = ("Appointment", "Communication", "DocumentReference", "Goal", "Observation", "ServiceRequest")
STATUS_WORDS = {
    "draft": "planlagt",
    "active": "pågår",
    "on-hold": "på vent",
    "completed": "avsluttet",
    "revoked": "avbrutt",
    "cancelled": "avlyst",
    "proposed": "foreslått",
    "booked": "avtalt",
    "fulfilled": "gjennomført",
    "final": "ferdig",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One resource on the page. source: empty when BUP wrote it itself."""

    id: str
    kind: str
    version: int
    text: str
    lines: tuple[str, ...]
    source: str
    updated: str
    achievement: str = ""
    can_answer: bool = False
    ref: str = ""  # of what BUP can say that it has taken over
    said: str = ""  # what it has said: a Task's status
    is_referral: bool = False


@dataclass(frozen=True, slots=True)
class PatientPage:
    """One child at BUP."""

    id: str
    name: str
    born: str
    sections: tuple[tuple[str, tuple[Card, ...]], ...]
    team: tuple[str, ...]
    authors: tuple[tuple[str, str], ...]  # (reference, name) of those who can sign
    news: tuple[str, ...]
    goals: tuple[Card, ...]


def name_of(resource: Resource) -> str:
    """The name of a patient, practitioner, relative or organization."""
    name = resource.get("name")
    if isinstance(name, str):
        return name
    first = name[0] if isinstance(name, list) and name else {}
    if first.get("text"):
        return str(first["text"])
    middle = [e.get("valueString") for e in first.get("extension", []) if "middlename" in e.get("url", "")]
    return " ".join(p for p in [*first.get("given", []), *middle, first.get("family")] if p) or "Uten navn"


def patient_page(store: FhirStore, patient: Version, organization: str) -> PatientPage:
    """Everything about one patient. organization: BUP's own number, to find who can sign."""
    people = _People(store)
    mine = {
        kind: [v for v in store.current(kind) if patient.reference in subjects(v.resource)]
        for kind in TYPE_WORDS
    }
    said = {
        str((v.resource.get("focus") or {}).get("reference")): str(v.resource.get("status"))
        for v in store.current("Task")
    }
    sections = tuple(
        (heading, tuple(_card(one, people, said) for kind in kinds for one in mine[kind]))
        for heading, kinds in SECTIONS
    )
    members = _members(mine["CareTeam"])
    goals = next(cards for heading, cards in sections if heading == "Mål")
    return PatientPage(
        id=patient.id,
        name=name_of(patient.resource),
        born=day(patient.resource.get("birthDate")),
        sections=sections,
        team=tuple(dict.fromkeys(people.name(member) for member in members)),
        authors=people.of_organization(members, organization),
        news=_news(mine.values()),
        goals=goals,
    )


def task_of(store: FhirStore, about: str) -> Version | None:
    """The Task in which BUP says how something it was sent stands."""
    found = (v for v in store.current("Task") if (v.resource.get("focus") or {}).get("reference") == about)
    return next(found, None)


class _People:
    """Names behind references, looked up once."""

    def __init__(self, store: FhirStore) -> None:
        kinds = ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Organization")
        self._known = {v.reference: v.resource for kind in kinds for v in store.current(kind)}

    def name(self, element: Resource | None) -> str:
        """The name behind a reference element."""
        if not element:
            return ""
        if element.get("display"):
            return str(element["display"])
        resource = self._known.get(str(element.get("reference")))
        if resource is None:
            return "ukjent"
        if resource["resourceType"] != "PractitionerRole":
            return name_of(resource)
        return ", ".join(n for n in (self._holder(resource), self.name(resource.get("organization"))) if n)

    def _holder(self, role: Resource) -> str:
        """Who has the role; the person may stand inside the resource itself."""
        who = role.get("practitioner") or {}
        inside = [c for c in role.get("contained", []) if f"#{c.get('id')}" == who.get("reference")]
        return name_of(inside[0]) if inside else self.name(who)

    def of_organization(self, members: list[Resource], number: str) -> tuple[tuple[str, str], ...]:
        """Those of the members who work at an organization."""
        refs = dict.fromkeys(str(m["reference"]) for m in members if "reference" in m)
        named = {self.name({"reference": r}): r for r in refs if self._works_at(r, number)}
        return tuple((reference, name) for name, reference in named.items())

    def _works_at(self, reference: str, number: str) -> bool:
        role = self._known.get(reference, {})
        at = role.get("organization") or {}
        known = self._known.get(str(at.get("reference")), {})
        identifiers = [at.get("identifier") or {}, *known.get("identifier", [])]
        return any(identifier.get("value") == number for identifier in identifiers)


def _members(teams: Iterable[Version]) -> list[Resource]:
    return [p["member"] for team in teams for p in team.resource.get("participant", []) if "member" in p]


def _card(one: Version, people: _People, said: dict[str, str]) -> Card:
    resource = one.resource
    sent = one.shared and one.type in ACKNOWLEDGED
    return Card(
        id=one.id,
        kind=one.type,
        version=one.version,
        text=_text(resource),
        lines=tuple(line for line in _lines(resource, people) if line),
        source="Delt gjennom Stafettbro" if one.shared else "",
        updated=day(one.updated),
        achievement=achievement_of(resource),
        can_answer=one.type == "Communication",
        ref=one.reference if sent else "",
        said=REFERRAL_STATES.get(said.get(one.reference, ""), ""),
        is_referral=sent and _is_referral(resource),
    )


def _is_referral(resource: Resource) -> bool:
    codings = (c for concept in resource.get("category", []) for c in concept.get("coding", []))
    return any(c.get("code") == "henvisning" for c in codings)


def _text(resource: Resource) -> str:
    concept = resource.get("description") if resource["resourceType"] == "Goal" else resource.get("code")
    if isinstance(concept, dict) and concept.get("text"):
        return str(concept["text"])
    said = [str(p["contentString"]) for p in resource.get("payload", []) if "contentString" in p]
    title = resource.get("title") or resource.get("description") or (resource.get("topic") or {}).get("text")
    texts = [title if isinstance(title, str) else "", *said]
    return "\n".join(t for t in texts if t) or TYPE_WORDS.get(resource["resourceType"], "")


def _lines(resource: Resource, people: _People) -> list[str]:
    due = [day(t.get("dueDate")) for t in resource.get("target", [])]
    status = resource.get("status") or resource.get("lifecycleStatus") or ""
    notes = [str(n.get("text", "")) for n in resource.get("note", [])]
    author = people.name(resource.get("sender") or resource.get("requester") or resource.get("expressedBy"))
    recipients = ", ".join(people.name(r) for r in resource.get("recipient", []))
    return [
        f"Status: {STATUS_WORDS.get(status, status)}" if status else "",
        f"Måloppnåelse: {ACHIEVEMENTS.get(achievement_of(resource), '')}" if achievement_of(resource) else "",
        f"Evalueres innen: {due[0]}" if due and due[0] else "",
        f"Tid: {day(resource.get('start') or resource.get('sent'))}" if _timed(resource) else "",
        f"Fra: {author}" if author else "",
        f"Til: {recipients}" if recipients else "",
        str(resource.get("valueString", "")),
        str(resource.get("patientInstruction", "")),
        *notes,
    ]


def _timed(resource: Resource) -> bool:
    return bool(resource.get("start") or resource.get("sent"))


def _news(groups: Iterable[list[Version]]) -> tuple[str, ...]:
    latest = sorted((one for group in groups for one in group), key=lambda v: v.seq, reverse=True)[:8]
    return tuple(
        f"{day(one.updated)}: {TYPE_WORDS.get(one.type, one.type)} "
        f"{'delt gjennom Stafettbro' if one.shared else 'skrevet her'}"
        f"{'' if one.version == 1 else ' (endret)'}"
        for one in latest
    )
