"""The sentences of the decision tables that say what is known: each pattern, and what it adds to a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from consent import Circumstance, Finding, Kind, Objection, Override, Settings, Withholding
from tests.consent.worlds import NUMBERS, guardian, reference

DAYS = r"(?: from (\S+))?(?: until (\S+))?"


def condition(text: str, number: int) -> dict[str, Any]:
    """One condition of a consent or refusal. Raises ValueError where it is not understood."""
    if found := re.fullmatch(r"from (\S+) until (\S+)", text):
        days = {"start": date.fromisoformat(found[1]), "end": date.fromisoformat(found[2])}
        return {**days, "recorded": moment(found[1])}
    if found := re.fullmatch(r"withdrawn (\S+) by (\w+)", text):
        return {"withdrawn": moment(found[1]), "withdrawn_by": reference(found[2])}
    if found := re.fullmatch(r"naming ([\w ]+)", text):
        return {"labels": frozenset(found[1].split())}
    if text == "only items so labelled":
        return {"only_labelled": True}
    if found := re.fullmatch(
        r"(except item|of item|except|given|withdrawn|items from|for|about|form) (\S+)", text
    ):
        return _WORDS[found[1]](found[2])
    raise ValueError(f"line {number}: {text}")


_WORDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "except item": lambda v: {"except_items": frozenset({v})},
    "of item": lambda v: {"items": frozenset({v})},
    "except": lambda v: {"except_recipients": frozenset({v})},
    "given": lambda v: {"recorded": moment(v)},
    "withdrawn": lambda v: {"withdrawn": moment(v)},
    "items from": lambda v: {"applies_from": date.fromisoformat(v)},
    "for": lambda v: {"purpose": v},
    "about": lambda v: {"about": reference(v)},
    "form": lambda v: {"form": v},
}


def moment(text: str) -> datetime:
    """A day as the moment it begins, so that what is said on it holds on it."""
    return datetime.combine(date.fromisoformat(text), time(), ZoneInfo("Europe/Oslo"))


def _period(start: str | None, end: str | None) -> dict[str, date]:
    return {k: date.fromisoformat(d) for k, d in (("start", start), ("end", end)) if d}


def _circumstance(case: Any, kind: Kind, holds: bool | None, about: str | None, *days: str | None) -> None:
    named = reference(about) if about else None
    case.add("circumstances", Circumstance(kind, holds, named, **_period(*days)))


def _settings(case: Any, **more: Any) -> None:
    case.more["settings"] = replace(case.more.get("settings", Settings()), **more)


def _address(case: Any, said: str) -> None:
    case.more["address_protection"] = None if said == "unknown" else said


def _objection(case: Any, presumed: str | None, to: str | None, what: str | None, *days: str | None) -> None:
    recipients = frozenset({NUMBERS[to]} if to else ())
    categories = frozenset(what.split() if what else ())
    case.add("objections", Objection(recipients, categories, bool(presumed), **_period(*days)))


def _override(case: Any, what: str, to: str, *days: str | None) -> None:
    override = Override("Kari Lege", "fare", frozenset({what}), frozenset({NUMBERS[to]}), **_period(*days))
    case.add("overrides", override)


def _finding(case: Any, to: str, what: str, *days: str | None) -> None:
    finding = Finding("Kari Lege", frozenset({NUMBERS[to]}), frozenset(what.split()), **_period(*days))
    case.add("findings", finding)


def _withheld(case: Any, what: str, why: str, *days: str | None) -> None:
    case.add("withheld", Withholding(frozenset({what}), why == "weighty", **_period(*days)))


def _care_order(case: Any, named: str | None, *days: str | None) -> None:
    _circumstance(case, Kind.CARE_ORDER, True, named, *days)


def _competence(case: Any, said: str, *days: str | None) -> None:
    holds = {"lacks competence": False, "is competent": True, "may or may not be competent": None}[said]
    _circumstance(case, Kind.COMPETENCE, holds, None, *days)


CIRCUMSTANCES: tuple[tuple[str, Callable[..., None]], ...] = (
    (r"(\w+) is guardian: (\w+)", lambda case, who, code: case.known.append(guardian(who, code))),
    (
        r"(\w+) is foster parent",
        lambda case, who: case.known.append(guardian(who, None, role="fosterforelder")),
    ),
    (
        r"(\w+) is appointed guardian",
        lambda case, who: case.known.append(guardian(who, "andre", role="verge")),
    ),
    (r"the address is (\w+)", _address),
    (
        r"the municipality asks the young person alone from (\d+)",
        lambda case, years: _settings(case, consent_age=int(years)),
    ),
    (r"the municipality demands writing", lambda case: _settings(case, demands_writing=True)),
    (
        r"the municipality calls ([a-z ]+) ordinary",
        lambda case, names: _settings(case, ordinary=frozenset(names.split())),
    ),
    (rf"a care order is in force(?: naming (\w+))?{DAYS}", _care_order),
    (
        r"it is unknown whether a care order is in force",
        lambda case: _circumstance(case, Kind.CARE_ORDER, None, None, None, None),
    ),
    (
        r"no care order is in force",
        lambda case: _circumstance(case, Kind.CARE_ORDER, False, None, None, None),
    ),
    (rf"the young person (lacks competence|is competent|may or may not be competent){DAYS}", _competence),
    (
        r"a guardianship of (\w+)",
        lambda case, who: _circumstance(case, Kind.GUARDIANSHIP, True, who, None, None),
    ),
    (
        r"the child has been heard",
        lambda case: _circumstance(case, Kind.HEARD, True, None, None, None),
    ),
    (rf"a professional finds care necessary at (\w+) for ([a-z ]+?){DAYS}", _finding),
    (rf"the person (is presumed to )?objects?(?: towards (\w+))?(?: for ([a-z ]+?))?{DAYS}", _objection),
    (rf"an objection is set aside for (\S+) at (\w+){DAYS}", _override),
    (rf"(\S+) is withheld from guardians, (weighty|respected){DAYS}", _withheld),
    (
        r"(\w+) and (\w+) are one agency",
        lambda case, a, b: case.more.update(agencies={NUMBERS[a]: "kommunen", NUMBERS[b]: "kommunen"}),
    ),
)
