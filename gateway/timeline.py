"""One merged list of what happened, over all systems: from what a reader may see of a person's items to
entries, newest first, each once. Pure; what is not in what it is given cannot be in what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import RECORD
from gateway.exchange.seen import Seen
from gateway.hub.absences import Absence
from gateway.timeline_entry import Author, Entry, Part, Told, once
from mappings import derived, reading, telling
from mappings.canonical import ENH, LEVEL, LEVEL_HISTORY
from mappings.model import Json, Resource

OSLO: Final = ZoneInfo("Europe/Oslo")
KINDS: Final = {
    "Goal": "maal",
    "ServiceRequest": "tiltak",
    "Procedure": "tiltak",
    "Communication": "melding",
    "Appointment": "moete",
    "Encounter": "kontakt",
    "EpisodeOfCare": "kontakt",
    "DocumentReference": "dokument",
    "Composition": "dokument",
    "DiagnosticReport": "rapport",
    "Observation": "observasjon",
    "QuestionnaireResponse": "skjema",
    "Condition": "tilstand",
    "Flag": "varsel",
    "AllergyIntolerance": "varsel",
    "Task": "oppgave",
    "CommunicationRequest": "oppgave",
    "Consent": "samtykke",
    "CarePlan": "plan",
    "CareTeam": "team",
}
OTHER: Final = "annet"  # a stranger's of any other type
MEDICATION: Final = "legemiddel"
LEAP: Final = re.compile(r"(T\d\d:\d\d:)60")
LEVEL_CHANGE: Final = "nivaa"
MINUTES: Final = "moetereferat"  # told with their meeting
UNTOLD: Final = frozenset({"Patient", "PractitionerRole", "RelatedPerson", "Practitioner", "Organization",
                           "Provenance", "AuditEvent", "Binary"})  # fmt: skip
ALL: Final = tuple(dict.fromkeys((
    *KINDS.values(), "henvisning", "lysglimt", "notat", "overfoering", "evaluering", "effekt",
    "forhold", "hovedmaal", "delmaal", LEVEL_CHANGE, MEDICATION, OTHER,
)))  # fmt: skip


@dataclass(frozen=True)
class Timeline:
    """What a reader sees of one person, as entries. Values that do not change while it is read."""

    seen: Mapping[str, Seen]
    provenances: Mapping[str, Resource]
    facts: PersonFacts
    absences: Iterable[Absence] = ()
    _participants: dict[str, tuple[Author, str | None, tuple[str, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def entries(self) -> list[Entry]:
        """All of them, newest first; the same told by several systems once."""
        found = [entry for one in self.seen.values() for entry in self._of(one)]
        return sorted(once(found), key=lambda e: e.place, reverse=True)

    def _of(self, one: Seen) -> Iterator[Entry]:
        kind, own = one.resource["resourceType"], self._kinds[one.ref]
        if reading.in_error(one.resource) or derived.is_team_of_frame(one.resource):
            return
        if kind == "CarePlan" and own is not None:
            yield from self._level_changes(one)  # of a log or plan only that: what is in it is told by itself
        elif kind not in UNTOLD and own != MINUTES:
            yield self._entry(one, own)

    def _entry(self, one: Seen, own: str | None) -> Entry:
        resource = one.resource
        text, moment = _when(one)
        author, service, used = self._author(one)
        meeting = resource["resourceType"] == "Appointment"
        minutes = self._minutes.get(one.ref) if meeting else None
        return Entry(
            id=one.ref.replace("/", "-"),
            resource=one.ref,
            kind=_kind(own, resource),
            time=text,
            moment=moment,
            systems=(one.version.created_by,),
            refs=(one.ref, *used, *([minutes.ref] if minutes else [])),
            said=Told(resource, resource if not meeting else minutes.resource if minutes else None),
            author=author,
            service=service,
            level=self._level(resource, moment),
            missing=self._missing.get(one.ref, ()),
        )

    @cached_property
    def _minutes(self) -> dict[str, Seen]:
        """Of meetings, where they may be seen: the first of each, by reference of the meeting."""
        found = [self.seen[ref] for ref, kind in self._kinds.items() if kind == MINUTES]
        return {one.item: one for one in reversed(found)}

    @cached_property
    def _kinds(self) -> dict[str, str | None]:
        """Our entry kind of each, where it carries one."""
        return {ref: reading.kind_of(one.resource) for ref, one in self.seen.items()}

    @cached_property
    def _missing(self) -> dict[str, tuple[Absence, ...]]:
        found: dict[str, tuple[Absence, ...]] = {}
        for gone in self.absences:
            found[gone.ref] = (*found.get(gone.ref, ()), gone)
        return found

    # --- who ---------------------------------------------------------------------------------------------

    def _author(self, one: Seen) -> tuple[Author | None, str | None, tuple[str, ...]]:
        who = _who(self.provenances.get(one.item) or self.provenances.get(one.ref))
        identifier = who.get("identifier") or {}
        system, value = str(identifier.get("system", "")), str(identifier.get("value", ""))
        participant = who.get("reference")
        if system.startswith(RECORD):
            participant = self.facts.authors.get((system.removeprefix(RECORD), value))
        if participant is not None and participant in self.seen:
            return self._participant(participant)
        if who.keys() == {"display"}:  # known by name alone: part of what was written, matched with nobody
            return Author(None, str(who["display"]), None), None, ()
        name, number = telling.who_of(one.resource)
        organization = number or (value if system == ENH else None)
        told = Author(None, name, None) if name else None
        return told, self._service(organization) if organization else None, ()

    def _participant(self, ref: str) -> tuple[Author, str | None, tuple[str, ...]]:
        """One that is seen, as an author, with their service. Each is read once."""
        if ref not in self._participants:
            seen = self.seen[ref]
            known = reading.participant_of(seen.resource)
            author = Author(seen.ref, _name(seen.resource), known.role if known else None)
            self._participants[ref] = author, known.service if known else None, (seen.ref,)
        return self._participants[ref]

    def _service(self, organization: str) -> str | None:
        """The service of an organization here, if one of its people is seen."""
        found = (p for p in self.facts.facts.participants if p.organization == organization)
        return next((p.service for p in found if p.id in self.seen and p.service), None)

    # --- level -------------------------------------------------------------------------------------------

    def _level_changes(self, one: Seen) -> Iterator[Entry]:
        author, service, used = self._author(one)
        for number, (level, since, _, reason) in enumerate(level_history(one.resource)):
            moment = _moment(since)
            if moment is not None:
                yield Entry(
                    id=f"{one.ref.replace('/', '-')}-nivaa-{number}",
                    resource=one.ref,
                    kind=LEVEL_CHANGE,
                    time=since,
                    moment=moment,
                    systems=(one.version.created_by,),
                    refs=(one.ref, *used),
                    said=Part(f"Nivå {level}", reason),
                    author=author,
                    service=service,
                    level=level,
                )

    @cached_property
    def _levels(self) -> dict[str, list[tuple[int, datetime, datetime | None]]]:
        """(level, from, to) of each log that is seen, the newest first."""
        out = {}
        for frame in (f for f in self.facts.frames if f in self.seen):
            steps = reversed(level_history(self.seen[frame].resource))
            read = (
                (level, _moment(since), _moment(until) if until else None) for level, since, until, _ in steps
            )
            out[frame] = [(level, start, end) for level, start, end in read if start is not None]
        return out

    def _level(self, resource: Resource, moment: datetime) -> int | None:
        """BTI nivå at that time: of the log the item belongs to, else of any log that says one."""
        own = reading.belongs_to(resource)
        for frame in sorted(self._levels, key=lambda f: f != own):
            for level, start, end in self._levels[frame]:
                if start <= moment and (end is None or moment < end):
                    return level
        return None


def kind_of(resource: Resource) -> str:
    """What an entry about this is called: one of ALL."""
    return _kind(reading.kind_of(resource), resource)


def _kind(own: str | None, resource: Resource) -> str:
    if own in ALL:
        return own
    kind = resource["resourceType"]
    return KINDS.get(kind) or (MEDICATION if kind.startswith(("Medication", "Immunization")) else OTHER)


def level_of(plan: Resource) -> int | None:
    """The level a log says it is at; None where it says none, or may not be seen to."""
    for one in plan.get("extension") or ():
        code = (one.get("valueCoding") or {}).get("code") if one.get("url") == LEVEL else None
        if code in ("0", "1", "2", "3"):
            return int(code)
    return None


def level_history(plan: Resource) -> list[tuple[int, str, str | None, str | None]]:
    """(level, from, to, reason) of each step of the level history that can be read."""
    out = []
    for step in plan.get("extension") or ():
        if step.get("url") != LEVEL_HISTORY:
            continue
        parts = {p.get("url"): p for p in step.get("extension") or ()}
        code = (parts.get("nivaa", {}).get("valueCoding") or {}).get("code")
        since = parts.get("fra", {}).get("valueDate")
        if code in ("0", "1", "2", "3") and since:
            until = parts.get("til", {}).get("valueDate")
            out.append((int(code), since, until, parts.get("begrunnelse", {}).get("valueString")))
    return out


def _who(provenance: Resource | None) -> dict[str, Json]:
    """Who wrote it first, where that is said; else who wrote it last."""
    agents = (provenance or {}).get("agent") or []
    first = next((a for a in agents if "author" in _codes(a.get("type"))), agents[0] if agents else {})
    who: dict[str, Json] = first.get("who") or {}
    return who


def _codes(concept: Json) -> set[str | None]:
    return {c.get("code") for c in (concept or {}).get("coding") or ()}


def _name(resource: Resource) -> str | None:
    names = resource.get("name") or [n for c in resource.get("contained") or () for n in c.get("name") or ()]
    if not names:
        return None
    parts = [*(names[0].get("given") or ()), names[0].get("family")]
    return " ".join(p for p in parts if p) or names[0].get("text")


def _when(one: Seen) -> tuple[str, datetime]:
    """As its source wrote it, and as a point in time."""
    for text in telling.times_of(one.resource):
        moment = _moment(text)
        if moment is not None:
            return text, moment
    moment = one.version.first_recorded or one.version.stored
    return _plain(moment), moment


def _moment(text: str) -> datetime | None:
    """A FHIR date or dateTime as a point in time; a year, month or day begins at midnight in Oslo."""
    try:
        if len(text) <= len("2026-11-21"):
            first = date.fromisoformat(f"{text}-01-01"[: len("2026-11-21")])
            return datetime.combine(first, time(), OSLO).astimezone(UTC)
        found = datetime.fromisoformat(LEAP.sub(r"\g<1>59", text) if ":60" in text else text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):  # no time, or one at the very edge of the calendar
        return None


def _plain(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
