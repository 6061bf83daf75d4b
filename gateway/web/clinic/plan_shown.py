"""One shared plan in the words of a page: who coordinates it, its goals, measures, referrals, meetings and
what was written, each with what is new of it, page by page. Values for the templates, of what the reader may
see alone; words are read of the page that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from consent import active
from gateway.documents.words import GOAL_STATES, MEASURE_STATES
from gateway.exchange.referrals import is_for
from gateway.exchange.seen import Seen
from gateway.hub.receipts import Receipt
from gateway.hub.seats import COORDINATORS
from gateway.timeline import LEVEL_CHANGE
from gateway.timeline_entry import Entry
from gateway.web.clinic.news import CHANGED, News
from gateway.web.clinic.shared import SharedPlan, people
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.files import has_file
from gateway.web.names import Names, name_of, unit_of
from mappings import reading
from mappings.model import Json, Resource
from mappings.referrals import Step, referral_of

GOALS: Final = ("maal", "hovedmaal", "delmaal")
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "referrals": ("henvisning",),
    "goals": GOALS,
    "measures": ("tiltak",),
    "meetings": ("moete",),
}
NEW: Final = "new"  # of any kind, new or changed since last time; before all else
WRITTEN: Final = "written"  # everything else, newest first
AT_ONCE: Final = 50  # items on a page
ACHIEVED: Final = frozenset({"achieved", "not-achieved", "delvisNaadd"})


@dataclass(frozen=True, slots=True)
class Contact:
    """One who takes part, as far as that may be told. phone: as it was written."""

    name: str
    role: str
    unit: str
    phone: str | None
    coordinates: bool


@dataclass(frozen=True, slots=True)
class State:
    """One state of a referral at the one it is for; when: as far as it was said."""

    code: str
    when: datetime | None
    reason: str | None


def states_of(steps: Iterable[Step]) -> tuple[State, ...]:
    """How far a referral has come, the newest last."""
    return tuple(
        State(one.state, _moment(one.at), one.reason) for one in sorted(steps, key=lambda step: step.at)
    )


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of the plan. ref: of the item it is part of; kind: a key of the catalogs; clock: whether its
    time has one; about: (key, value); news: new, changed, or nothing; known: the receipt of the reader's
    organization; states: of a referral. answerable: a message; ours: a referral to that organization;
    document: whether it has a file to fetch."""

    ref: str
    kind: str
    title: str | None
    text: str | None
    when: datetime
    clock: bool
    who: str | None
    about: tuple[tuple[str, str], ...]
    news: str | None
    known: Receipt | None
    states: tuple[State, ...]
    answerable: bool
    ours: bool
    document: bool


@dataclass(frozen=True)
class PlanShown:
    """Tells of one plan, to one reader, in one language."""

    plan: SharedPlan
    names: Names
    news: News
    receipts: Mapping[str, Receipt]

    @cached_property
    def order(self) -> dict[str, list[Entry]]:
        """Everything by group, each once, newest first; groups that are empty too. What is new stands in a
        group of its own, before all others, and not in the one of its kind."""
        found: dict[str, list[Entry]] = {name: [] for name in (NEW, *GROUPS, WRITTEN)}
        for one in self.plan.told:
            kind = next((name for name, kinds in GROUPS.items() if one.kind in kinds), WRITTEN)
            found[NEW if self.news.of(one.resource) else kind].append(one)
        return found

    @property
    def pages(self) -> int:
        """How many there are; one at least."""
        return max(1, -(-len(self.plan.told) // AT_ONCE))

    def page(self, side: int) -> dict[str, list[Item]]:
        """What stands on one page, from 1, by group."""
        upon = self._all[(side - 1) * AT_ONCE : side * AT_ONCE]
        return {name: [self._item(one) for at, one in upon if at == name] for name in self.order}

    @property
    def begins(self) -> dict[str, int]:
        """The page on which each group begins that has anything in it."""
        first: dict[str, int] = {}
        for place, (name, _) in enumerate(self._all):
            first.setdefault(name, place // AT_ONCE + 1)
        return first

    @cached_property
    def _all(self) -> list[tuple[str, Entry]]:
        return [(name, one) for name, found in self.order.items() for one in found]

    def group(self, name: str) -> list[Item]:
        """One group, all of it."""
        return [self._item(one) for one in self.order[name]]

    @property
    def open(self) -> frozenset[str]:
        """Items that nobody at the reader's organization has acknowledged as they stand."""
        known, changed = self.receipts.keys(), {r for r in self.plan.marks if self.news.of(r) == CHANGED}
        return frozenset((self.plan.marks.keys() - known) | changed)

    @property
    def levels(self) -> list[Entry]:
        """The BTI levels over time, newest first."""
        return [one for one in self.plan.entries if one.kind == LEVEL_CHANGE]

    @cached_property
    def people(self) -> list[Contact]:
        """Who takes part now, those who coordinate first."""
        found = [self._contact(one) for one in people(self.plan) if self._takes_part(one.ref)]
        return sorted(found, key=lambda one: (not one.coordinates, one.role, one.name))

    @property
    def coordinators(self) -> list[Contact]:
        """Who coordinates it now."""
        return [one for one in self.people if one.coordinates]

    # --- one item ----------------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> dict[str, list[Entry]]:
        """What is part of an item, by item, newest first."""
        found: dict[str, list[Entry]] = {}
        for one in self.plan.entries:
            if one.kind != LEVEL_CHANGE and self.plan.is_part(one):
                found.setdefault(self.plan.seen[one.resource].item, []).append(one)
        return found

    def _item(self, entry: Entry) -> Item:
        one, parts = self.plan.seen[entry.resource], self._parts.get(entry.resource, ())
        referral = referral_of(one.resource)
        return Item(
            ref=one.item,
            kind=entry.kind,
            title=entry.title,
            text=entry.text if entry.text != entry.title else None,
            when=entry.moment,
            clock=len(entry.time) > len("2026-11-21"),
            who=self._who(entry),
            about=(*self._about(entry.kind, one.resource), *((f"kind.{p.kind}", _said(p)) for p in parts)),
            news=self.news.of(one.item),
            known=self.receipts.get(one.item),
            states=states_of(entry.steps),
            answerable=entry.kind == "melding" and open_here(self.plan.insight),
            ours=referral is not None
            and is_for(referral, self.plan.organization, self.plan.insight.here.facts),
            document=one.ref == one.item and has_file(one.resource),
        )

    def _who(self, entry: Entry) -> str | None:
        author = entry.author
        if author is None or not author.name:
            return self.names.words.of("service", entry.service) or None
        service = self.names.words.of("service", entry.service)
        return f"{author.name} ({service})" if service else author.name

    def _about(self, kind: str, resource: Resource) -> Iterator[tuple[str, str]]:
        code = self.names.words.code
        if kind in GOALS:
            state = _achieved(resource) or str(resource.get("lifecycleStatus") or "")
            yield "clinic.status", GOAL_STATES[code].get(state, state)
            yield from self._day("clinic.deadline", _first(resource.get("target")).get("dueDate"))
        elif kind == "tiltak":
            state = str(resource.get("status") or "")
            yield "clinic.status", MEASURE_STATES[code].get(state, state)
            named = [str(one.get("reference")) for one in resource.get("performer") or ()]
            who = [self.names.name(ref) for ref in named if ref in self.plan.seen]
            if who:
                yield "clinic.responsible", self.names.words.several(who)
            yield from self._day("clinic.deadline", (resource.get("occurrencePeriod") or {}).get("end"))

    def _day(self, key: str, value: Json) -> Iterator[tuple[str, str]]:
        try:
            found = datetime.fromisoformat(str(value)[:10]).date() if value else None
        except ValueError:  # a year or a month alone
            yield key, str(value)
            return
        if found is not None:
            yield key, self.names.words.day(found)

    # --- people ------------------------------------------------------------------------------------------

    def _takes_part(self, ref: str) -> bool:
        here, now = self.plan.insight.here, self.plan.insight.now
        return any(
            one.id == ref and one.frame == here.frame and active(one, now)
            for one in here.facts.facts.participants
        )

    def _contact(self, one: Seen) -> Contact:
        found = reading.participant_of(one.resource)
        role, service = (found.role, found.service) if found is not None else ("", None)
        said = unit_of(one.resource)[1] or self.names.words.of("service", service)
        return Contact(
            name_of(one.resource) or self.names.words("participant.unnamed"),
            self.names.words.of("role", role),
            said or "",
            _phone(one.resource),
            role in COORDINATORS,
        )


def coordinator_refs(plan: SharedPlan) -> list[str]:
    """Who coordinates it now, as references the reader may see."""
    here, now = plan.insight.here, plan.insight.now
    found = (one for one in here.facts.facts.participants if one.frame == here.frame and active(one, now))
    return sorted(one.id for one in found if one.role in COORDINATORS and one.id in plan.seen)


def _achieved(goal: Resource) -> str | None:
    codings: Iterable[Resource] = (goal.get("achievementStatus") or {}).get("coding") or ()
    return next((str(c["code"]) for c in codings if c.get("code") in ACHIEVED), None)


def _first(value: Json) -> Resource:
    found: Resource = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}
    return found


def _said(part: Entry) -> str:
    return part.text or part.title or ""


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _phone(resource: Resource) -> str | None:
    found = (one.get("value") for one in resource.get("telecom") or () if one.get("system") == "phone")
    return next((str(one) for one in found if one), None)
