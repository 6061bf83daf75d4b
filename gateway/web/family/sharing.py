"""What each recipient gets of each category, in part or not at all, and why: at a glance, and for one of them
item by item as it would see them. Rests on what the reader may see alone. Values; changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from consent.model import Decision
from gateway.config import Settings
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import Judge
from gateway.exchange.seen import Seen
from gateway.timeline import Timeline
from gateway.timeline_entry import Entry
from gateway.web.consents_shown import CATEGORIES, Teller
from gateway.web.family.recipients import addressee
from gateway.web.family.sides import Part, cut
from gateway.web.family.speech import deciding
from gateway.web.insight import Insight
from mappings import reading

OWN: Final = "own"  # the ground of what the recipient wrote itself
State = Literal["all", "part", "none", "open"]
AT_ONCE: Final = 50  # of what a recipient sees, on a page


@dataclass(frozen=True, slots=True)
class Cell:
    """One category of one recipient. state: gets all of what is there, a part of it, none; or may get it, and
    there is nothing yet. why: a sentence for the reader."""

    category: str
    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient. said: what a consent calls it. missing: whose yes is lacking where others have given
    theirs."""

    said: str
    name: str
    cells: tuple[Cell, ...]
    missing: str

    @property
    def gets(self) -> int:
        """Of how many categories it gets something."""
        return sum(cell.state in ("all", "part") for cell in self.cells)


@dataclass(slots=True)
class _Tally:
    """What was decided of one category, over everything the reader may see."""

    goes: list[Decision] = field(default_factory=list)
    stays: list[Decision] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What a recipient gets of it."""
        if not self.goes:
            return "none"
        cut = self.stays or any(decision.plan is not None for decision in self.goes)
        return "part" if cut else "all"

    @property
    def telling(self) -> Decision:
        """The one that says most: of what stays, the first; else one that was needed, if any was."""
        return (self.stays or [d for d in self.goes if d.ground != OWN] or self.goes)[0]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Tells one reader what others get. facts: as they are, or as they would be."""

    insight: Insight
    teller: Teller
    settings: Settings
    facts: PersonFacts

    @classmethod
    def now(cls, insight: Insight, teller: Teller, settings: Settings) -> Sharing:
        """As it stands, by what the reader may know of."""
        return cls(insight, teller, settings, teller.known())

    def rows(self) -> list[Row]:
        """Every recipient that takes part, by name."""
        return [row for said in self.teller.choices() if (row := self.row(said)) is not None]

    def row(self, said: str) -> Row | None:
        """One recipient; None for one that is nobody here."""
        found = addressee(self.insight, self.settings, said)
        if found is None:
            return None
        judge = found.judge(self.settings, self.insight, self.facts)
        tallies = self._tallies(judge)
        cells = tuple(self._cell(judge, category, tallies[category]) for category in CATEGORIES)
        return Row(said, self.teller.choices()[said], cells, self._missing(tallies))

    def _tallies(self, judge: Judge) -> Mapping[str, _Tally]:
        found: dict[str, _Tally] = defaultdict(_Tally)
        for item in self._items():
            parts = self.insight.parts[item]
            asked = self.insight.categories(item)
            decided = judge.decisions(item, parts, asked)
            whole = decided[asked[0]]
            for categories, decision in decided.items():
                counts = decision if whole.goes else whole
                for category in categories:
                    (found[category].goes if counts.goes else found[category].stays).append(counts)
        return found

    def _items(self) -> list[str]:
        here = self.insight.here
        frame = [here.frame] if here.frame in self.insight.seen else []
        return [*frame, *self.insight.items()]

    def _cell(self, judge: Judge, category: str, tally: _Tally) -> Cell:
        if tally.goes or tally.stays:
            return Cell(category, tally.state, self.why(tally.telling))
        decision = self._in_principle(judge, category)
        return Cell(category, "open" if decision.goes else "none", self.why(decision))

    def _in_principle(self, judge: Judge, category: str) -> Decision:
        """Of what is not there yet: as if the log or plan held it."""
        frame, asked = self.insight.here.frame, frozenset({category})
        return judge.decisions(frame, self.insight.parts[frame], [asked])[asked]

    def _missing(self, tallies: Mapping[str, _Tally]) -> str:
        """Whose yes alone is lacking for something that others have said yes to."""
        most = len(deciding(self.insight))
        stays = [decision for one in tallies.values() for decision in one.stays]
        lacking = {ref for decision in stays if len(decision.missing) < most for ref in decision.missing}
        return self.teller.words.several(self._names(lacking))

    def why(self, decision: Decision) -> str:
        """The reason, in the reader's words."""
        words = self.teller.words
        if decision.goes and decision.ground == "G1":
            return words("sharing.why.yes")
        if not decision.goes and decision.against:
            return words("sharing.why.against", who=words.several(self._names(decision.against)))
        if not decision.goes and decision.missing:
            return words("sharing.why.missing", who=words.several(self._names(decision.missing)))
        own = [one for one in decision.reasons if one.rule == decision.ground] or list(decision.reasons)
        if not own:
            return words("sharing.why.unsaid")
        return own[0].nn if words.code == "nn" else own[0].nb

    def _names(self, refs: Iterable[str]) -> list[str]:
        """The reader first, then by name."""
        you = self.teller.words("you")
        named = {self.teller.who((*self.insight.here.facts.twins.get(ref, ()), ref)) for ref in refs}
        return sorted(named, key=lambda name: (name != you, name))

    # --- item by item ----------------------------------------------------------------------------------

    def page_of(self, said: str, side: int, most: int = AT_ONCE) -> Part[Entry]:
        """One page of what one recipient would see of what the reader sees, newest first, as it would see it.
        Only what stands on it is told."""
        upon = cut(self._entries(said), side, most)
        self.insight.tell(ref for entry in upon.items for ref in entry.refs)
        return upon

    def _entries(self, said: str) -> list[Entry]:
        found = addressee(self.insight, self.settings, said)
        if found is None:
            return []
        judge = found.judge(self.settings, self.insight, self.facts)
        shown = {ref: one for item in self.insight.views for ref, one in self._of(judge, item)}
        provenances = {
            target: one.resource
            for ref, one in shown.items()
            if not _content(ref) and (target := reading.target_of(one.resource))
        }
        content = {ref: one for ref, one in shown.items() if _content(ref)}
        return Timeline(content, provenances, self.facts).entries()

    def _of(self, judge: Judge, item: str) -> Iterator[tuple[str, Seen]]:
        """What both see of an item: of the reader's own view what the recipient's leaves."""
        if item.startswith("Consent/"):
            return
        parts = self.insight.parts[item]
        view = judge.view(item, parts)
        for ref in view.resources:
            mine = self.insight.seen.get(ref)
            both = view.of(ref, mine) if mine is not None else None
            if both is not None:
                yield ref, Seen(ref, item, both, parts[ref], view)


def _content(ref: str) -> bool:
    return not ref.startswith("Provenance/")
