"""What differs between what a recipient may have and what it holds. Equal is not sent, whoever made it: so
nothing echoes. What it holds and may not see is left as it is, never taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from gateway.config import System
from gateway.documents import CONTENT, onto_held
from gateway.exchange.exempt import Exempt
from gateway.exchange.rendition import OWN_TO_EACH_SYSTEM, as_held, shareable
from gateway.exchange.selection import Shown
from gateway.hub.content import digest
from gateway.hub.links import Link
from gateway.hub.merge import merge
from mappings import reading
from mappings.dialects import is_inlined
from mappings.model import ITEM, Ids, NotExpressible, RecordMapping, Resource, State
from mappings.references import references

PROVENANCE = "provenance"
NO_FORM = "not-expressible"
REFERS_TO_HELD = "refers-to-held"
LISTS = ("CarePlan/", "CareTeam/")


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that is to be written at a recipient. state: what it would hold. earlier: what deliveries
    before this, never answered, may have left there. exempt: it leaves by its type, without a decision."""

    ref: str
    state: State
    link: Link
    shown: Shown
    digest: str
    earlier: tuple[State, ...] = ()
    exempt: Exempt | None = None

    @property
    def needs(self) -> set[str]:
        """References that should be there before this one."""
        parts = {slot: one for slot, one in self.state.focus.items() if slot == ITEM or is_inlined(slot)}
        return {ref for one in parts.values() for ref in references(one)} - {self.ref, *parts}

    @property
    def rests_on(self) -> set[str]:
        """References without which it must not go. A log, plan or team merely lists what is there."""
        return set() if self.exempt or self.ref.startswith(LISTS) else self.needs

    def blocked(self, held_back: set[str]) -> bool:
        """Whether it refers to something the recipient has refused; then it waits for that, and so does what
        refers to it."""
        if self.ref not in held_back and self.rests_on & held_back:
            held_back.add(self.ref)
            return True
        return False

    def held(self) -> Link:
        """The link of one that is blocked: nothing of it goes, and it says why."""
        self.link.candidates = self.earlier
        self.link.hold, self.link.hold_digest = REFERS_TO_HELD, None
        return self.link


def differences(
    system: System,
    mapping: RecordMapping,
    shown: Iterable[Shown],
    known: Mapping[str, Link],
    person: str,
    ids: Callable[[str], Ids],
) -> list[Difference]:
    """All records that the recipient does not hold as it should; each link notes what it would then hold."""
    out = []
    for one in shown:
        link = known.get(one.unit.ref) or Link(system.id, one.unit.ref, person, None)
        if link.native_id is None and not link.candidates and not _may_begin(system, one):
            continue
        state = State(shareable(system, _onto_held(one, link)), link.held.rest)
        expected = _expected(mapping, one.unit.ref, state, ids(one.unit.ref))
        if expected is None or _settled(link, expected):
            continue
        earlier, link.candidates = link.candidates, _with(link.candidates, expected)
        out.append(Difference(one.unit.ref, state, link, one, _mark(expected), earlier))
    return out


def exempted(
    system: System, mapping: RecordMapping, one: Shown, link: Link, ids: Ids, exempt: Exempt
) -> Difference | None:
    """What leaves by its type, as a record at the recipient; None where it has no form for it (then the link
    says so), has it already, or has refused it."""
    state = State(shareable(system, one.unit.state.focus), one.unit.state.rest)
    expected = _expected(mapping, one.unit.ref, state, ids)
    if expected is None:
        link.hold, link.hold_digest = NO_FORM, _mark(state)  # as one that was refused
    if expected is None or _settled(link, expected):
        return None
    earlier, link.candidates = link.candidates, _with(link.candidates, expected)
    return Difference(one.unit.ref, state, link, one, _mark(expected), earlier, exempt)


def _may_begin(system: System, one: Shown) -> bool:
    """Whether this may be written where the recipient has none of it yet. Whom it is about is looked up there
    first, and never made a second time."""
    if one.unit.ref.startswith("Patient/"):
        return False
    own = system.adapter != "fhir" and one.unit.ref.partition("/")[0] in OWN_TO_EACH_SYSTEM
    return not own and not reading.in_error(one.unit.state.focus[ITEM])


def _onto_held(one: Shown, link: Link) -> dict[str, Resource]:
    """The visible changes put onto what the recipient holds, so that what it may not see of its own stays."""
    if CONTENT in one.unit.state.focus:
        return onto_held(one.unit.state.focus, link.held.focus)
    focus = dict(link.held.focus)
    for slot, resource in one.unit.state.focus.items():
        held = link.held.focus.get(slot)
        if held is None and is_inlined(slot) and reading.in_error(resource):
            continue  # what was withdrawn is told to those who had it
        if held is None or slot == PROVENANCE:
            focus[slot] = resource
            continue
        if one.within and slot == ITEM and "activity" in held:
            resource = {**resource, "activity": held["activity"]}  # what it lists of its own beside ours
        bare = {"resourceType": resource["resourceType"], "id": resource["id"]}
        before = one.view.of(f"{bare['resourceType']}/{bare['id']}", held) or bare
        focus[slot] = resource if before == held else merge(before, resource, held).value
    return focus


def _expected(mapping: RecordMapping, ref: str, state: State, ids: Ids) -> State | None:
    """What the recipient will hold after taking this state; None if it has no form for it."""
    try:
        native = mapping.get(state, ids)
    except NotExpressible:
        return None
    held = as_held(state, ids)
    if ref not in ids.natives:  # a FHIR server gives the id when it creates
        return held
    return mapping.put(native, held, ids)


def _settled(link: Link, expected: State) -> bool:
    if link.hold is not None and link.hold_digest == _mark(expected):
        return True
    if link.native_id is None or link.candidates:
        return False
    return _told(expected) == _told(link.held)


def _with(candidates: tuple[State, ...], newest: State) -> tuple[State, ...]:
    """One more that may be there; what is sent once more is not one more."""
    return (*(one for one in candidates if _told(one) != _told(newest)), newest)


def _told(state: State) -> dict[str, Resource]:
    return {slot: resource for slot, resource in state.focus.items() if slot != PROVENANCE}


def _mark(state: State) -> str:
    return digest(_told(state))


def in_order(found: Iterable[Difference]) -> list[Difference]:
    """What others refer to first. Where some refer to each other in a ring, an item goes before its parts."""
    by_ref = {one.ref: one for one in found}
    needs = {ref: one.needs & by_ref.keys() for ref, one in by_ref.items()}
    while True:
        try:
            return [by_ref[ref] for ref in TopologicalSorter(needs).static_order()]
        except CycleError as error:
            ring = list(pairwise(error.args[1]))  # (before, after)
            before, after = next((p for p in ring if by_ref[p[1]].shown.unit.item == p[1]), ring[0])
            needs[after].discard(before)


def parted(ordered: Iterable[Difference], held_back: set[str]) -> tuple[list[Difference], list[Difference]]:
    """Those that may go, and those that refer to what is held back; that grows by them."""
    free: list[Difference] = []
    blocked: list[Difference] = []
    for one in ordered:
        (blocked if one.blocked(held_back) else free).append(one)
    return free, blocked
