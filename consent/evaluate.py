"""The one question, `decide`: unknown, blocks, other grounds, consent, else deny, as law.md orders them.

Total: never raises, and whatever it does not understand is a deny. It looks at no clock: the time is in the
request.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consent.acts import CATEGORIES, PURPOSES
from consent.answer import of_organization, of_reader
from consent.blocks import marks, of_system, shut_out
from consent.days import moment
from consent.decision import Answer
from consent.model import Category, Channel, Decision, Facts, Outcome, Recipient, Request
from consent.rules import RULES
from consent.standing import Standing
from consent.verdict import denied, permitted
from consent.world import World, closed, is_number, world

CHANNELS: Final = frozenset(c.value for c in Channel)
UNKNOWN: Final = Decision(Outcome.DENY, None, tuple(r.reason for r in RULES if r.key == "unknown"))


class Prepared:
    """The facts of one person made ready for many decisions. Remembers the last moment it was asked about,
    and what it worked out for that."""

    __slots__ = ("_last", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._last: tuple[datetime, Standing] | None = None

    def at(self, time: datetime) -> Standing:
        """What holds at that moment. Raises TypeError or ValueError when it is no moment."""
        last = self._last
        if last is not None and last[0] is time:
            return last[1]
        now = moment(time)  # only in UTC are two times equal exactly when they are one moment
        standing = last[1] if last is not None and last[1].time == now else Standing(self._world, now)
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
        place = _place(request, standing.world)
        known = standing.decisions.get(place)
        return known or standing.decisions.keep(place, _decide(request, standing))
    except Exception:  # noqa: BLE001 - fail closed: whatever is wrong with the input, the answer is no
        return UNKNOWN


def _place(request: Request, own: World) -> object:
    """All that the answer depends on: items that differ in nothing that counts share one. Raises TypeError
    for an id that is no text, and for flags that are none, as 1 and True would share a place."""
    item, recipient, act = request.item, request.recipient, request.emergency
    flags = (item.by_health_personnel, item.outside, recipient.filters, request.redacts)
    for flag in flags:
        if flag is not True and flag is not False:
            raise TypeError("neither true nor false")
    if not isinstance(item.id, str):
        raise TypeError("an id that is no text")
    return (
        *own.aspect(item),
        item.labels,
        item.third_persons,
        _author(request, own),
        item.others,
        *flags,
        recipient.organizations,
        recipient.participants,
        recipient.honours,
        request.channel,
        request.purpose,
        request.basis,
        None if act is None else (act, item.id, recipient.system),
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
        return denied(Answer(None, (fault,)), standing)
    out = shut_out(marked, recipient, standing)
    readers = sorted(recipient.participants - out)
    if not readers and not recipient.organizations:
        return denied(Answer(None, ("B4",)), standing)
    answers = {o: of_organization(o, request, standing, marked) for o in sorted(recipient.organizations)}
    for reader in readers:
        answers[reader] = of_reader(reader, request, standing, marked)
    refused = [answer for answer in answers.values() if answer.ground is None]
    if not refused:
        return permitted(answers, item, standing, marked, filtered=recipient.filters or bool(out))
    if recipient.filters and len(refused) < len(answers):
        granted = {name: answer for name, answer in answers.items() if answer.ground is not None}
        return permitted(granted, item, standing, marked, filtered=True)
    return denied(refused[0], standing)


def _fault(request: Request, standing: Standing) -> str | None:
    """What is unknown or not understood in the question itself."""
    item, known = request.item, standing.world.sound
    if request.channel not in CHANNELS or request.purpose not in PURPOSES or standing.age < 0:
        return "unknown"
    if not (isinstance(item.categories, frozenset) and item.categories and item.categories <= CATEGORIES):
        return "unknown"
    if Category.SAMTYKKE in item.categories and (len(item.categories) > 1 or item.consent_id is None):
        return "unknown"
    if not _sets((item.labels, item.sensitivity, item.third_persons, item.others)):
        return "unknown"
    for writer in item.writers:
        if writer is not None and writer not in known and not is_number(writer):
            return "unknown"
    return None if _is_known(request.recipient, known) else "unknown"


def _is_known(recipient: Recipient, known: frozenset[str]) -> bool:
    """Whether a recipient is made of readers that can be told. known: organization numbers that are such."""
    if not _sets((recipient.honours, recipient.organizations, recipient.participants)):
        return False
    if not recipient.organizations:
        return bool(recipient.participants)
    return recipient.organizations <= known or all(map(is_number, recipient.organizations))


def _sets(found: tuple[object, ...]) -> bool:
    for one in found:  # noqa: SIM110 - asked of every question, and this is twice as fast
        if not isinstance(one, frozenset):
            return False
    return True
