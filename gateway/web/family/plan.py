"""The plan as family and young person read it: goals in their own words first, what is done for each and by
whom, small good things, meetings, and who takes part. Values for the templates, of what the reader sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from gateway.web.consent_form import today
from gateway.web.consents_shown import Teller
from gateway.web.coordinator.authorship import author_of
from gateway.web.family.records import day, moment, participants, records, text
from gateway.web.files import has_file
from gateway.web.insight import Insight
from mappings.model import Record

COORDINATING: Final = ("koordinator", "barnekoordinator", "stafettholder")  # the first there is, on top
OPEN: Final = frozenset({"foreslaatt", "aktiv", "delvisNaadd"})
OF_GOALS: Final = frozenset({"maal", "hovedmaal", "delmaal"})
SHOWN: Final = ("Goal", "ServiceRequest", "Communication", "Appointment", "DocumentReference")
NEVER: Final = datetime.min.replace(tzinfo=UTC)
FAR: Final = datetime.max.replace(tzinfo=UTC)
Reference = str


@dataclass(frozen=True, slots=True)
class Measure:
    """What is done. who: responsible, in words; due: by when."""

    title: str
    about: str
    state: str
    who: str
    due: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Goal:
    """own: in the child's own words. late: its day of evaluation has passed."""

    own: str
    text: str
    state: str
    due: date | None
    late: bool
    evaluation: str
    measures: list[Measure]

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A small good thing."""

    text: str
    at: datetime | None
    who: str


@dataclass(frozen=True, slots=True)
class Document:
    """file: the reference of one whose file can be fetched."""

    title: str
    at: datetime | None
    file: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """people: name and how it was with them. opinion: what the child meant."""

    kind: str
    at: datetime | None
    place: str
    agenda: str
    people: list[tuple[str, str]]
    opinion: str
    minutes: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who takes part. does: what they answer for, or bring."""

    name: str
    role: str
    service: str
    unit: str
    phone: str
    does: list[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Tells one reader of one log or plan, and notes what it tells. known: its records by reference."""

    insight: Insight
    told: Teller
    known: Mapping[Reference, Record]

    @classmethod
    def of(cls, insight: Insight, told: Teller) -> Plan:
        """The plan as this reader sees it."""
        return cls(insight, told, dict(records(insight, *SHOWN)))

    def goals(self) -> list[Goal]:
        """Those still worked on first, and of those the ones in own words."""
        measures = list(self._take("tiltak"))
        goals = [self._goal(ref, one, measures) for ref, one in self._take(*OF_GOALS)]
        return sorted(goals, key=lambda one: (not one.open, not one.own))

    def loose(self) -> list[Measure]:
        """What is done without a goal that the reader sees."""
        goals = {ref for ref, one in self.known.items() if one["type"] in OF_GOALS}
        found = self._take("tiltak")
        return [self._measure(one) for _, one in found if goals.isdisjoint(one.get("maal") or ())]

    def _goal(self, ref: str, one: Record, measures: list[tuple[Reference, Record]]) -> Goal:
        due, state = day(one.get("evalueringsfrist")), text(one.get("status"))
        evaluated: dict[str, Any] = one.get("evaluering") or {}
        return Goal(
            own=text(one.get("egneOrd")),
            text=text(one.get("tekst")),
            state=state,
            due=due,
            late=due is not None and due < today(self.insight) and state in OPEN,
            evaluation=text(evaluated.get("tekst")),
            measures=[self._measure(m) for _, m in measures if ref in (m.get("maal") or ())],
        )

    def _measure(self, one: Record) -> Measure:
        effect: dict[str, Any] = one.get("effekt") or {}
        return Measure(
            title=text(one.get("tittel")),
            about=text(one.get("beskrivelse")),
            state=text(one.get("status")),
            who=self._who(one.get("ansvarlig")),
            due=day(one.get("frist")),
            outcome=text(effect.get("tekst")),
        )

    def glimpses(self, most: int) -> list[Glimpse]:
        """So many, the newest first."""
        found = [(ref, one) for ref, one in self.known.items() if one["type"] == "lysglimt"]
        found.sort(key=lambda pair: moment(pair[1].get("tidspunkt")) or NEVER, reverse=True)
        self.insight.tell(ref for ref, _ in found[:most])
        return [self._glimpse(ref, one) for ref, one in found[:most]]

    def _glimpse(self, ref: Reference, one: Record) -> Glimpse:
        return Glimpse(
            text(one.get("tekst")), moment(one.get("tidspunkt")), self._who(author_of(self.insight, ref))
        )

    def documents(self) -> list[Document]:
        """What the plan has of documents, the newest first."""
        found = sorted(
            self._take("dokument"), key=lambda pair: moment(pair[1].get("tidspunkt")) or NEVER, reverse=True
        )
        return [self._document(ref, one) for ref, one in found]

    def _document(self, ref: Reference, one: Record) -> Document:
        file = ref if has_file(self.insight.seen[ref]) else ""
        return Document(text(one.get("tittel")), moment(one.get("tidspunkt")), file)

    def meetings(self, most: int) -> tuple[list[Meeting], list[Meeting]]:
        """Those to come, the next first; so many of those that were, the last first. One without a time is
        to come."""
        found = [(moment(one.get("tid")), ref) for ref, one in self.known.items() if one["type"] == "moete"]
        now = self.insight.now
        coming = sorted(((at or FAR, ref) for at, ref in found if at is None or at >= now))
        been = sorted(((at, ref) for at, ref in found if at is not None and at < now), reverse=True)[:most]
        self.insight.tell(ref for _, ref in (*coming, *been))
        return [self._meeting(self.known[r]) for _, r in coming], [
            self._meeting(self.known[r]) for _, r in been
        ]

    def _meeting(self, one: Record) -> Meeting:
        of_child: dict[str, Any] = one.get("barnetDeltar") or {}
        came: Iterable[dict[str, Any]] = one.get("oppmoete") or ()
        return Meeting(
            kind=text(one.get("slag")),
            at=moment(one.get("tid")),
            place=text(one.get("sted")),
            agenda=text(one.get("agenda")),
            people=[(self._who(p.get("deltaker")), text(p.get("status"))) for p in came],
            opinion=text(of_child.get("barnetsMening")),
            minutes=text(one.get("referat")),
        )

    def people(self) -> list[Person]:
        """Who takes part now: those who coordinate first, then who works with it, then the family."""
        now = {one.id for one in self.told.taking_part()}
        found = [(ref, one) for ref, one in participants(self.insight) if ref in now]
        self.insight.tell(ref for ref, _ in found)
        answers = self._answers()
        shown = [(ref, self._person(ref, one, answers.get(ref, []))) for ref, one in found]
        rank = {role: n for n, role in enumerate((*COORDINATING, "stedfortreder"))}
        shown.sort(
            key=lambda pair: (
                rank.get(pair[1].role, len(rank)),
                pair[0].startswith("RelatedPerson/"),
                pair[1].name,
            )
        )
        return [person for _, person in shown]

    def _answers(self) -> dict[str, list[str]]:
        """By participant: the measures they answer for."""
        out: dict[str, list[str]] = {}
        for _, one in self._take("tiltak"):
            if text(one.get("tittel")) and isinstance(one.get("ansvarlig"), str):
                out.setdefault(one["ansvarlig"], []).append(text(one["tittel"]))
        return out

    def _person(self, ref: str, one: Record, answers: list[str]) -> Person:
        unit: dict[str, Any] = one.get("enhet") or {}
        brings = text(one.get("bidrag"))
        return Person(
            name=self.told.words("plan.you") if ref in self.insight.here.mine else self.told.name(ref),
            role=text(one.get("rolle")),
            service=text(one.get("tjeneste")),
            unit=text(unit.get("navn")),
            phone=text(one.get("telefon")),
            does=[*([brings] if brings else []), *answers],
        )

    def _who(self, ref: Any) -> str:
        return self.told.name(ref) if isinstance(ref, str) and "/" in ref else ""

    def _take(self, *types: str) -> Iterable[tuple[Reference, Record]]:
        for ref, one in self.known.items():
            if one["type"] in types:
                self.insight.tell([ref])
                yield ref, one
