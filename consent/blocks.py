"""What stands above any consent (B2 to B6): labels, objections, third persons. B1 is a plan of what to take
away.

Each function says what is in the way, for one item and one reader. No ground is looked for here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent.model import Item, Recipient, Request
from consent.people import CHILD
from consent.standing import Standing

LABELS: Final = frozenset({"NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM"})
SENSITIVE: Final = frozenset({"PSY", "SDV", "ETH", "HIV", "R"})
FROM_GUARDIANS: Final = "NORN_FORANS"
_RESPECT_AGES: Final = range(12, 16)
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """The labels that count for an item, B3 included. withheld: B3 is why guardians must not see it."""

    labels: frozenset[str]
    withheld: bool

    @property
    def hidden(self) -> bool:
        """Whether guardians are neither asked nor told."""
        return FROM_GUARDIANS in self.labels


UNMARKED: Final = Marks(_NONE, withheld=False)


def marks(item: Item, standing: Standing) -> Marks:
    """The item's labels, and withheld from guardians where someone so decided with reason enough (B3)."""
    if not standing.world.withheld:
        return Marks(item.labels, withheld=False) if item.labels else UNMARKED
    withheld = any(
        item.id in w.value.items
        and w.holds(standing.time)
        and (w.value.weighty is not False or standing.age in _RESPECT_AGES)
        for w in standing.world.withheld
    )
    return Marks(item.labels | {FROM_GUARDIANS} if withheld else item.labels, withheld)


def of_system(item: Item, marks: Marks, recipient: Recipient) -> str | None:
    """Key of the rule that keeps the item from the system, whoever reads there."""
    if not marks.labels <= LABELS or not marks.labels <= recipient.honours:
        return "B4"
    return None if item.sensitivity <= SENSITIVE else "B6"


def shut_out(marks: Marks, recipient: Recipient, standing: Standing) -> frozenset[str]:
    """Single readers from whom a system that honours the labels keeps the item (B4)."""
    if not marks.labels:
        return _NONE
    people = standing.world.people
    out = set()
    for reference in recipient.participants:
        key = people.keys.get(reference)
        if key is None:
            continue
        young, guardian = key == CHILD, key != CHILD and people.family(key)
        if (
            (guardian and not marks.labels.isdisjoint({FROM_GUARDIANS, "NORU"}))
            or (young and not marks.labels.isdisjoint({"NORN_UNGDOM", "NORU"}))
        ):  # fmt: skip
            out.add(reference)
    return frozenset(out)


def third_person(name: str, request: Request, standing: Standing) -> bool:
    """Whether some third person has not consented to this for this reader (B5)."""
    if not request.item.third_persons:
        return False
    return any(not _agrees(third, name, request, standing) for third in request.item.third_persons)


def _agrees(third: str, name: str, request: Request, standing: Standing) -> bool:
    keys = standing.world.people.keys
    key = keys.get(third)
    if key is None:
        return False
    if key == CHILD or keys.get(name) == key:
        return True
    will = standing.will(key, name, request.purpose, key)
    return not will.refuses(request.item) and will.covering(request.item) is not None


def objection(number: str, request: Request, standing: Standing) -> str | None:
    """Among health care: "B2" where the person objects, "B2-override" where that was set aside, else None."""
    item = request.item
    if not (any(map(standing.health, item.writers)) and standing.health(number)):
        return None
    said = any(
        o.holds(standing.time)
        and (not o.value.recipients or number in o.value.recipients)
        and (not o.value.categories or not o.value.categories.isdisjoint(item.categories))
        for o in standing.world.objections
    )
    if not said and not standing.will(CHILD, number, request.purpose).refuses(item):
        return None
    return "B2-override" if overridden(number, item, standing) else "B2"


def overridden(number: str, item: Item, standing: Standing) -> bool:
    """Whether a named person set an objection aside for this item and recipient, with a reason."""
    return any(
        o.holds(standing.time)
        and item.id in o.value.items
        and number in o.value.recipients
        and bool(o.value.by.strip() and o.value.reason.strip())
        for o in standing.world.overrides
    )
