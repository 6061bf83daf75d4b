"""What one giver wants for one recipient: permits, exceptions and what lifts them, items kept back, and what
was taken back. Says nothing of who must be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from consent.acts import CATEGORIES, Act
from consent.model import Item
from consent.people import Member, People


class Given(NamedTuple):
    """What one giver has said. acts: all that may be the giver's. permitting: those of them that permit
    something, for one purpose, now. Givers who said the same are alike."""

    acts: tuple[Act, ...]
    permitting: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Exemption:
    """One standing exception towards a recipient, and the later acts that lift it as far as they reach."""

    categories: frozenset[str]
    lifts: tuple[Act, ...]

    def blocks(self, category: str, item: Item) -> bool:
        """Whether it still keeps this category of the item back."""
        return category in self.categories and not any(
            category in lift.categories and lift.reaches(item) for lift in self.lifts
        )


@dataclass(frozen=True, slots=True, eq=False)
class Will:
    """permits: acts in force; oral: those that count only where writing is not demanded. taken_back: permits
    withdrawn, which count as an objection among health care (G2)."""

    permits: tuple[Act, ...]
    oral: tuple[Act, ...]
    exemptions: tuple[Exemption, ...]
    taken_back: tuple[Exemption, ...]
    items: frozenset[str]

    def refuses(self, item: Item) -> bool:
        """Whether an exception stands for this."""
        return item.id in self.items or _blocked(self.exemptions, item)

    def objects(self, item: Item) -> bool:
        """Whether this giver is against it: an exception stands, or a permit was taken back."""
        return self.refuses(item) or _blocked(self.taken_back, item)

    def covering(self, item: Item, *, labelled: bool = True, oral: bool = False) -> list[str] | None:
        """Ids of the records that permit all of it; None where some category is left out. labelled: they must
        name the item's sensitivity. oral: also those that count only without a demand for writing."""
        found: list[str] = []
        acts = (*self.permits, *self.oral) if oral else self.permits
        for category in item.categories:
            names = [
                p.id
                for p in acts
                if category in p.categories
                and p.reaches(item)
                and (not labelled or p.names(item.sensitivity))
            ]
            if not names:
                return None
            found += names
        return found


class Names:
    """By which names a record may mean a recipient: narrowly for a permit, broadly for an exception."""

    def __init__(self, recipient: str, people: People, time: datetime) -> None:
        self.recipient = recipient
        selves = [m for m in people.members if m.id == recipient and m.active(time)]
        self.own = frozenset({recipient}) | {m.organization for m in selves if m.organization}
        now = [m for m in people.members if m.organization in self.own and m.active(time)]
        self._near = self.own | _references(now)
        self._in_frame = {m.frame: _services(n for n in now if n.frame == m.frame) for m in now}
        ever = [m for m in people.members if m.organization in self.own or m.id == recipient]
        self.ever = self.own | _references(ever) | _services(ever)
        self.unplaced = not _services(ever)  # its service is unknown: any service named may be it

    def named_by(self, act: Act) -> bool:
        """Whether a permit names it: itself, someone who takes part for it, or its service in that frame."""
        services = self._in_frame.get(act.frame, frozenset[str]())
        return not (act.recipients.isdisjoint(self._near) and act.recipients.isdisjoint(services))

    def excepted_by(self, name: str) -> bool:
        """Whether an exception's name may mean it, wherever and whenever it takes or took part."""
        return name in self.ever or (self.unplaced and _is_service(name))

    def lifted_by(self, name: str, act: Act) -> bool:
        """Whether a later permit names the same: by that name, or more closely than a service does."""
        return name in act.recipients or (_is_service(name) and not act.recipients.isdisjoint(self.own))


def will(given: Given, names: Names, writing: bool, time: datetime) -> Will:
    """What somebody who said this wants for a recipient of these names. writing: the municipality demands
    it."""
    named = [a for a in given.permitting if names.named_by(a)]
    permits = tuple(a for a in named if a.written or not writing)
    against = [a for a in given.acts if a.refuses or a.except_recipients]
    return Will(
        permits=permits,
        oral=tuple(a for a in named if writing and not a.written),
        exemptions=tuple(_exemptions(against, permits, names)),
        taken_back=tuple(_taken_back(given.acts, permits, names, time)),
        items=frozenset[str]().union(*(_kept(a, permits) for a in given.acts if a.except_items)),
    )


def _kept(act: Act, permits: tuple[Act, ...]) -> frozenset[str]:
    """The items an act keeps back; a later permit that names an item lifts it."""
    return act.except_items.difference(*(p.items for p in permits if p.later_than(act)))


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


def _taken_back(
    acts: tuple[Act, ...], permits: tuple[Act, ...], names: Names, time: datetime
) -> Iterator[Exemption]:
    for act in acts:
        if act.refuses or act.withdrawn is None or act.withdrawn > time:
            continue
        if any(map(names.excepted_by, act.recipients)):
            later = tuple(p for p in permits if p.later_than_end(act))
            yield Exemption(act.categories or CATEGORIES, later)


def _blocked(exemptions: tuple[Exemption, ...], item: Item) -> bool:
    return bool(exemptions) and any(e.blocks(c, item) for e in exemptions for c in item.categories)


def _references(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(m.id for m in members)


def _services(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(m.service for m in members if m.service)


def _is_service(name: str) -> bool:
    """Recipients are organization numbers, references ("Type/id") or service codes."""
    return "/" not in name and not name.isdecimal()
