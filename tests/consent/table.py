"""Reads the decision table: plain sentences into facts and questions. Every line must be understood whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from consent import Consent, Facts, Participant, Request, Settings
from tests.consent.worlds import (
    NOW,
    NUMBERS,
    child,
    facts,
    guardian,
    item,
    permit,
    question,
    reference,
    staff,
)

_ACT = re.compile(r"(consent|refusal) by ([\w, ]+?) to ([\w, ]+?)(?:: (.+?)|, (given .+))?")


@dataclass(frozen=True)
class Row:
    """One question of one case, and the answer it must get."""

    case: str
    line: int
    request: Request
    known: Facts
    permitted: bool
    rules: list[str]


@dataclass
class Case:
    """What is known so far."""

    title: str
    known: list[Participant | Consent] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def facts(self) -> Facts:
        return facts(*self.known, **self.more)


def rows(path: Path) -> Iterator[Row]:
    """Every row of the file. Raises ValueError, with the line, where a sentence is not understood."""
    case = Case("")
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word, _, rest = text.partition(" ")
        if not text or text.startswith("#"):
            continue
        if word == "case":
            case = Case(rest.strip())
        elif word == "given":
            _learn(case, rest.strip(), number)
        elif word == "when":
            yield _row(case, rest, number)
        else:
            raise ValueError(f"line {number}: {text}")


def _row(case: Case, text: str, number: int) -> Row:
    asked, _, answer = text.partition(" then ")
    outcome, *rules = answer.split() or [""]
    if outcome not in ("permit", "deny") or not rules:
        raise ValueError(f"line {number}: no answer")
    return Row(case.title, number, _question(asked, number), case.facts(), outcome == "permit", rules)


def _question(text: str, number: int) -> Request:
    found = re.fullmatch(
        r"(?P<categories>[a-z]+(?:, [a-z]+)*)(?: (?P<id>[A-Z]\w+/\d+))?(?: labelled (?P<label>\w+))?"
        r"(?: about (?P<about>\w+))?(?: sensitive (?P<sensitive>\w+))?(?: written (?P<written>\S+))?"
        r"(?: by (?P<author>\w+))?(?: for (?P<purpose>\w+))? to (?P<to>\w+(?:, \w+)*)(?: on (?P<on>\S+))?",
        text.strip(),
    )
    if not found:
        raise ValueError(f"line {number}: the question is not understood")
    said = found.groupdict()
    what = item(
        said["categories"].replace(",", ""),
        labels=_set(said["label"]),
        sensitivity=_set(said["sensitive"]),
        third_persons=_set(said["about"] and reference(said["about"])),
        author_organization=said["author"] and NUMBERS[said["author"]],
    )
    what = replace(what, id=said["id"] or what.id)
    what = replace(what, recorded=datetime.fromisoformat(said["written"])) if said["written"] else what
    when = datetime.fromisoformat(said["on"]) if said["on"] else NOW
    purpose = said["purpose"] or "samordning"
    return question(what, said["to"].replace(",", ""), time=when, purpose=purpose)


def _learn(case: Case, text: str, number: int) -> None:
    if found := re.fullmatch(r"a child born (\S+?)(, who takes part)?", text):
        case.more["born"] = date.fromisoformat(found[1])
        case.known += [child()] if found[2] else []
    elif found := re.fullmatch(r"(\w+) is guardian: (\w+)", text):
        case.known.append(guardian(found[1], found[2]))
    elif found := re.fullmatch(r"(\w+) takes part(?: from (\S+))?(?: until (\S+))?", text):
        days = {k: date.fromisoformat(d) for k, d in (("start", found[2]), ("end", found[3])) if d}
        case.known.append(staff(found[1], **days))
    elif found := re.fullmatch(r"the address is (\w+)", text):
        case.more["address_protection"] = None if found[1] == "unknown" else found[1]
    elif found := re.fullmatch(r"the municipality asks the young person alone from (\d+)", text):
        case.more["settings"] = Settings(consent_age=int(found[1]))
    elif found := _ACT.fullmatch(text):
        _learn_act(case, found, number)
    else:
        raise ValueError(f"line {number}: what is given is not understood")


def _learn_act(case: Case, found: re.Match[str], number: int) -> None:
    categories, more = [], {}
    for part in filter(None, (found[4] or found[5] or "").split(", ")):
        if re.fullmatch("[a-z]+", part):
            categories.append(part)
        else:
            more |= _condition(part, number)
    if found[1] == "refusal":
        more["decision"] = "nekter"
    names = [names.replace(",", "") for names in (found[2], found[3])]
    case.known.append(permit(f"{number}", *names, " ".join(categories), **more))


def _condition(text: str, number: int) -> dict[str, Any]:
    if found := re.fullmatch(r"from (\S+) until (\S+)", text):
        days = {"start": date.fromisoformat(found[1]), "end": date.fromisoformat(found[2])}
        return {**days, "recorded": _moment(found[1])}
    if found := re.fullmatch(r"except item (\S+)", text):
        return {"except_items": frozenset({found[1]})}
    if found := re.fullmatch(r"(except|given|withdrawn|items from|for) (\S+)", text):
        word, value = found[1], found[2]
        return {
            "except": lambda: {"except_recipients": frozenset({value})},
            "given": lambda: {"recorded": _moment(value)},
            "withdrawn": lambda: {"withdrawn": _moment(value)},
            "items from": lambda: {"applies_from": date.fromisoformat(value)},
            "for": lambda: {"purpose": value},
        }[word]()
    raise ValueError(f"line {number}: {text}")


def _moment(text: str) -> datetime:
    """A day as the moment it begins, so that what is said on it holds on it."""
    return datetime.combine(date.fromisoformat(text), time(), ZoneInfo("Europe/Oslo"))


def _set(value: str | None) -> frozenset[str]:
    return frozenset({value} if value else ())
