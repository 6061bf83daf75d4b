"""The consents of one log or plan as a person may read them: what is consented to now, by whom, until when,
and whose signature is still missing. Values for the templates; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from consent.days import begins, ceases
from consent.model import Consent
from gateway.exchange.facts import PersonFacts
from gateway.web.family.recipients import as_known
from gateway.web.names import Names
from gateway.web.standing import CHILD
from mappings import reading
from mappings.canonical import extension
from mappings.model import Resource

CATEGORIES: Final = (
    "plan", "bekymring", "maal", "tiltak", "evaluering", "lysglimt", "notat", "melding", "moete", "dokument",
    "henvisning",
)  # fmt: skip

SIGNED: Final = frozenset({"partial", "valid", "later"})  # where who has signed is worth telling


@dataclass(frozen=True, slots=True)
class Shown:
    """One consent or refusal. signed, lacking: of those who must sign, where that still matters. missing:
    whose signature is not there yet. state: a key of the catalogs."""

    ref: str
    refuses: bool
    givers: str
    recipients: list[str]
    excepted: list[str]
    categories: list[str]
    items: list[str]
    start: date | datetime | None
    end: date | datetime | None
    withdrawn: datetime | None
    purpose: str | None
    state: str
    missing: list[str]
    signed: list[str]
    lacking: list[str]
    unknown: bool
    mine: bool
    may_withdraw: bool
    may_sign: bool


@dataclass(frozen=True, slots=True)
class Teller(Names):
    """Tells of the consents in one language, to one person."""

    def consents(self) -> list[Shown]:
        """Those this person may know of, newest first."""
        found = [self._shown(one) for one in self.readable()]
        return sorted(found, key=lambda one: one.state not in ("valid", "partial", "refused", "later"))

    def readable(self) -> list[Consent]:
        """The records themselves, newest first."""
        here = self.insight.here
        own = [
            one
            for one in here.facts.facts.consents
            if one.frame == here.frame and not one.in_error and self.may_know(one)
        ]
        return sorted(own, key=lambda one: (one.recorded or self.insight.now, one.id), reverse=True)

    def one(self, ref: str) -> Shown | None:
        """One of them."""
        return next((self._shown(c) for c in self.readable() if c.id == ref), None)

    def may_know(self, one: Consent) -> bool:
        """Decided by the judge; one's own always, unless it is kept from people in this role."""
        if one.id in self.insight.seen:
            return True
        if self.insight.here.mine.isdisjoint(one.givers):
            return False
        version = self.insight.version(one.id)
        labels = reading.labels_of(version.resource) if version else {"NORU"}
        hidden = {"NORU", "NORN_UNGDOM" if self.insight.here.me.role == CHILD else "NORN_FORANS"}
        return hidden.isdisjoint(labels)

    def known(self) -> PersonFacts:
        """The facts as far as this person may know of them: whether somebody has signed what is kept from
        this person does not show in what is still missing either."""
        return as_known(self.insight.here.facts, self.may_know)

    def _shown(self, one: Consent) -> Shown:
        here, now = replace(self.insight.here, facts=self.known()), self.insight.now
        asked = here.signing(one, now)
        refuses = one.decision != "samtykker"
        mine = not here.mine.isdisjoint(one.givers)
        missing = () if refuses else asked.missing
        state = self._state(one, partial=not refuses and not asked.complete)
        return Shown(
            ref=one.id,
            refuses=refuses,
            givers=self.words.several(self._people((ref,) for ref in sorted(one.givers))),
            recipients=[self.recipient(r) for r in sorted(one.recipients)],
            excepted=[self.recipient(r) for r in sorted(one.except_recipients)],
            categories=[self.words.of("category", c) for c in CATEGORIES if c in one.categories],
            items=[self.title(i) for i in sorted(one.except_items) if i in self.insight.seen],
            start=one.start,
            end=one.end,
            withdrawn=one.withdrawn,
            purpose=self._purpose(one.id, mine=mine),
            state=state,
            missing=self._people(missing),
            signed=self._people(asked.signed) if state in SIGNED else [],
            lacking=self._people(missing) if state == "partial" else [],
            unknown=asked.unknown and not refuses,
            mine=mine,
            may_withdraw=one.withdrawn is None and (mine or self._decides(one)),
            may_sign=state == "partial" and any(here.named(group) for group in missing),
        )

    def _people(self, groups: Iterable[tuple[str, ...]]) -> list[str]:
        """Their names, the reader first."""
        return [self.who(group) for group in sorted(groups, key=self.insight.here.named, reverse=True)]

    def _purpose(self, ref: str, *, mine: bool) -> str | None:
        """The giver's words; others' as far as they may be seen."""
        version = self.insight.version(ref)
        resource = version.resource if mine and version else self.insight.seen.get(ref)
        return _purpose(resource) if resource else None

    def _decides(self, one: Consent) -> bool:
        here = self.insight.here
        asked = here.signing(one, self.insight.now)
        return here.me.role == CHILD or any(here.named(g) for g in (*asked.must, *asked.one_of))

    def _state(self, one: Consent, *, partial: bool) -> str:
        now = self.insight.now
        if one.withdrawn is not None:
            return "withdrawn"
        if ceases(one.end) <= now:
            return "ended"
        if one.decision != "samtykker":
            return "refused"
        if partial:
            return "partial"
        return "later" if begins(one.start) > now else "valid"


def _purpose(resource: Resource) -> str | None:
    url = extension("formaal")
    found: Iterable[str | None] = (
        e.get("valueString") for e in resource.get("extension") or () if e.get("url") == url
    )
    return next(iter(found), None)
