"""Reads the decision tables: plain sentences into facts and questions. Every line is understood whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from consent import Basis, Consent, Emergency, Facts, Participant, Request
from tests.consent.sentences import CIRCUMSTANCES, condition
from tests.consent.worlds import NOW, NUMBERS, child, facts, item, permit, question, reference, staff

_ACT = re.compile(r"(consent|refusal|objection) by ([\w, ]+?) to ([\w, ]+?)(?:: (.+?)|, (given .+))?")
_DECISIONS = {"refusal": "nekter", "objection": "motsetterSeg"}


@dataclass(frozen=True)
class Row:
    """One question of one case, and the answer it must get. noting: the remarks, where the row says any."""

    case: str
    line: int
    request: Request
    known: Facts
    outcome: str
    rules: list[str]
    noting: list[str] | None


@dataclass
class Case:
    """What is known so far."""

    title: str
    known: list[Participant | Consent] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def facts(self) -> Facts:
        return facts(*self.known, **self.more)

    def add(self, name: str, value: Any) -> None:
        """One more of a kind of fact."""
        self.more[name] = (*self.more.get(name, ()), value)


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
    answer, said, noted = answer.partition(" noting ")
    outcome, *rules = answer.split() or [""]
    if outcome not in ("permit", "redact", "deny") or not rules:
        raise ValueError(f"line {number}: no answer")
    noting = [] if noted.strip() == "nothing" else noted.split()
    request = _question(asked, number)
    return Row(case.title, number, request, case.facts(), outcome, rules, noting if said else None)


def _question(text: str, number: int) -> Request:
    asked, _, options = text.strip().partition(" with ")
    found = re.fullmatch(
        r"(?P<categories>[a-z]+(?:, [a-z]+)*)(?P<outside> outside)?(?: (?P<id>[A-Z]\w+/\d+))?"
        r"(?: labelled (?P<label>[\w+]+))?(?: about (?P<about>[\w+]+))?(?: sensitive (?P<sensitive>[\w+]+))?"
        r"(?: written (?P<written>\S+))?(?: by (?P<author>\w+))?(?P<health> as health personnel)?"
        r"(?: for (?P<purpose>\w+))? to (?P<to>\w+(?:, \w+)*)(?: on (?P<on>\S+))?",
        asked.strip(),
    )
    if not found:
        raise ValueError(f"line {number}: the question is not understood")
    said = found.groupdict()
    what = item(
        said["categories"].replace(",", ""),
        labels=_set(said["label"]),
        sensitivity=_set(said["sensitive"]),
        third_persons=frozenset(map(reference, _set(said["about"]))),
        author_organization=said["author"] and NUMBERS[said["author"]],
        outside=bool(said["outside"]),
        by_health_personnel=bool(said["health"]),
    )
    what = replace(what, id=said["id"] or what.id)
    what = replace(what, recorded=datetime.fromisoformat(said["written"])) if said["written"] else what
    when = datetime.fromisoformat(said["on"]) if said["on"] else NOW
    asking = question(what, said["to"].replace(",", ""), time=when, purpose=said["purpose"] or "samordning")
    for option in filter(None, options.strip().split("; ")):
        asking = _with(asking, option.strip(), number)
    return asking


def _with(asking: Request, option: str, number: int) -> Request:
    """How it is asked: what the system honours and does, the basis of the route, a named person's act."""
    if option == "redaction":
        return replace(asking, redacts=True)
    if option == "a filter":
        return replace(asking, recipient=replace(asking.recipient, filters=True))
    if option == "danger":
        act = Emergency("Kari Lege", "fare for liv", asking.item.id, asking.recipient.system)
        return replace(asking, emergency=act)
    if found := re.fullmatch(r"honour for ([\w ]+)", option):
        return replace(asking, recipient=replace(asking.recipient, honours=frozenset(found[1].split())))
    if found := re.fullmatch(r"a route by (G\d)(?: of (\w+))? for ([a-z ]+)", option):
        basis = Basis(found[1], frozenset(found[3].split()), "henvist", "fagleder", found[2])
        return replace(asking, basis=basis)
    raise ValueError(f"line {number}: {option}")


def _learn(case: Case, text: str, number: int) -> None:
    if found := re.fullmatch(r"a child born (\S+?)(, who takes part)?", text):
        case.more["born"] = date.fromisoformat(found[1])
        case.known += [child()] if found[2] else []
    elif found := re.fullmatch(r"(\w+) takes part(?: from (\S+))?(?: until (\S+))?", text):
        days = {k: date.fromisoformat(d) for k, d in (("start", found[2]), ("end", found[3])) if d}
        case.known.append(staff(found[1], **days))
    elif found := _ACT.fullmatch(text):
        _learn_act(case, found, number)
    else:
        for pattern, learn in CIRCUMSTANCES:
            if found := re.fullmatch(pattern, text):
                learn(case, *found.groups())
                return
        raise ValueError(f"line {number}: what is given is not understood")


def _learn_act(case: Case, found: re.Match[str], number: int) -> None:
    categories, more = [], {}
    for part in filter(None, (found[4] or found[5] or "").split(", ")):
        if re.fullmatch("[a-z]+", part):
            categories.append(part)
        else:
            more |= condition(part, number)
    if found[1] in _DECISIONS:
        more["decision"] = _DECISIONS[found[1]]
    names = [names.replace(",", "") for names in (found[2], found[3])]
    names[1] = " ".join(
        reference(n) if n in ("mor", "far", "barn", "fostermor") else n for n in names[1].split()
    )
    names[1] = "" if names[1] == "everyone" else names[1]
    case.known.append(permit(f"{number}", *names, " ".join(categories), **more))


def _set(value: str | None) -> frozenset[str]:
    return frozenset(value.split("+") if value else ())
