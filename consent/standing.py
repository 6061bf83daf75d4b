"""What holds for one person at one moment: who must decide, and what each of them permits a recipient.

Built once per person and moment, then asked once per item; it remembers what it worked out per recipient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from consent import rules
from consent.acts import CATEGORIES, Act
from consent.days import age, day
from consent.model import Item, Reason, Regime, Settings
from consent.people import CHILD, Member, People

HEALTH_AGE = 16  # pbrl § 4-3
ELSEWHERE = frozenset(Regime) - {Regime.HEALTH}


@dataclass(frozen=True, slots=True)
class World:
    """The facts of one person, read once. `fault`: key of the rule that denies everything, if any does."""

    people: People
    acts: tuple[Act, ...]
    regimes: Mapping[str, str]
    settings: Settings
    born: date
    fault: str | None


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who must decide (keys; None: unknown) and the rules that say so."""

    keys: frozenset[str] | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Exemption:
    """One standing exception towards a recipient, and the later acts that lift it as far as they reach."""

    categories: frozenset[str]
    lifts: tuple[Act, ...]

    def blocks(self, category: str, recorded: datetime | None) -> bool:
        """Whether it still keeps this category back."""
        return category in self.categories and not any(
            category in lift.categories and lift.reaches(recorded) for lift in self.lifts
        )


@dataclass(frozen=True, slots=True)
class Will:
    """What one giver wants for one recipient: permits, exceptions, and items kept back."""

    permits: tuple[Act, ...]
    exemptions: tuple[Exemption, ...]
    items: frozenset[str]

    def refuses(self, item: Item, category: str) -> bool:
        """Whether an exception stands for this."""
        return item.id in self.items or any(e.blocks(category, item.recorded) for e in self.exemptions)

    def covering(self, item: Item, category: str) -> list[str]:
        """Ids of the records that permit this."""
        return [p.id for p in self.permits if category in p.categories and p.reaches(item.recorded)]


class Standing:
    """One person at one moment."""

    def __init__(self, world: World, time: datetime) -> None:
        """time: in UTC."""
        self.world = world
        self.time = time
        on = day(time)
        self.reasons = rules.in_force(on)
        self.age = age(world.born, on)
        self.guardians = world.people.guardians(time)
        self._deciders = (self._who_decides(False), self._who_decides(True))
        self._wills: dict[tuple[str, str], Mapping[str, Will]] = {}

    def deciders(self, health: bool) -> Deciders:
        """Who must decide; `health`: author or recipient is, or may be, health care."""
        return self._deciders[health]

    def health(self, organization: str | None) -> bool:
        """Whether an organization is health care; one of unknown regime may be."""
        return organization is not None and self.world.regimes.get(organization) not in ELSEWHERE

    def wills(self, recipient: str, purpose: str) -> Mapping[str, Will]:
        """Giver -> what they want for an organization or single reader."""
        known = self._wills.get((recipient, purpose))
        if known is None:
            givers = {CHILD} | (self.guardians or frozenset())
            names = Names(recipient, self.world.people, self.time)
            known = {g: self._will(g, names, purpose) for g in givers}
            self._wills[recipient, purpose] = known
        return known

    def _who_decides(self, health: bool) -> Deciders:
        settings = self.world.settings
        alone = self.age >= settings.consent_age
        joint = not alone and self.age >= settings.joint_age
        rule = "W8-alone" if alone else "W8-joint" if joint else "W8-guardians"
        guardians, young, reasons = not alone, alone or joint, [self.reasons[rule]]
        if health:
            adult = self.age >= HEALTH_AGE
            guardians, young = guardians or not adult, young or adult
            reasons.append(self.reasons["W1" if adult else "W3"])
        keys = frozenset({CHILD} if young else ())
        if not guardians:
            return Deciders(keys, tuple(reasons))
        if self.guardians is None:
            return Deciders(None, (*reasons, self.reasons["W9"]))
        return Deciders(keys | self.guardians, tuple(reasons))

    def _will(self, giver: str, names: Names, purpose: str) -> Will:
        acts = [a for a in self.world.acts if giver in a.givers or a.strangers]
        permits = tuple(
            a
            for a in acts
            if giver in a.givers and a.purpose == purpose and a.permits_at(self.time) and names.named_by(a)
        )
        return Will(
            permits=permits,
            exemptions=tuple(_exemptions(acts, permits, names)),
            items=frozenset[str]().union(*(a.except_items for a in acts)),
        )


class Names:
    """By which names a record may mean a recipient: narrowly for a permit, broadly for an exception."""

    def __init__(self, recipient: str, people: People, time: datetime) -> None:
        self.recipient = recipient
        selves = [m for m in people.members if m.id == recipient and m.active(time)]
        self.own = frozenset({recipient}) | {m.organization for m in selves if m.organization}
        self._now = [m for m in people.members if m.organization in self.own and m.active(time)]
        ever = [m for m in people.members if m.organization in self.own or m.id == recipient]
        self.ever = self.own | _references(ever) | _services(ever)
        self.unplaced = not _services(ever)  # its service is unknown: any service named may be it

    def named_by(self, act: Act) -> bool:
        """Whether a permit names it: itself, someone who takes part for it, or its service in that frame."""
        in_frame = _services(m for m in self._now if m.frame == act.frame)
        return not act.recipients.isdisjoint(self.own | _references(self._now) | in_frame)

    def excepted_by(self, name: str) -> bool:
        """Whether an exception's name may mean it, wherever and whenever it takes or took part."""
        return name in self.ever or (self.unplaced and _is_service(name))

    def lifted_by(self, name: str, act: Act) -> bool:
        """Whether a later permit names the same: by that name, or more closely than a service does."""
        return name in act.recipients or (_is_service(name) and not act.recipients.isdisjoint(self.own))


def _exemptions(acts: list[Act], permits: tuple[Act, ...], names: Names) -> Iterable[Exemption]:
    for act in acts:
        later = [p for p in permits if p.later_than(act)]
        for name in filter(names.excepted_by, act.except_recipients):
            yield Exemption(CATEGORIES, tuple(p for p in later if names.lifted_by(name, p)))
        if act.refuses:
            categories = act.categories or CATEGORIES
            for name in filter(names.excepted_by, act.recipients):
                yield Exemption(categories, tuple(p for p in later if names.lifted_by(name, p)))
            if not act.recipients:  # towards everyone: lifted by naming this one
                yield Exemption(categories, tuple(later))


def _references(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(m.id for m in members)


def _services(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(m.service for m in members if m.service)


def _is_service(name: str) -> bool:
    """Recipients are organization numbers, references ("Type/id") or service codes."""
    return "/" not in name and not name.isdecimal()
