"""Asks the consent library about items of the hub, and shows what of an item a recipient may have.

Every way out goes through `Judge.view`: push, pull, FHIR reads, timeline and export.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import consent
from consent.decision import Outcome, Reason
from consent.model import Basis, Decision, Item, Plan, Recipient, Request
from gateway.exchange.disclosures import Disclosed
from gateway.exchange.facts import PersonFacts
from gateway.hub.patients import stated_by
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import ENH, HPR, identifier_system
from mappings.model import Resource

RECORD = identifier_system("record/")
WRONG_PERSON: Final = Decision(
    Outcome.DENY,
    None,
    (
        Reason(
            "wrong-person",
            "gateway/hub/acts.py",
            "Mottakeren har meldt at dette ikke er deres pasient. Det er lukket til noen har avklart det.",
            "Mottakaren har meldt at dette ikkje er deira pasient. Det er lukka til nokon har avklart det.",
            "Koordinatoren avklarer at det er riktig barn, og åpner igjen.",
            "Koordinatoren avklarar at det er rett barn, og opnar att.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class View:
    """What a recipient may see of one item. Empty when nothing; the decisions say why, in either case."""

    item: str
    resources: Mapping[str, Resource]  # by reference; redacted where needed
    decisions: Mapping[frozenset[str], Decision]  # per set of categories that was asked for
    categories: frozenset[str] = frozenset()  # permitted ones
    plans: Mapping[str, Plan] = field(default_factory=dict)  # what was taken away, by reference

    @property
    def permitted(self) -> bool:
        """Whether the focal resource itself may be seen, whole or redacted."""
        return self.item in self.resources

    @property
    def redacted(self) -> bool:
        """Whether a plan took something away, or could have."""
        return any(d.plan is not None for d in self.decisions.values())

    def of(self, ref: str, resource: Resource) -> Resource | None:
        """Another copy of one of its resources, such as what the recipient holds, as this view leaves it."""
        return _left(resource, self.categories, self.plans.get(ref))

    def disclosed(self, ref: str, version: int, otherwise: str) -> Disclosed:
        """What is told with one resource of it, for the log of what left. otherwise: the ground of what was
        told without a decision."""
        granted = [d for d in self.decisions.values() if d.goes]
        categories = {c for asked, d in self.decisions.items() if d.goes for c in asked}
        return Disclosed(
            ref=ref,
            version=version,
            categories=tuple(sorted(categories or self.categories)),
            ground=next((d.ground for d in granted if d.ground), otherwise),
            rules=tuple(dict.fromkeys(r.rule for d in granted for r in d.reasons)),
            consents=tuple(sorted({c for d in granted for c in d.consents})),
            rule_set=next((d.rule_set for d in granted), ""),
            redacted=self.redacted,
        )


class Judge:
    """Decides for one person, one recipient, one channel, at one time."""

    def __init__(
        self,
        facts: PersonFacts,
        recipient: Recipient,
        *,
        channel: str,
        purpose: str,
        now: datetime,
        bases: tuple[Basis, ...] = (),
    ) -> None:
        self._facts = facts
        self._recipient = recipient
        self._channel = channel
        self._purpose = purpose
        self._now = now
        self._bases = bases  # of the route it would take
        self._patients: dict[str, str | None] = {}  # item -> id of the Patient it names itself
        self._by: dict[tuple[str, ...], Written] = {}  # names of writers -> who they are
        # whether everybody who would read there is of an organization that this is no patient of
        closed = bool(recipient.organizations) and recipient.organizations <= facts.closed_to
        self._closed = closed and not recipient.participants

    def view(self, item: str, parts: Mapping[str, Version]) -> View:
        """What may be seen of an item, given its current versions (focal and owned, by reference)."""
        focal = parts.get(item)
        if focal is None:
            return View(item, {}, {})
        wanted = {ref: reading.category_of(v.resource) for ref, v in parts.items() if _content(ref)}
        inner = {c for v in parts.values() for c in reading.categories_inside(v.resource)}
        decisions = self.decisions(item, parts, (*wanted.values(), *(frozenset({c}) for c in sorted(inner))))
        whole = decisions[wanted[item]]
        if not whole.goes:
            return View(item, {}, decisions)
        permitted = frozenset(c for categories, d in decisions.items() if d.goes for c in categories)
        shown: dict[str, Resource] = {}
        plans: dict[str, Plan] = {}
        for ref, version in parts.items():
            decision = decisions[wanted[ref]] if ref in wanted else whole  # a Provenance goes with its item
            if decision.plan is not None:
                plans[ref] = decision.plan
            left = _left(version.resource, permitted, decision.plan) if decision.goes else None
            if left is not None:
                shown[ref] = left
        return View(item, shown if item in shown else {}, decisions, permitted, plans)

    def permits(self, item: str, parts: Mapping[str, Version], categories: Iterable[str]) -> frozenset[str]:
        """Which of these categories of an item may be seen, whether or not anything of it is there."""
        found = self.decisions(item, parts, (frozenset({c}) for c in categories))
        return frozenset(c for asked, decision in found.items() if decision.goes for c in asked)

    def decisions(
        self, item: str, parts: Mapping[str, Version], asked: Iterable[frozenset[str]]
    ) -> dict[frozenset[str], Decision]:
        """What is decided about these sets of categories of an item, and why, without showing anything."""
        own = self._item(parts[item], parts)
        found: dict[frozenset[str], Decision] = {}
        for categories in asked:
            if categories not in found:
                found[categories] = self._decide(own(categories))
        return found

    def _decide(self, asked: Item) -> Decision:
        """One decision of the consent library; a deny where the recipient has said that this is none of its
        patients, until that is resolved."""
        emergency = self._facts.emergency(asked.id, self._recipient.system, self._now)
        if emergency is None and self._closed:
            return WRONG_PERSON
        request = Request(
            item=asked,
            sender=None,
            recipient=self._recipient,
            channel=self._channel,
            time=self._now,
            purpose=self._purpose,
            redacts=True,
            basis=next((b for b in self._bases if asked.categories <= b.categories), None),
            emergency=emergency,
        )
        prepared = self._facts.prepared_for(asked.frame, self._patients.get(asked.id))
        return consent.decide(request, prepared)

    def _item(self, focal: Version, parts: Mapping[str, Version]) -> Callable[[frozenset[str]], Item]:
        """The item as it is asked about, for any categories."""
        if self._facts.sides.prepared:
            self._patients[focal.ref] = stated_by(focal.resource)
        own = [v.resource for v in parts.values()]
        labels = _union(map(reading.labels_of, own))
        sensitivity = _union(map(reading.sensitivity_of, own))
        third_persons = _union(map(reading.third_persons_of, own))
        written = self._written(parts)
        frame = reading.belongs_to(focal.resource)

        def asked(categories: frozenset[str]) -> Item:
            return Item(
                id=focal.ref,
                categories=categories,
                labels=labels,
                sensitivity=sensitivity,
                third_persons=third_persons,
                author_organization=written.author,
                others=written.others,
                frame=frame or (focal.ref if focal.ref in self._facts.frames else None),
                recorded=focal.first_recorded,
                consent_id=focal.ref if focal.ref.startswith("Consent/") else None,
                type=focal.resource["resourceType"],
                source=focal.created_by,
                by_health_personnel=written.by_health_personnel,
            )

        return asked

    def _written(self, parts: Mapping[str, Version]) -> Written:
        """Whose it is, and who else has written in it. Its newest author alone says little: whoever changes a
        word of it would make all of it theirs."""
        names = tuple(dict.fromkeys(name for part in parts.values() for name in part.writers))
        if names not in self._by:
            self._by[names] = self._who(names)
        return self._by[names]

    def _who(self, names: tuple[str, ...]) -> Written:
        participants = [self._participant(name) for name in names]
        organizations = [self._organization(n, p) for n, p in zip(names, participants, strict=True)]
        author = organizations[0] if organizations else None
        known = self._facts.health_personnel
        health = bool(names) and all(
            p in known or n.startswith(f"{HPR}|") for n, p in zip(names, participants, strict=True)
        )
        return Written(author, frozenset(organizations) - {author}, health)

    def _participant(self, name: str) -> str | None:
        """The participant that a Provenance names."""
        system, bar, value = name.partition("|")
        if not bar:
            return name
        return (
            self._facts.authors.get((system.removeprefix(RECORD), value))
            if system.startswith(RECORD)
            else None
        )

    def _organization(self, name: str, participant: str | None) -> str | None:
        system, _, value = name.partition("|")
        return value if system == ENH else self._facts.organizations.get(participant or "")


@dataclass(frozen=True, slots=True)
class Written:
    """Who has written in an item: organization numbers, None for one that is not known."""

    author: str | None
    others: frozenset[str | None]
    by_health_personnel: bool


def _left(resource: Resource, categories: frozenset[str], plan: Plan | None) -> Resource | None:
    """What these categories and the plan leave of a resource."""
    narrowed = reading.narrow(resource, categories)
    return narrowed if plan is None else consent.redact(narrowed, plan)


def _content(ref: str) -> bool:
    """Provenance goes with what it tells about; it has no category of its own."""
    return not ref.startswith("Provenance/")


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
