"""The plan as family and young person read it: goals in their own words first, what is done for each and by
whom, small good things, meetings, and who takes part. Values for the templates, of what the reader sees; only
what stands on the page that is drawn is noted as told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from gateway.web.consent_form import today
from gateway.web.consents_shown import Teller
from gateway.web.coordinator.authorship import author_of
from gateway.web.family.plan_parts import OPEN, Document, Glimpse, Goal, Measure, Meeting, Person
from gateway.web.family.records import day, moment, participants, records, text
from gateway.web.family.sides import Part, cut
from gateway.web.files import has_file
from gateway.web.insight import Insight
from mappings.model import Record

COORDINATING: Final = ("koordinator", "barnekoordinator", "stafettholder")  # the first there is, on top
RANK: Final = {role: n for n, role in enumerate((*COORDINATING, "stedfortreder"))}
OF_GOALS: Final = frozenset({"maal", "hovedmaal", "delmaal"})
SHOWN: Final = ("Goal", "ServiceRequest", "Communication", "Appointment", "DocumentReference")
NEVER: Final = datetime.min.replace(tzinfo=UTC)
FAR: Final = datetime.max.replace(tzinfo=UTC)
AT_ONCE: Final = 20  # goals with their measures, and people, on a page of theirs
FEW: Final = 10  # of anything else
FEWEST: Final = 5  # meetings: each says much
DOES: Final = 3  # of what somebody answers for; all of it stands at the goals
Reference = str


@dataclass(frozen=True, slots=True)
class Plan:
    """Tells one reader of one log or plan, and notes what it tells. known: its records by reference, newest
    first."""

    insight: Insight
    told: Teller
    known: Mapping[Reference, Record]

    @classmethod
    def of(cls, insight: Insight, told: Teller) -> Plan:
        """The plan as this reader sees it."""
        insight.tell(
            ref for ref in (f"Patient/{insight.here.person}", insight.here.frame) if ref in insight.seen
        )
        return cls(insight, told, dict(records(insight, *SHOWN)))

    def goals(self, side: int) -> Part[Goal]:
        """Those still worked on first, and of those the ones in own words. A goal and each of its measures
        counts as one; one with more than there is room for goes on on the next page."""
        of_goal: dict[Reference, list[Reference]] = {}
        for ref in self._refs("tiltak"):
            for goal in self._goals_of(ref):
                of_goal.setdefault(goal, []).append(ref)
        order = sorted(self._refs(*OF_GOALS), key=lambda ref: (not self._open(ref), not self._own(ref)))
        rows = [(goal, ref) for goal in order for ref in (goal, *of_goal.get(goal, ()))]
        upon = cut(rows, side, AT_ONCE)
        self.insight.tell(ref for row in upon.items for ref in row)
        drawn = groupby(upon.items, key=lambda row: row[0])
        return Part(
            [self._goal(goal, [ref for _, ref in own]) for goal, own in drawn],
            upon.side,
            upon.pages,
            upon.count,
        )

    def loose(self, side: int) -> Part[Measure]:
        """What is done without a goal that the reader sees."""
        upon = cut([ref for ref in self._refs("tiltak") if not self._goals_of(ref)], side, FEW)
        self.insight.tell(upon.items)
        return Part([self._measure(ref) for ref in upon.items], upon.side, upon.pages, upon.count)

    def _goals_of(self, ref: Reference) -> list[Reference]:
        """The goals of a measure that the reader sees."""
        found = dict.fromkeys(self.known[ref].get("maal") or ())
        return [goal for goal in found if goal in self.known and self.known[goal]["type"] in OF_GOALS]

    def _open(self, ref: Reference) -> bool:
        return text(self.known[ref].get("status")) in OPEN

    def _own(self, ref: Reference) -> str:
        return text(self.known[ref].get("egneOrd"))

    def _goal(self, ref: Reference, upon: list[Reference]) -> Goal:
        """upon: what of it stands here, itself and its measures."""
        one = self.known[ref]
        due, state = day(one.get("evalueringsfrist")), text(one.get("status"))
        evaluated: dict[str, Any] = one.get("evaluering") or {}
        return Goal(
            own=self._own(ref),
            text=text(one.get("tekst")),
            state=state,
            due=due,
            late=due is not None and due < today(self.insight) and state in OPEN,
            evaluation=text(evaluated.get("tekst")),
            measures=[self._measure(m) for m in upon if m != ref],
            goes_on=ref not in upon,
        )

    def _measure(self, ref: Reference) -> Measure:
        one = self.known[ref]
        effect: dict[str, Any] = one.get("effekt") or {}
        return Measure(
            title=text(one.get("tittel")),
            about=text(one.get("beskrivelse")),
            state=text(one.get("status")),
            who=self._who(one.get("ansvarlig")),
            due=day(one.get("frist")),
            outcome=text(effect.get("tekst")),
        )

    def glimpses(self, side: int) -> Part[Glimpse]:
        """The newest first."""
        upon = cut(self._newest("lysglimt"), side, FEW)
        self.insight.tell(upon.items)
        return Part(
            [self._glimpse(ref, self.known[ref]) for ref in upon.items], upon.side, upon.pages, upon.count
        )

    def _glimpse(self, ref: Reference, one: Record) -> Glimpse:
        return Glimpse(
            text(one.get("tekst")), moment(one.get("tidspunkt")), self._who(author_of(self.insight, ref))
        )

    def documents(self, side: int) -> Part[Document]:
        """What the plan has of documents, the newest first."""
        upon = cut(self._newest("dokument"), side, FEW)
        self.insight.tell(upon.items)
        return Part(
            [self._document(ref, self.known[ref]) for ref in upon.items], upon.side, upon.pages, upon.count
        )

    def _document(self, ref: Reference, one: Record) -> Document:
        file = ref if has_file(self.insight.seen[ref]) else ""
        return Document(text(one.get("tittel")), moment(one.get("tidspunkt")), file)

    def coming(self, side: int) -> Part[Meeting]:
        """The meetings to come, the next first. One without a time is to come."""
        found = ((moment(self.known[ref].get("tid")), ref) for ref in self._refs("moete"))
        return self._meetings(
            sorted((at or FAR, ref) for at, ref in found if at is None or at >= self.insight.now), side
        )

    def been(self, side: int) -> Part[Meeting]:
        """Those that were, the last first."""
        found = ((moment(self.known[ref].get("tid")), ref) for ref in self._refs("moete"))
        held = [(at, ref) for at, ref in found if at is not None and at < self.insight.now]
        return self._meetings(sorted(held, reverse=True), side)

    def _meetings(self, found: list[tuple[datetime, Reference]], side: int) -> Part[Meeting]:
        upon = cut([ref for _, ref in found], side, FEWEST)
        self.insight.tell(upon.items)
        return Part([self._meeting(self.known[ref]) for ref in upon.items], upon.side, upon.pages, upon.count)

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

    def people(self, side: int) -> tuple[Part[Person], Person | None]:
        """Who takes part now: those who coordinate first, then who works with it, then the family. And who is
        to be asked, whichever page it is."""
        now = {one.id for one in self.told.taking_part()}
        found = {ref: one for ref, one in participants(self.insight) if ref in now}
        order = sorted(found, key=lambda ref: self._rank(ref, found[ref]))
        upon = cut(order, side, AT_ONCE)
        answers = self._answers(upon.items)
        shown = [self._person(ref, found[ref], answers.get(ref, [])) for ref in upon.items]
        roles = {text(found[ref].get("rolle")): ref for ref in reversed(order)}  # the first of each
        lead = next((roles[role] for role in COORDINATING if role in roles), None)
        self.insight.tell([*upon.items, *([lead] if lead else [])])
        return Part(shown, upon.side, upon.pages, upon.count), self._person(
            lead, found[lead], []
        ) if lead else None

    def _rank(self, ref: Reference, one: Record) -> tuple[int, bool, str, Reference]:
        return (
            RANK.get(text(one.get("rolle")), len(RANK)),
            ref.startswith("RelatedPerson/"),
            self._name(ref),
            ref,
        )

    def _answers(self, people: list[Reference]) -> dict[Reference, list[Reference]]:
        """By participant: the measures with a title that they answer for."""
        out: dict[Reference, list[Reference]] = {ref: [] for ref in people}
        for ref in self._refs("tiltak"):
            who = self.known[ref].get("ansvarlig")
            if isinstance(who, str) and who in out and text(self.known[ref].get("tittel")):
                out[who].append(ref)
        return out

    def _person(self, ref: Reference, one: Record, answers: list[Reference]) -> Person:
        unit: dict[str, Any] = one.get("enhet") or {}
        brings = text(one.get("bidrag"))
        self.insight.tell(answers[:DOES])
        return Person(
            name=self._name(ref),
            role=text(one.get("rolle")),
            service=text(one.get("tjeneste")),
            unit=text(unit.get("navn")),
            phone=text(one.get("telefon")),
            does=[*([brings] if brings else []), *(text(self.known[m]["tittel"]) for m in answers[:DOES])],
            more=len(answers[DOES:]),
        )

    def _name(self, ref: Reference) -> str:
        return self.told.words("plan.you") if ref in self.insight.here.mine else self.told.name(ref)

    def _who(self, ref: Any) -> str:
        """Somebody who is named; told, where the reader sees who it is."""
        if not isinstance(ref, str) or "/" not in ref:
            return ""
        self.insight.tell([ref] if ref in self.insight.seen else [])
        return self.told.name(ref)

    def _refs(self, *types: str) -> list[Reference]:
        return [ref for ref, one in self.known.items() if one["type"] in types]

    def _newest(self, kind: str) -> list[Reference]:
        return sorted(
            self._refs(kind),
            key=lambda ref: moment(self.known[ref].get("tidspunkt")) or NEVER,
            reverse=True,
        )
