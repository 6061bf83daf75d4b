"""One merged list of what happened, over all systems: from what a reader may see of a person's items to
entries, newest first, each once. Pure; what is not in what it is given cannot be in what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import RECORD
from gateway.exchange.seen import Seen
from gateway.hub.absences import Absence
from mappings import derived, reading, telling
from mappings.canonical import ENH, LEVEL_HISTORY
from mappings.model import Json, Resource
from mappings.referrals import Step, referral_of
from mappings.same_document import document_keys

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


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it: organization always where known, name and role only of a participant the reader sees."""

    participant: str | None
    name: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. time: as its source wrote it; moment: the same as a point in time. systems:
    all that tell the same, the first that told it in front. refs: every resource that was used. missing:
    where it is no longer told of, though it stands."""

    id: str
    resource: str
    kind: str
    time: str
    moment: datetime
    systems: tuple[str, ...]
    refs: tuple[str, ...]
    title: str | None = None
    text: str | None = None
    status: str | None = None
    author: Author | None = None
    service: str | None = None
    level: int | None = None
    missing: tuple[Absence, ...] = ()
    steps: tuple[Step, ...] = ()  # of a referral: how far it has come
    same: frozenset[str] = frozenset()  # by what a document is known in other systems too

    @property
    def place(self) -> tuple[datetime, str]:
        """Its place in the list."""
        return self.moment, self.id


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a reader sees of one person, as entries."""

    seen: Mapping[str, Seen]
    provenances: Mapping[str, Resource]
    facts: PersonFacts
    absences: Iterable[Absence] = ()

    def entries(self) -> list[Entry]:
        """All of them, newest first; the same told by several systems once."""
        found = [entry for one in self.seen.values() for entry in self._of(one)]
        return sorted(_once(found), key=lambda e: e.place, reverse=True)

    def _of(self, one: Seen) -> Iterator[Entry]:
        kind = one.resource["resourceType"]
        if reading.in_error(one.resource) or derived.is_team_of_frame(one.resource):
            return
        if kind == "CarePlan" and reading.kind_of(one.resource) is not None:
            yield from self._levels(one)  # of a log or plan only that: what is in it is told by itself
        elif kind not in UNTOLD and reading.kind_of(one.resource) != MINUTES:
            yield self._entry(one)

    def _entry(self, one: Seen) -> Entry:
        resource = one.resource
        told = (text for text in telling.times_of(resource) if _moment(text))
        text = next(told, None) or _plain(one.version.first_recorded or one.version.stored)
        moment = _moment(text) or one.version.first_recorded or one.version.stored
        author, service, used = self._author(one)
        words, refs = self._words(one)
        return Entry(
            id=one.ref.replace("/", "-"),
            resource=one.ref,
            kind=kind_of(resource),
            time=text,
            moment=moment,
            systems=(one.version.created_by,),
            refs=(one.ref, *used, *refs),
            title=telling.title_of(resource),
            text=words,
            status=telling.status_of(resource),
            author=author,
            service=service,
            level=self._level(one, moment),
            missing=tuple(gone for gone in self.absences if gone.ref == one.ref),
            same=document_keys(resource),
            steps=referral.steps if (referral := referral_of(resource)) is not None else (),
        )

    def _words(self, one: Seen) -> tuple[str | None, tuple[str, ...]]:
        """What was said; of a meeting its minutes, where they may be seen."""
        if one.resource["resourceType"] != "Appointment":
            return telling.text_of(one.resource), ()
        minutes = [
            (ref, telling.text_of(other.resource))
            for ref, other in self.seen.items()
            if other.item == one.ref and reading.kind_of(other.resource) == MINUTES
        ]
        return (minutes[0][1], (minutes[0][0],)) if minutes else (None, ())

    # --- who ---------------------------------------------------------------------------------------------

    def _author(self, one: Seen) -> tuple[Author | None, str | None, tuple[str, ...]]:
        who = _who(self.provenances.get(one.item) or self.provenances.get(one.ref))
        identifier = who.get("identifier") or {}
        system, value = str(identifier.get("system", "")), str(identifier.get("value", ""))
        participant = who.get("reference")
        if system.startswith(RECORD):
            participant = self.facts.authors.get((system.removeprefix(RECORD), value))
        seen = self.seen.get(participant or "")
        if seen is not None:
            known = reading.participant_of(seen.resource)
            author = Author(seen.ref, _name(seen.resource), known.role if known else None)
            return author, known.service if known else None, (seen.ref,)
        if who.keys() == {"display"}:  # known by name alone: part of what was written, matched with nobody
            return Author(None, str(who["display"]), None), None, ()
        name, number = telling.who_of(one.resource)
        organization = number or (value if system == ENH else None)
        told = Author(None, name, None) if name else None
        return told, self._service(organization) if organization else None, ()

    def _service(self, organization: str) -> str | None:
        """The service of an organization here, if one of its people is seen."""
        found = (p for p in self.facts.facts.participants if p.organization == organization)
        return next((p.service for p in found if p.id in self.seen and p.service), None)

    # --- level -------------------------------------------------------------------------------------------

    def _levels(self, one: Seen) -> Iterator[Entry]:
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
                    title=f"Nivå {level}",
                    text=reason,
                    author=author,
                    service=service,
                    level=level,
                )

    def _level(self, one: Seen, moment: datetime) -> int | None:
        """BTI nivå at that time: of the log the item belongs to, else of any log that says one."""
        own = reading.belongs_to(one.resource)
        frames = sorted((f for f in self.facts.frames if f in self.seen), key=lambda f: f != own)
        for frame in frames:
            for level, since, until, _ in reversed(level_history(self.seen[frame].resource)):
                start, end = _moment(since), _moment(until) if until else None
                if start is not None and start <= moment and (end is None or moment < end):
                    return level
        return None


def _once(found: Iterable[Entry]) -> Iterable[Entry]:
    """What several systems tell with the same words of the same time is one entry, the earliest stored; so is
    a document that several systems hold. Both are seen by the reader: neither opens the other."""
    kept: dict[str, Entry] = {}
    places: dict[Any, str] = {}  # what entries are known by -> the id of the entry that stands for them
    for entry in found:
        keys = [*sorted(entry.same), *_told(entry)]
        first = next((kept[places[key]] for key in keys if key in places), None)
        if first is None or entry.systems[0] in first.systems:
            kept[entry.id] = entry
            places |= {key: entry.id for key in keys if key not in places}
            continue
        joined = tuple(dict.fromkeys((*first.systems, *entry.systems)))
        missing = (*first.missing, *entry.missing)
        kept[first.id] = replace(first, systems=joined, refs=(*first.refs, *entry.refs), missing=missing)
        places |= {key: first.id for key in keys if key not in places}
    return kept.values()


def _told(entry: Entry) -> Iterator[tuple[Any, ...]]:
    if entry.title or entry.text:
        yield entry.kind, entry.moment, entry.title, entry.text


def kind_of(resource: Resource) -> str:
    """What an entry about this is called: one of ALL."""
    own, kind = reading.kind_of(resource), resource["resourceType"]
    if own in ALL:
        return own
    return KINDS.get(kind) or (MEDICATION if kind.startswith(("Medication", "Immunization")) else OTHER)


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


def _moment(text: str) -> datetime | None:
    """A FHIR date or dateTime as a point in time; a year, month or day begins at midnight in Oslo."""
    try:
        if len(text) <= len("2026-11-21"):
            first = date.fromisoformat(f"{text}-01-01"[: len("2026-11-21")])
            return datetime.combine(first, time(), OSLO).astimezone(UTC)
        found = datetime.fromisoformat(LEAP.sub(r"\g<1>59", text))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):  # no time, or one at the very edge of the calendar
        return None


def _plain(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
