"""What the simulator itself knows, beside the gateway: every word that was written, and which consents stood
when. Knows nothing of the gateway's tables or rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

WORD = re.compile(rb"ord\d+x")
OSLO = ZoneInfo("Europe/Oslo")
ORGANIZATION = {
    "stafettlogg": "skole",
    "individuell-plan": "koordinerendeEnhet",
    "bup": "bup",
    "fastlege": "fastlege",
}
AUDIENCE = {
    "stafettlogg": frozenset({"skole", "bup", "fastlege", "koordinerendeEnhet"}),
    "individuell-plan": frozenset({"koordinerendeEnhet"}),
    "bup": frozenset({"bup"}),
    "fastlege": frozenset({"fastlege"}),
}


@dataclass(frozen=True, slots=True)
class Word:
    """One edit: a word nobody else writes, about which child, of which category, where and when."""

    text: str
    child: int
    category: str
    system: str
    at: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A consent since `at` (seconds): who gave it, for whom, what. until: when it ends; gone: taken back;
    refuses: it says no."""

    at: float
    name: str
    giver: str
    services: frozenset[str]
    categories: frozenset[str]
    until: datetime | None = None
    gone: bool = False
    refuses: bool = False

    def covers(self, giver: str, reader: str, category: str) -> bool:
        """Whether it speaks of this, for this giver."""
        return self.giver == giver and reader in self.services and category in self.categories

    def refused_by(self, giver: str, reader: str, category: str, valid: list[Standing]) -> bool:
        """Whether it is a no to this that no later yes of the same giver has lifted."""
        lifted = any(p.covers(giver, reader, category) and p.at > self.at for p in valid)
        return self.refuses and self.covers(giver, reader, category) and not lifted

    def reaches_beyond(self, other: Standing) -> bool:
        """Whether this permits something that the other does not."""
        shorter = other.until is not None and (self.until is None or other.until < self.until)
        fewer = not (self.services <= other.services and self.categories <= other.categories)
        return not self.gone and (other.gone or fewer or shorter)


@dataclass(slots=True)
class Narrowing:
    """Something that permits less since `at`. closed: when nothing older was under way any more."""

    child: int
    at: float
    closed: float | None = None


@dataclass
class Ledger:
    """Of one run."""

    born: dict[int, date] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)  # word -> the first word of the same item
    replaced: dict[str, set[str]] = field(
        default_factory=dict
    )  # word -> systems where another took its place
    writers: dict[str, set[str]] = field(
        default_factory=dict
    )  # first word -> systems that have written in it
    consents: dict[int, list[Standing]] = field(default_factory=dict)
    narrowings: list[Narrowing] = field(default_factory=list)
    shielded: dict[int, list[tuple[float, bool]]] = field(default_factory=dict)
    has: dict[str, set[str]] = field(
        default_factory=dict
    )  # system -> words it holds or has got with a ground
    breaches: list[str] = field(default_factory=list)

    def write(self, word: Word, before: str | None) -> None:
        """Somebody wrote this. before: the word it stands in the place of."""
        self.words[word.text] = word
        self.roots[word.text] = self.roots[before] if before else word.text
        if before is not None:
            self.replaced.setdefault(before, set()).add(word.system)
        self.writers.setdefault(self.roots[word.text], set()).add(word.system)
        self.has.setdefault(word.system, set()).add(word.text)

    def consent(self, child: int, standing: Standing) -> None:
        """A consent as it stands from now on."""
        self.consents.setdefault(child, []).append(standing)

    def known(self, child: int, name: str) -> Standing | None:
        """The newest edition of a consent."""
        return next((s for s in reversed(self.consents.get(child, [])) if s.name == name), None)

    def permitted(self, word: Word, system: str, at: float, day: datetime) -> bool:
        """Whether this may be told to a system: each who must decide has consented to each reader."""
        if ([on for t, on in self.shielded.get(word.child, []) if t <= at] or [False])[-1]:
            return False
        newest: dict[str, Standing] = {}
        for one in self.consents.get(word.child, []):
            if one.at <= at:
                newest[one.name] = one
        said = newest.values()
        valid = [s for s in said if not (s.gone or s.refuses) and (s.until is None or day < s.until)]
        readers = AUDIENCE[system] - {ORGANIZATION[one] for one in self.writers[self.roots[word.text]]}
        return all(
            any(s.covers(giver, reader, word.category) for s in valid)
            and not any(s.refused_by(giver, reader, word.category, valid) for s in said)
            for giver in self.deciders(word.child, day)
            for reader in readers
        )

    def deciders(self, child: int, day: datetime) -> frozenset[str]:
        """Guardian under 15, both until 16, then the young person."""
        today, born = day.astimezone(OSLO).date(), self.born[child]
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if age < 15:
            return frozenset({"mor"})
        return frozenset({"mor", "barn"}) if age < 16 else frozenset({"barn"})

    def closed_between(self, child: int, begun: float, left: float) -> bool:
        """Whether something that permits less was answered as closed after a run began, before it sent."""
        return any(
            n.child == child and begun < n.at and n.closed is not None and n.closed < left
            for n in self.narrowings
        )


def words_in(body: bytes) -> set[str]:
    """All words of ours in some bytes."""
    return {found.decode() for found in WORD.findall(body)}
