"""The consents of one log or plan as a person may read them: what is consented to now, by whom, until when,
and whose signature is still missing. Values for the templates; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from consent.days import begins, ceases
from consent.model import Consent
from consent.people import active
from gateway.config import Settings
from gateway.exchange.facts import FAMILY
from gateway.web.insight import Insight
from gateway.web.language import Language
from gateway.web.standing import CHILD
from mappings import reading, telling
from mappings.canonical import extension
from mappings.model import Resource

CATEGORIES: Final = (
    "plan", "bekymring", "maal", "tiltak", "evaluering", "lysglimt", "notat", "melding", "moete", "dokument",
    "henvisning",
)  # fmt: skip
OPEN: Final = frozenset({"ugradert", "klientadresse"})  # address protection that hides no places
KINDS: Final = {
    "Goal": "maal", "ServiceRequest": "tiltak", "Appointment": "moete", "DocumentReference": "dokument",
    "Observation": "observasjon", "Communication": "melding",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One consent or refusal. missing: whose signature is not there yet. state: a key of the catalogs."""

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
    unknown: bool
    mine: bool
    may_withdraw: bool
    may_sign: bool


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of the consents in one language, to one person."""

    insight: Insight
    settings: Settings
    words: Language

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
            if one.frame == here.frame and not one.in_error and self._may_know(one)
        ]
        return sorted(own, key=lambda one: (one.recorded or self.insight.now, one.id), reverse=True)

    def one(self, ref: str) -> Shown | None:
        """One of them."""
        return next((self._shown(c) for c in self.readable() if c.id == ref), None)

    def _may_know(self, one: Consent) -> bool:
        """Decided by the judge; one's own always, unless it is kept from people in this role."""
        if one.id in self.insight.seen:
            return True
        if self.insight.here.mine.isdisjoint(one.givers):
            return False
        version = self.insight.version(one.id)
        labels = reading.labels_of(version.resource) if version else {"NORU"}
        hidden = {"NORU", "NORN_UNGDOM" if self.insight.here.me.role == CHILD else "NORN_FORANS"}
        return hidden.isdisjoint(labels)

    def _shown(self, one: Consent) -> Shown:
        here, now = self.insight.here, self.insight.now
        asked = here.signing(one, now)
        refuses = one.decision != "samtykker"
        mine = not here.mine.isdisjoint(one.givers)
        missing = () if refuses else asked.missing
        state = self._state(one, partial=not refuses and not asked.complete)
        return Shown(
            ref=one.id,
            refuses=refuses,
            givers=self.words.several([self.name(ref) for ref in sorted(one.givers)]),
            recipients=[self.recipient(r) for r in sorted(one.recipients)],
            excepted=[self.recipient(r) for r in sorted(one.except_recipients)],
            categories=[self.words.of("category", c) for c in CATEGORIES if c in one.categories],
            items=[self.title(i) for i in sorted(one.except_items) if i in self.insight.seen],
            start=one.start,
            end=one.end,
            withdrawn=one.withdrawn,
            purpose=self._purpose(one.id, mine=mine),
            state=state,
            missing=[self.who(group) for group in sorted(missing, key=here.named, reverse=True)],
            unknown=asked.unknown and not refuses,
            mine=mine,
            may_withdraw=one.withdrawn is None and (mine or self._decides(one)),
            may_sign=state == "partial" and any(here.named(group) for group in missing),
        )

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

    # --- names -----------------------------------------------------------------------------------------

    def child(self) -> str:
        """The child's name, or a word for it where it may not be told."""
        found = self.insight.seen.get(f"Patient/{self.insight.here.person}")
        return (found and name_of(found)) or self.words("child.unnamed")

    def name(self, ref: str) -> str:
        """A participant's name, as far as it may be seen."""
        if ref in self.insight.here.mine:
            return self.words("you")
        found = self.insight.seen.get(ref)
        return (found and name_of(found)) or self.words("participant.unnamed")

    def who(self, group: tuple[str, ...]) -> str:
        """Somebody who must sign: a person, known by several references, or a service by its number."""
        if self.insight.here.named(group):
            return self.words("you")
        seen = [ref for ref in group if ref in self.insight.seen]
        if seen:
            return self.name(seen[0])
        return self.recipient(group[0]) if group[0].isdecimal() else self.words("participant.unnamed")

    def recipient(self, said: str) -> str:
        """A recipient of a consent in words: an organization, a service or a participant."""
        if "/" in said:
            return self.name(said)
        if not said.isdecimal():
            return self.words.of("service", said)
        if self._protected:
            return self._service(said)
        known = next((o.name for o in self.settings.organizations if o.number == said), None)
        units = (u for u in map(unit_of, self.insight.seen.values()) if u[0] == said)
        return known or next((u[1] for u in units if u[1]), said)

    @property
    def _protected(self) -> bool:
        """Whether the name of a place the child goes to must not stand on any page (B1)."""
        return self.insight.here.facts.facts.address_protection not in OPEN

    def _service(self, number: str) -> str:
        """What kind of place an organization is, without its name."""
        people = self.insight.here.facts.facts.participants
        found = next((p.service for p in people if p.organization == number and p.service), None)
        return self.words.of("service", found) if found else self.words("unit.unnamed")

    def title(self, ref: str) -> str:
        """A record in few words."""
        version, resource = self.insight.version(ref), self.insight.seen.get(ref)
        if resource is None or version is None:
            return ""
        kind = reading.kind_of(resource) or KINDS.get(ref.partition("/")[0], "")
        named = self.words.of("kind", kind)
        said = telling.title_of(resource) or telling.text_of(resource) or ""
        when = self.words.day(version.first_recorded)
        return (
            f"{named}: {said[:80]}{'…' if len(said) > 80 else ''} ({when})" if said else f"{named} ({when})"
        )

    # --- recipients ------------------------------------------------------------------------------------

    def choices(self) -> dict[str, str]:
        """Whom one may choose: the organizations, services and people that take part now. What a consent
        says of each, and its name."""
        out: dict[str, str] = {}
        for one in self.insight.here.facts.facts.participants:
            here = self.insight.here
            if (
                one.frame != here.frame
                or one.id not in self.insight.seen
                or not active(one, self.insight.now)
            ):
                continue
            if one.role in FAMILY or one.role == CHILD:
                continue
            said = one.organization or one.service or one.id
            kind = self.words.of("service", one.service)
            named = self.recipient(said)
            out.setdefault(said, named if kind in ("", named) else f"{named} ({kind})")
        return dict(sorted(out.items(), key=lambda pair: pair[1].lower()))


def name_of(resource: Resource) -> str | None:
    """The name of a person or participant."""
    names = resource.get("name") or [n for c in resource.get("contained") or () for n in c.get("name") or ()]
    if not names or not isinstance(names[0], dict):
        return None
    parts = [*(names[0].get("given") or ()), names[0].get("family")]
    return " ".join(p for p in parts if isinstance(p, str)) or names[0].get("text")


def unit_of(resource: Resource) -> tuple[str | None, str | None]:
    """Organization number and name of a participant's unit."""
    unit = resource.get("organization") or {}
    return (unit.get("identifier") or {}).get("value"), unit.get("display")


def _purpose(resource: Resource) -> str | None:
    url = extension("formaal")
    found: Iterable[str | None] = (
        e.get("valueString") for e in resource.get("extension") or () if e.get("url") == url
    )
    return next(iter(found), None)
