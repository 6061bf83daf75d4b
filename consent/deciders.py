"""Who must decide (W1 to W9): by age, parental responsibility, care order, competence, and what the matter
is.

Pure arithmetic of what is known; it knows nothing of what anyone has decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from consent.model import Settings
from consent.people import CHILD

HEALTH_AGE: Final = 16  # pbrl § 4-3
SCHOOL_AGE: Final = 15  # opplæringslova § 24-5
OWN_AGE: Final = 12  # pbrl § 3-4
ADULT: Final = 18
_NONE: Final[frozenset[str]] = frozenset()


class Matter(StrEnum):
    """What kind of matter an item is between its author and a recipient."""

    LOG = "log"  # of a log or plan, or of nothing more special
    LOG_HEALTH = "log-health"  # of a log or plan, and health care writes or receives
    HEALTH = "health"  # outside any log or plan, and health care writes or receives
    EDUCATION = "education"  # outside any log or plan, between education bodies


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the person at a moment. guardians: None when unknown. care: a care order is in force;
    agency: the key of the child welfare service that has it, None when unknown. lacks: competence."""

    age: int
    guardians: frozenset[str] | None
    care: bool
    agency: str | None
    lacks: bool
    settings: Settings


class Deciders(NamedTuple):
    """keys: all of these must have decided (None: unknown). one_of: one of these must, and none of them may
    have said no. veto: need not decide, but their no stands. rules: keys of those that say so."""

    keys: frozenset[str] | None
    rules: tuple[str, ...]
    one_of: frozenset[str] = _NONE
    veto: frozenset[str] = _NONE

    @property
    def everyone(self) -> frozenset[str]:
        """All who have a say."""
        asked = self.keys or _NONE
        return asked | self.one_of if self.one_of else asked


def who_decides(known: Known, matter: Matter, *, hidden: bool, one: bool) -> Deciders:
    """hidden: withheld from guardians (NORN_FORANS, B3). one: one guardian suffices (W3)."""
    asked = _rules(known, matter)
    rules = tuple(key for key, _, _ in asked)
    if hidden:
        return _hidden(known, rules)
    young, others = any(y for _, y, _ in asked), any(o for _, _, o in asked)
    if not (known.lacks and known.age >= HEALTH_AGE):
        return _with_guardians(known, rules, _own(young), one=one) if others else Deciders(_own(young), rules)
    if known.age >= ADULT:
        return Deciders(None, (*rules, "W9"))
    return _with_guardians(known, (*rules, "W5"), _NONE, veto=_own(True), one=one)


def _rules(known: Known, matter: Matter) -> list[tuple[str, bool, bool]]:
    """Key of each applicable rule, and whether it asks the young person, and those with responsibility."""
    out = []
    if matter in (Matter.LOG, Matter.LOG_HEALTH):
        alone = known.age >= known.settings.consent_age
        joint = not alone and known.age >= known.settings.joint_age
        out.append(
            ("W8-alone" if alone else "W8-joint" if joint else "W8-guardians", alone or joint, not alone)
        )
    if matter is Matter.EDUCATION:
        old = known.age >= SCHOOL_AGE
        out.append(("W7" if old else "W7-guardians", old, not old))
    if matter in (Matter.LOG_HEALTH, Matter.HEALTH):
        old = known.age >= HEALTH_AGE
        out.append(("W1" if old else "W3", old, not old))
    return out


def _with_guardians(
    known: Known,
    rules: tuple[str, ...],
    young: frozenset[str],
    *,
    veto: frozenset[str] = _NONE,
    one: bool,
) -> Deciders:
    if known.care:
        rules = (*rules, "W4")
        if known.agency is None:
            return Deciders(None, (*rules, "W9"))
        return Deciders(young | {known.agency}, rules, veto=veto)
    if known.guardians is None:
        return Deciders(None, (*rules, "W9"))
    if one and len(known.guardians) > 1:
        return Deciders(young, (*rules, "W3-one"), known.guardians, veto)
    return Deciders(young | known.guardians, rules, veto=veto)


def _hidden(known: Known, rules: tuple[str, ...]) -> Deciders:
    """From 12 the young person alone; guardians are not asked."""
    if known.age < OWN_AGE:
        return Deciders(None, ("B4-young",))
    if known.lacks:
        return Deciders(None, (*rules, "W9"))
    return Deciders(_own(True), rules if known.age >= HEALTH_AGE else ("W2",))


def _own(young: bool) -> frozenset[str]:
    return frozenset({CHILD}) if young else _NONE
