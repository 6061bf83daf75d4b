"""The facts of one person, read once: every period as moments, every record as an act. Whatever cannot be
read raises here, and evaluate answers that with a deny.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from consent.acts import CATEGORIES, Act, acts
from consent.days import begins, ceases
from consent.decision import Plan
from consent.model import (
    Circumstance,
    Facts,
    Finding,
    Item,
    Kind,
    Objection,
    Override,
    Settings,
    Withholding,
)
from consent.people import People, people

UNPROTECTED: Final = frozenset({"ugradert", "klientadresse"})
PROTECTED: Final = frozenset({"fortrolig", "strengtFortrolig"})
T = TypeVar("T")
_KINDS: Final = frozenset(k.value for k in Kind)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value and the moments between which it holds."""

    value: T
    start: datetime
    end: datetime

    def holds(self, time: datetime) -> bool:
        """Whether it holds at that moment."""
        return self.start <= time < self.end


@dataclass(frozen=True, slots=True)
class World:
    """What evaluate asks. fault: key of the rule that denies everything, if any does. plan: what must be
    taken away for a protected address, if it is protected. named: ids of items that something names one by
    one."""

    people: People
    acts: tuple[Act, ...]
    regimes: Mapping[str, str]
    settings: Settings
    born: date
    fault: str | None
    plan: Plan | None
    circumstances: tuple[Dated[Circumstance], ...]
    findings: tuple[Dated[Finding], ...]
    objections: tuple[Dated[Objection], ...]
    overrides: tuple[Dated[Override], ...]
    withheld: tuple[Dated[Withholding], ...]
    agencies: Mapping[str, str]
    named: frozenset[str]
    sound: frozenset[str]  # organization numbers of known regime
    firsts: tuple[datetime, ...]  # in order, from when on items must be written for some act to reach them

    def aspect(self, item: Item) -> tuple[object, ...]:
        """What consents look at: they permit and refuse alike all items that agree in this."""
        return (
            item.categories,
            item.sensitivity,
            bisect_right(self.firsts, item.recorded) if self.firsts and item.recorded is not None else 0,
            item.id if item.id in self.named else None,
            item.consent_id,
        )


def world(facts: Facts) -> World:
    """Read the facts. Raises TypeError, ValueError or AttributeError where they cannot be."""
    who = people(tuple(facts.participants), facts.patient)
    every = acts(tuple(facts.consents), who)
    overrides, withheld = _dated(facts.overrides, Override), _dated(facts.withheld, Withholding)
    known = facts.born is not None and facts.address_protection in UNPROTECTED | PROTECTED
    born = date.min if facts.born is None else date(facts.born.year, facts.born.month, facts.born.day)
    return World(
        people=who,
        acts=every,
        regimes=dict(facts.regimes),
        settings=_settings(facts.settings),
        born=born,
        fault=None if known else "unknown",
        plan=_plan(facts),
        circumstances=_circumstances(facts.circumstances),
        findings=_dated(facts.findings, Finding),
        objections=_dated(facts.objections, Objection),
        overrides=overrides,
        withheld=withheld,
        agencies=dict(facts.agencies),
        named=frozenset[str]().union(
            *(a.except_items | a.items for a in every),
            *(o.value.items for o in overrides),
            *(w.value.items for w in withheld),
        ),
        sound=frozenset(number for number in facts.regimes if is_number(number)),
        firsts=tuple(sorted({a.applies_from for a in every if a.applies_from is not None})),
    )


def closed(fault: str) -> World:
    """A world where everything is denied."""
    return World(
        people=people(()),
        acts=(),
        regimes={},
        settings=Settings(),
        born=date.min,
        fault=fault,
        plan=None,
        circumstances=(),
        findings=(),
        objections=(),
        overrides=(),
        withheld=(),
        agencies={},
        named=frozenset(),
        sound=frozenset(),
        firsts=(),
    )


def _settings(settings: Settings) -> Settings:
    ages = (settings.consent_age, settings.joint_age)
    if any(type(a) is not int for a in ages) or settings.consent_age not in (15, 16):
        raise TypeError("settings that cannot be read")
    if type(settings.demands_writing) is not bool or not _texts(settings.ordinary):
        raise TypeError("settings that cannot be read")
    if not settings.ordinary <= CATEGORIES:
        raise ValueError("an unknown category is called ordinary")
    return settings


def _plan(facts: Facts) -> Plan | None:
    if not _texts(facts.places) or not _texts(facts.released):
        raise TypeError("places or releases that cannot be read")
    if facts.address_protection not in PROTECTED:
        return None
    return Plan(facts.address_protection, facts.places, facts.released)


def _circumstances(found: Iterable[Circumstance]) -> tuple[Dated[Circumstance], ...]:
    every = _dated(tuple(found), Circumstance)
    for one in every:
        if one.value.kind not in _KINDS or not (one.value.holds is None or type(one.value.holds) is bool):
            raise TypeError("a circumstance that cannot be read")
    return every


def _dated(found: Iterable[T], kind: type[T]) -> tuple[Dated[T], ...]:
    return tuple(_one(value, kind) for value in found)


def _one(value: T, kind: type[T]) -> Dated[T]:
    if not isinstance(value, kind):
        raise TypeError("a fact of another kind")
    fields: Any = value
    names = ("items", "recipients", "categories")
    if not all(_texts(getattr(fields, name)) for name in names if hasattr(fields, name)):
        raise TypeError("a fact that cannot be read")
    if not all(isinstance(getattr(fields, n), str) for n in ("by", "reason") if hasattr(fields, n)):
        raise TypeError("a fact that cannot be read")
    return Dated(value, begins(fields.start), ceases(fields.end))


def _texts(value: object) -> bool:
    return isinstance(value, frozenset) and all(isinstance(text, str) for text in value)


def is_number(value: object) -> bool:
    """An organization number has nine digits."""
    return isinstance(value, str) and len(value) == 9 and value.isascii() and value.isdigit()
