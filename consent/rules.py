"""The rules of shared law.md as dated data (rules.toml): id, source, the days between which each holds, its
sentence, and what would turn the answer. Only data and the look-up of what is in force on a day; the logic
is in deciders, blocks, grounds and evaluate.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from consent.decision import Reason


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. `key` is how the code asks for it; several sentences may share a rule id.

    valid_from, valid_to: first and last day it holds; None where this reading knows no such day.
    """

    key: str
    reason: Reason
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


def _rule(row: Mapping[str, Any]) -> Rule:
    turns = (row.get("turn_nb", ""), row.get("turn_nn", ""))
    reason = Reason(row["id"], row["source"], row["nb"], row["nn"], *turns)
    return Rule(row["key"], reason, row.get("from"), row.get("to"))


_DATA: Final = tomllib.loads(resources.files("consent").joinpath("rules.toml").read_text(encoding="utf-8"))
RULES: Final[tuple[Rule, ...]] = tuple(_rule(row) for row in _DATA["rule"])
READING: Final[int] = _DATA["reading"]


@lru_cache(maxsize=32)
def of_day(on: date) -> tuple[Mapping[str, Reason], str]:
    """key -> reason on that day, and the version of the rules. Kept: rules never change meanwhile."""
    return MappingProxyType(in_force(on)), rule_set(on)


def in_force(on: date, rules: tuple[Rule, ...] = RULES) -> dict[str, Reason]:
    """key -> reason, for the rules that hold on that day. Where two versions hold, the later one."""
    held = sorted((r for r in rules if r.holds(on)), key=lambda r: r.valid_from or date.min)
    return {rule.key: rule.reason for rule in held}


def rule_set(on: date, rules: tuple[Rule, ...] = RULES) -> str:
    """The version of the rules on that day: our reading, and the last day any rule changed
    ("1/2026-07-01")."""
    changes = {r.valid_from for r in rules if r.valid_from}
    changes |= {r.valid_to + timedelta(days=1) for r in rules if r.valid_to}
    past = [day for day in changes if day <= on]
    return f"{READING}/{max(past).isoformat() if past else 'first'}"
