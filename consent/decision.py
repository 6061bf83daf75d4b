"""What the consent library answers: permit, permit what a plan leaves, or deny, with one ground and reasons;
and the answers for single readers that it is made of.

Values only. A decision never names an item's content.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """REDACT: what the decision's plan leaves may go. It is given only to a caller that said it applies
    plans."""

    PERMIT = "permit"
    REDACT = "redact"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the decision: rule id, its source, the sentence for a reader in both written forms, and
    what would have to change for the opposite answer. Never names the item's content."""

    rule: str  # W8, B1, G1, ...
    source: str  # "pbrl § 4-3"
    nb: str
    nn: str
    turn_nb: str = ""
    turn_nn: str = ""


class Answer(NamedTuple):
    """For one organization or single reader: a ground, or None. rules: keys of those that say why, in order.
    missing, against: keys of those who have not decided, and of those who said no."""

    ground: str | None
    rules: tuple[str, ...]
    consents: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    against: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What must be taken away from an item before it goes (see redaction).

    protection: the address protection (B1) to keep, if any. places: words that reveal where the person lives
    or goes, as known of that person. released: what the stafettholder has let go, "Type/id" for a whole
    resource or "Type/id#path" for one part. hidden: references of what the recipient may not see. elements:
    paths that fall under something not permitted, "Goal.note" or "CarePlan.extension(url)".
    """

    protection: str | None = None
    places: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    elements: frozenset[str] = frozenset()

    def hiding(self, references: frozenset[str], elements: frozenset[str] = frozenset()) -> Plan:
        """The same plan with more hidden; it can only grow."""
        return replace(self, hidden=self.hidden | references, elements=self.elements | elements)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with the one ground that carried it, the consents it rests on and the reasons in order.

    plan: what to take away first; with REDACT alone. readers: where the recipient filters per reader, those
    of its audience who may have the item; empty otherwise. crossings: pairs of secrecy regimes the ground
    leads across. remarks: duties that go with it. missing, against: those who have not decided, and who said
    no, by one of their references. rule_set: the version of the rules it was made with.
    """

    outcome: Outcome
    ground: str | None  # G1, ...; "own" when the whole audience is the author's own organization
    reasons: tuple[Reason, ...]
    consents: tuple[str, ...] = ()
    plan: Plan | None = None
    readers: tuple[str, ...] = ()
    crossings: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    rule_set: str = ""

    @property
    def permitted(self) -> bool:
        """True only for a permit of the whole item. A caller that applies plans asks `outcome`."""
        return self.outcome is Outcome.PERMIT

    @property
    def goes(self) -> bool:
        """True for a permit, of the whole or of what the plan leaves: for a caller that applies plans."""
        return self.outcome is not Outcome.DENY

    def turns(self, language: str = "nb") -> tuple[str, ...]:
        """What would have to change for the opposite answer: for a deny each hindrance, for a permit what it
        rests on."""
        said = (r.turn_nn if language == "nn" else r.turn_nb for r in self.reasons)
        return tuple(dict.fromkeys(s for s in said if s))
