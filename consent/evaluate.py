"""The decision: may this item go to this recipient? Total, and closed: whatever goes wrong is a deny.

The order is that of law.md: what is unknown, what stands above any consent, then consent. Grounds other than
consent (G2 to G5) and the care order (W4) take their place here when the facts carry them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from consent.acts import CATEGORIES, PURPOSES, acts
from consent.days import moment
from consent.model import (
    Category,
    Channel,
    Decision,
    Facts,
    Item,
    Outcome,
    Reason,
    Request,
    Settings,
)
from consent.people import CHILD, people
from consent.rules import RULES
from consent.standing import Deciders, Standing, Will, World

UNPROTECTED = frozenset({"ugradert", "klientadresse"})
PROTECTED = frozenset({"fortrolig", "strengtFortrolig"})
CHANNELS = frozenset(c.value for c in Channel)
UNKNOWN = Decision(Outcome.DENY, None, tuple(r.reason for r in RULES if r.key == "unknown"))
_NONE: frozenset[str] = frozenset()


class Prepared:
    """The facts of one person made ready for many decisions. Remembers the last moment it was asked about."""

    __slots__ = ("_last", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._last: tuple[datetime, Standing] | None = None

    def at(self, time: datetime) -> Standing:
        """What holds at that moment. Raises TypeError or ValueError when it is no moment."""
        last = self._last
        if last is not None and last[0] is time:
            return last[1]
        standing = Standing(self._world, moment(time))
        self._last = (time, standing)
        return standing


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one reader: a ground, or None with the reasons why not."""

    ground: str | None
    reasons: tuple[Reason, ...]
    consents: frozenset[str] = _NONE


def prepare(facts: Facts) -> Prepared:
    """Read the facts once. Never raises: facts that cannot be read give an answer of deny to everything."""
    try:
        return Prepared(_world(facts))
    except Exception as error:  # noqa: BLE001 - total by contract: what cannot be read denies
        fault = "W9" if isinstance(error, ValueError) else "unknown"
        return Prepared(World(people(()), (), {}, Settings(), date.min, fault))


def decide(request: Request, facts: Facts | Prepared) -> Decision:
    """Permit or deny, with the ground and the reasons in order. Never raises; any doubt is a deny.

    A page of items should share one Prepared and one `time` object.
    """
    try:
        prepared = facts if isinstance(facts, Prepared) else prepare(facts)
        return _decide(request, prepared.at(request.time))
    except Exception:  # noqa: BLE001 - fail closed: whatever is wrong with the input, the answer is no
        return UNKNOWN


def _world(facts: Facts) -> World:
    who = people(tuple(facts.participants))
    fault = None
    if facts.born is None or facts.address_protection not in UNPROTECTED:
        fault = "B1" if facts.born is not None and facts.address_protection in PROTECTED else "unknown"
    born = date.min if facts.born is None else date(facts.born.year, facts.born.month, facts.born.day)
    settings = facts.settings
    ages = (settings.consent_age, settings.joint_age)
    if any(type(a) is not int for a in ages) or settings.consent_age not in (15, 16):
        raise TypeError("settings that cannot be read")
    return World(who, acts(tuple(facts.consents), who), dict(facts.regimes), settings, born, fault)


def _decide(request: Request, standing: Standing) -> Decision:
    item, recipient = request.item, request.recipient
    fault = standing.world.fault or _fault(request, standing) or _block(item)
    if fault:
        return Decision(Outcome.DENY, None, (standing.reasons[fault],))
    answers = [_organization(o, request, standing) for o in sorted(recipient.organizations)]
    answers += [_reader(r, request, standing) for r in sorted(recipient.participants)]
    return _together(answers)


def _fault(request: Request, standing: Standing) -> str | None:
    """What is unknown or not understood in the question itself."""
    item, recipient = request.item, request.recipient
    if request.channel not in CHANNELS or request.purpose not in PURPOSES or standing.age < 0:
        return "unknown"
    if not isinstance(item.categories, frozenset) or not item.categories or not item.categories <= CATEGORIES:
        return "unknown"
    if Category.SAMTYKKE in item.categories and (len(item.categories) > 1 or item.consent_id is None):
        return "unknown"
    readers = (recipient.organizations, recipient.participants)
    if not all(isinstance(r, frozenset) for r in readers) or not any(readers):
        return "unknown"
    known = all(_is_number(o) for o in recipient.organizations) and isinstance(item.id, str)
    return (
        None
        if known and (item.author_organization is None or _is_number(item.author_organization))
        else "unknown"
    )


def _block(item: Item) -> str | None:
    """B4 to B6, in their first, narrow form: any mark denies."""
    if item.labels != _NONE:
        return "B4"
    if item.third_persons != _NONE:
        return "B5"
    return "B6" if item.sensitivity != _NONE else None


def _organization(number: str, request: Request, standing: Standing) -> Answer:
    if number == request.item.author_organization:
        return Answer("own", (standing.reasons["own"],))
    health = standing.health(number) or standing.health(request.item.author_organization)
    return _by_consent(number, request, standing, standing.deciders(health))


def _reader(reference: str, request: Request, standing: Standing) -> Answer:
    """A single reader: the child and those who decide read by right, others as their consent says."""
    key = standing.world.people.keys.get(reference)
    if key is None:
        return Answer(None, (standing.reasons["unknown"],))
    places = {
        m.organization for m in standing.world.people.members if m.id == reference and m.active(standing.time)
    }
    author = request.item.author_organization
    health = standing.health(author) or any(standing.health(p) for p in places)
    deciders = standing.deciders(health)
    if key == CHILD or (deciders.keys is not None and key in deciders.keys):
        return Answer("access", (standing.reasons["access"],))
    if author is not None and author in places:
        return Answer("own", (standing.reasons["own"],))
    return _by_consent(reference, request, standing, deciders)


def _by_consent(name: str, request: Request, standing: Standing, deciders: Deciders) -> Answer:
    if not deciders.keys:
        return Answer(None, deciders.reasons)
    by_giver = standing.wills(name, request.purpose)
    wills = [by_giver[key] for key in deciders.keys]
    item, used, missing = request.item, set[str](), False
    if Category.SAMTYKKE in item.categories:
        return _record(item, wills, standing)
    for will in wills:
        for category in item.categories:
            if will.refuses(item, category):
                return Answer(None, (*deciders.reasons, standing.reasons["G1-exception"]))
            covering = will.covering(item, category)
            used.update(covering)
            missing = missing or not covering
    if missing:
        return Answer(None, (*deciders.reasons, standing.reasons["G1-missing"]))
    return Answer("G1", (*deciders.reasons, standing.reasons["G1"]), frozenset(used))


def _record(item: Item, wills: list[Will], standing: Standing) -> Answer:
    """A consent record is told only to those it names, while it permits, and once all have decided."""
    named = all(w.permits for w in wills) and any(p.id == item.consent_id for w in wills for p in w.permits)
    kept = any(item.id in w.items or any(not e.lifts for e in w.exemptions) for w in wills)
    if kept or not named or item.consent_id is None:
        return Answer(None, (standing.reasons["record-missing"],))
    return Answer("G1", (standing.reasons["record"],), frozenset({item.consent_id}))


def _together(answers: list[Answer]) -> Decision:
    """Everyone in the audience must be allowed. The weightiest ground is the one recorded."""
    for answer in answers:
        if answer.ground is None:
            return Decision(Outcome.DENY, None, answer.reasons)
    grounds = {a.ground for a in answers}
    ground = next(g for g in ("G1", "access", "own") if g in grounds)
    reasons = dict.fromkeys(r for a in answers for r in a.reasons)
    consents = frozenset[str]().union(*(a.consents for a in answers))
    return Decision(Outcome.PERMIT, ground, tuple(reasons), tuple(sorted(consents)))


def _is_number(value: str) -> bool:
    """An organization number has nine digits."""
    return isinstance(value, str) and len(value) == 9 and value.isascii() and value.isdigit()
