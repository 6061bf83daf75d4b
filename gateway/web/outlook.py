"""What a draft would mean: which records each recipient may have once it is signed, decided by the same judge
with the consent added to what is known. Nothing is stored; only what the signer may see is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from consent.model import Consent
from gateway.config import Settings
from gateway.exchange.facts import PersonFacts
from gateway.timeline_entry import Entry
from gateway.web.consent_form import Draft
from gateway.web.consents_shown import Teller
from gateway.web.family.recipients import addressee, with_consents
from gateway.web.family.sharing import Sharing
from gateway.web.family.sides import Part, cut
from gateway.web.insight import Insight

DRAFT: Final = "Consent/draft"
EACH: Final = 20  # of what one of them would have, on a page with all of them


@dataclass(frozen=True, slots=True)
class Coming:
    """What one recipient may have. gains: new with this; keeps: had before; loses: no more; waits: new once
    the others have signed too. seen: item by item, as it would then see them. Of each the same page, or its
    last."""

    name: str
    gains: Part[str]
    keeps: Part[str]
    loses: Part[str]
    waits: Part[str]
    seen: Part[Entry]

    @property
    def pages(self) -> int:
        """How many pages the longest has."""
        return max(one.pages for one in (self.gains, self.keeps, self.loses, self.waits, self.seen))


@dataclass(frozen=True, slots=True)
class Outlook:
    """missing: whose signature it still needs after this one; unknown: nobody can tell who must sign."""

    recipients: list[Coming]
    missing: list[str]
    unknown: bool

    @property
    def pages(self) -> int:
        """How many pages it has, over all recipients."""
        return max((one.pages for one in self.recipients), default=1)


def outlook(insight: Insight, teller: Teller, draft: Draft, side: int) -> Outlook:
    """Look ahead. What a consent does that this reader may not know of is left out of it. side: which page of
    what each recipient would have; only what stands on it is told."""
    here = replace(insight.here, facts=teller.known())
    mine = with_consent(here.facts, replace(draft.consent(DRAFT), recorded=insight.now))
    asked = replace(here, facts=mine).signing(draft.consent(DRAFT), insight.now)
    others = [group for group in asked.missing if not here.named(group)]
    signed = draft.consent(DRAFT, draft.by, *(group[0] for group in others if "/" in group[0]))
    everyone = with_consent(here.facts, replace(signed, recorded=insight.now))
    said = [*draft.recipients, *draft.excepted]
    if draft.items and not said:
        said = list(teller.choices())
    return Outlook(
        recipients=[_coming(insight, teller, one, (here.facts, mine, everyone), side) for one in said],
        missing=[] if draft.refuses else [teller.who(group) for group in others],
        unknown=asked.unknown and not draft.refuses,
    )


def _coming(insight: Insight, teller: Teller, said: str, steps: tuple[PersonFacts, ...], side: int) -> Coming:
    """steps: the facts as they are, with this signature, and with everybody's."""
    before, after, last = (_permitted(insight, teller.settings, said, facts) for facts in steps)
    left_out = {**before, **after, **last}
    order = [item for item in (insight.here.frame, *insight.items()) if item in left_out]

    def named(wanted: Callable[[str], bool]) -> Part[str]:
        found = cut([item for item in order if wanted(item)], side, EACH)
        insight.tell(found.items)
        return replace(found, items=[_told(teller, item, left_out[item]) for item in found.items])

    return Coming(
        name=teller.recipient(said),
        gains=named(lambda i: i in after and i not in before),
        keeps=named(lambda i: i in before and i in after),
        loses=named(lambda i: i in before and i not in after),
        waits=named(lambda i: i in last and i not in after and i not in before),
        seen=Sharing(insight, teller, teller.settings, steps[-1]).page_of(said, side, EACH),
    )


def _told(teller: Teller, item: str, left_out: tuple[str, ...]) -> str:
    words = teller.words
    named = words("kind.plan") if item == teller.insight.here.frame else teller.title(item)
    if not left_out:
        return named
    what = words.several([words.of("category", c).lower() for c in left_out])
    return f"{named} – {words('preview.without', what=what)}"


def _permitted(
    insight: Insight, settings: Settings, said: str, facts: PersonFacts
) -> dict[str, tuple[str, ...]]:
    """Items that the recipient may have, with the categories inside that are left out."""
    found = addressee(insight, settings, said)
    if found is None:
        return {}
    judge = found.judge(settings, insight, facts)
    out = {}
    for item in (insight.here.frame, *insight.items()):
        view = judge.view(item, insight.parts[item])
        if view.permitted and item in insight.seen:
            denied = {c for asked in insight.categories(item) for c in asked} - view.categories
            out[item] = tuple(sorted(denied))
    return out


def with_consent(known: PersonFacts, added: Consent) -> PersonFacts:
    """The facts as they would be with one consent more."""
    return with_consents(known, (*known.facts.consents, added))
