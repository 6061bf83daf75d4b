"""The one question, `decide`: unknown, blocks, other grounds, consent, else deny, as law.md orders them.

Total: never raises, and whatever it does not understand is a deny. It looks at no clock: the time is in the
request.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from consent.acts import CATEGORIES, PURPOSES
from consent.answer import Answer, of_organization, of_reader
from consent.blocks import Marks, marks, of_system, shut_out
from consent.days import moment
from consent.model import Category, Channel, Decision, Facts, Outcome, Reason, Recipient, Request
from consent.rules import RULES
from consent.standing import Standing
from consent.world import World, closed, is_number, world

CHANNELS: Final = frozenset(c.value for c in Channel)
UNKNOWN: Final = Decision(Outcome.DENY, None, tuple(r.reason for r in RULES if r.key == "unknown"))
GROUNDS: Final = ("G4", "G1", "G3", "G2", "access", "own")  # the weightiest first


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


def prepare(facts: Facts) -> Prepared:
    """Read the facts once. Never raises: facts that cannot be read give an answer of deny to everything."""
    try:
        return Prepared(world(facts))
    except Exception as error:  # noqa: BLE001 - total by contract: what cannot be read denies
        return Prepared(closed("W9" if isinstance(error, ValueError) else "unknown"))


def decide(request: Request, facts: Facts | Prepared) -> Decision:
    """Permit, permit what a plan leaves, or deny, with the ground and the reasons in order. Never raises;
    any doubt is a deny.

    A page of items should share one Prepared and one `time` object.
    """
    try:
        prepared = facts if isinstance(facts, Prepared) else prepare(facts)
        standing = prepared.at(request.time)
        place = _place(request, standing)
        known = standing.answers.get(place)
        if known is None:
            known = standing.answers[place] = _decide(request, standing)
        return known
    except Exception:  # noqa: BLE001 - fail closed: whatever is wrong with the input, the answer is no
        return UNKNOWN


def _place(request: Request, standing: Standing) -> object:
    """All that the answer depends on: items that differ in nothing that counts share one. Raises TypeError
    for flags that are none, as 1 and True would share a place."""
    item, recipient, own = request.item, request.recipient, standing.world
    flags = (item.by_health_personnel, item.outside, recipient.filters, request.redacts)
    if not all(flag is True or flag is False for flag in flags):
        raise TypeError("neither true nor false")
    one_by_one = item.id in own.named or request.emergency is not None or item.consent_id is not None
    return (
        item.categories,
        item.labels,
        item.sensitivity,
        item.third_persons,
        _author(request, own),
        item.recorded if own.dated else None,
        (item.id, item.consent_id) if one_by_one else type(item.id),
        flags,
        recipient.organizations,
        recipient.participants,
        recipient.honours,
        request.channel,
        request.purpose,
        request.basis,
        request.emergency,
        recipient.system if request.emergency is not None else None,
    )


def _author(request: Request, own: World) -> object:
    """Of an author who is none of the readers only the regime and the agency count."""
    author, recipient = request.item.author_organization, request.recipient
    if author not in own.sound or author in recipient.organizations or recipient.participants:
        return author
    return own.regimes[author], own.agencies.get(author)


def _decide(request: Request, standing: Standing) -> Decision:
    item, recipient = request.item, request.recipient
    fault = standing.fault or _fault(request, standing)
    if fault is None and standing.world.plan is not None and not request.redacts:
        fault = "B1-closed"
    marked = marks(item, standing)
    fault = fault or of_system(item, marked, recipient)
    if fault:
        return Decision(Outcome.DENY, None, (standing.reasons[fault],), rule_set=standing.rule_set)
    out = shut_out(marked, recipient, standing)
    readers = sorted(recipient.participants - out)
    if not readers and not recipient.organizations:
        return Decision(Outcome.DENY, None, (standing.reasons["B4"],), rule_set=standing.rule_set)
    answers = {o: of_organization(o, request, standing, marked) for o in sorted(recipient.organizations)}
    answers |= {r: of_reader(r, request, standing, marked) for r in readers}
    permitted = {name: answer for name, answer in answers.items() if answer.ground is not None}
    if recipient.filters and permitted:
        return _permit(permitted, request, standing, marked, tuple(permitted))
    if len(permitted) < len(answers):
        return _deny(next(a for a in answers.values() if a.ground is None), standing)
    return _permit(permitted, request, standing, marked, tuple(permitted) if out else ())


def _fault(request: Request, standing: Standing) -> str | None:
    """What is unknown or not understood in the question itself."""
    item, recipient = request.item, request.recipient
    if request.channel not in CHANNELS or request.purpose not in PURPOSES or standing.age < 0:
        return "unknown"
    if not isinstance(item.categories, frozenset) or not item.categories or not item.categories <= CATEGORIES:
        return "unknown"
    if Category.SAMTYKKE in item.categories and (len(item.categories) > 1 or item.consent_id is None):
        return "unknown"
    if not all(isinstance(s, frozenset) for s in (item.labels, item.sensitivity, item.third_persons)):
        return "unknown"
    if not isinstance(item.id, str) or not _is_known(recipient, standing):
        return "unknown"
    author = item.author_organization
    known = author is None or author in standing.world.sound or is_number(author)
    return None if known else "unknown"


def _is_known(recipient: Recipient, standing: Standing) -> bool:
    """Whether a recipient is made of readers that can be told. Remembered, as a page has but one."""
    if recipient in standing.sound:
        return True
    sets = (recipient.honours, recipient.organizations, recipient.participants)
    if not all(isinstance(s, frozenset) for s in sets) or not (
        recipient.organizations or recipient.participants
    ):
        return False
    if not all(map(is_number, recipient.organizations)):
        return False
    standing.sound.add(recipient)
    return True


def _deny(answer: Answer, standing: Standing) -> Decision:
    return Decision(
        Outcome.DENY,
        None,
        answer.reasons,
        missing=tuple(sorted(map(standing.named, answer.missing))),
        against=tuple(sorted(map(standing.named, answer.against))),
        rule_set=standing.rule_set,
    )


def _permit(
    answers: dict[str, Answer], request: Request, standing: Standing, marked: Marks, readers: tuple[str, ...]
) -> Decision:
    """The weightiest ground is the one recorded."""
    grounds = {a.ground for a in answers.values()}
    ground = next(g for g in GROUNDS if g in grounds)
    reasons = tuple(dict.fromkeys(r for a in answers.values() for r in a.reasons))
    made = Decision(
        Outcome.PERMIT,
        ground,
        reasons,
        consents=tuple(sorted(frozenset[str]().union(*(a.consents for a in answers.values())))),
        readers=readers,
        crossings=_crossings(answers, request, standing),
        remarks=_remarks(ground, standing, marked),
        rule_set=standing.rule_set,
    )
    plan = standing.world.plan
    if plan is None:
        return made
    return replace(made, outcome=Outcome.REDACT, plan=plan, reasons=(*reasons, standing.reasons["B1"]))


def _crossings(
    answers: dict[str, Answer], request: Request, standing: Standing
) -> tuple[tuple[str, str], ...]:
    """From the author's secrecy regime into others, where both are known."""
    giver = standing.regime(request.item.author_organization)
    if giver is None:
        return ()
    takers = {standing.regime(name) for name in answers}
    return tuple((giver, t) for t in sorted(t for t in takers if t is not None and t != giver))


def _remarks(ground: str, standing: Standing, marked: Marks) -> tuple[Reason, ...]:
    keys = ["G4-tell"] if ground == "G4" else []
    keys += ["B3"] if marked.withheld else []
    keys += ["W6"] if ground == "G1" and standing.unheard else []
    return tuple(standing.reasons[key] for key in keys)
