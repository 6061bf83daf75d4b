"""What people, places and records are called on a page: in the reader's language, as far as that reader may
see, and never by a name that tells where a protected child goes (B1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent.model import Participant
from consent.people import active
from gateway.config import Settings
from gateway.exchange.facts import FAMILY
from gateway.timeline import kind_of
from gateway.web.insight import Insight
from gateway.web.language import Language
from gateway.web.standing import CHILD
from mappings import reading, telling
from mappings.model import Resource

OPEN: Final = frozenset({"ugradert", "klientadresse"})  # address protection that hides no places
UNSAID: Final = frozenset({"samtykke"})  # what says nothing in words: its code is no title


@dataclass(frozen=True, slots=True)
class Names:
    """Names for one person, about one child."""

    insight: Insight
    settings: Settings
    words: Language

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

    def full_name(self, ref: str) -> str:
        """The same, one's own too: where several are told of beside each other."""
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

    def title(self, ref: str, *, dated: bool = True) -> str:
        """A record in few words. dated: with the day it was first written."""
        version, resource = self.insight.version(ref), self.insight.seen.get(ref)
        if resource is None or version is None:
            return ""
        kind = kind_of(resource)
        frame = self.words.texts.get(f"frame.{reading.kind_of(resource)}")
        named = frame or self.words.of("kind", kind)
        said = "" if kind in UNSAID else telling.title_of(resource) or telling.text_of(resource) or ""
        when = f" ({self.words.day(version.first_recorded)})" if dated else ""
        return f"{named}: {said[:80]}{'…' if len(said) > 80 else ''}{when}" if said else f"{named}{when}"

    # --- recipients ------------------------------------------------------------------------------------

    def taking_part(self) -> list[Participant]:
        """Who takes part in the log or plan now, of those who may be seen."""
        here = self.insight.here
        return [
            one
            for one in here.facts.facts.participants
            if one.frame == here.frame and one.id in self.insight.seen and active(one, self.insight.now)
        ]

    def choices(self) -> dict[str, str]:
        """Whom one may choose: the organizations, services and people that take part now. What a consent
        says of each, and its name."""
        out: dict[str, str] = {}
        for one in self.taking_part():
            if one.role in FAMILY or one.role == CHILD:
                continue
            said = one.organization or one.service or one.id
            kind = self.words.of("service", one.service)
            named = self.recipient(said)
            out.setdefault(said, named if kind.casefold() in named.casefold() else f"{named} ({kind})")
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


def phone_of(resource: Resource) -> str | None:
    """The telephone number of a participant."""
    found = (one.get("value") for one in resource.get("telecom") or () if one.get("system") == "phone")
    return next((number for number in found if isinstance(number, str) and number), None)
