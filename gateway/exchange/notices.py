"""What a run tells a recipient of things that it holds and may be told no more of: that sharing has ended,
and that something is registered in error. Neither carries content, and neither asks the judge (exempt)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from gateway.config import System
from gateway.exchange import endings
from gateway.exchange.differences import PROVENANCE, Difference, exempted
from gateway.exchange.endings import Ended, Told
from gateway.exchange.exempt import Exempt
from gateway.exchange.judge import View
from gateway.exchange.rendition import OWN_TO_EACH_SYSTEM, Unit
from gateway.exchange.selection import Selection, by_item
from gateway.exchange.shown import Shown
from gateway.hub import links, versions
from gateway.hub.links import Link
from gateway.hub.versions import Version
from mappings import reading
from mappings.ended import message, notice
from mappings.in_error import emptied, marked
from mappings.model import ITEM, Ids, RecordMapping, Resource, State

# Never told of by themselves: whom it is about and the registers around, and what a log or plan derives.
BESIDE = frozenset({"Patient", "Practitioner", "Organization", "Provenance", "CareTeam", "Consent", "Binary"})
OURSELVES = "stafettbro"
HIDING = frozenset({"B3", "B4"})  # what is withheld from family or labelled: a notice would be a trace of it


@dataclass(slots=True)
class Ending:
    """What is to be told in one run. notices: id -> what it is about; whole: nothing else is shared."""

    recalls: list[tuple[Link, Version]] = field(default_factory=list)
    notices: dict[str, list[Ended]] = field(default_factory=dict)
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.recalls or self.notices)


@dataclass(frozen=True, slots=True)
class Notices:
    """For one recipient and one person, at one time."""

    system: System
    mapping: RecordMapping
    selection: Selection

    def look(
        self, connection: Connection, items: Iterable[str], shown: list[Shown], *, whole: bool
    ) -> Ending:
        """What has ended since the last look, noted; and what of it has not been told. items: what has
        changed; whole: everything of the person was looked at. Holds the lane."""
        tenant, person = self.selection.facts.tenant, self.selection.facts.person
        everything = links.refs_of_person(connection, tenant, self.system.id, person)
        if not everything:
            return Ending()  # it has nothing of the person, and never had
        known = endings.of_person(connection, tenant, self.system.id, person)
        there = {part.unit.ref for one in shown for part in (one, *one.within)}
        found = Ending()
        lost, again = self._held(connection, everything if whole else None, items, there, found)
        endings.lift(connection, tenant, self.system.id, known.keys() & (there | again))
        new = self._noted(connection, [ref for ref in lost if ref not in known])
        current = [one for ref, one in known.items() if ref not in there | again] + new
        for one in current:
            if one.state is Told.OPEN:
                found.notices.setdefault(one.notice, []).append(one)
        found.whole = whole and not any(self._of_others(one) for one in shown)
        return found

    def _of_others(self, one: Shown) -> bool:
        """Whether this is something that others share with the recipient, and not merely who the child is."""
        kind = one.unit.ref.partition("/")[0]
        own = self.system.adapter != "fhir" and kind in OWN_TO_EACH_SYSTEM
        return kind not in BESIDE and not own and one.focal.created_by != self.system.id

    def _noted(self, connection: Connection, lost: list[str]) -> list[Ended]:
        if not lost:
            return []
        facts, now = self.selection.facts, self.selection.now
        own = str(uuid.uuid4())
        state = Told.OPEN if self.mapping.slots(self._resource(own, (), now)) is not None else Told.NO_FORM
        new = [Ended(ref, own, state, now) for ref in lost]
        endings.add(connection, facts.tenant, self.system.id, facts.person, new)
        return new

    def _held(
        self,
        connection: Connection,
        everything: list[str] | None,
        items: Iterable[str],
        there: set[str],
        found: Ending,
    ) -> tuple[list[str], set[str]]:
        """References that the recipient holds and may have no more; and those it may, though nothing of them
        is to be written. Notes in `found` what is registered in error. everything: all that it holds of the
        person, where all of the person was looked at."""
        facts = self.selection.facts
        if everything is not None:
            refs = [ref for ref in everything if ref not in there and _counts(ref)]
            heads = versions.of_refs(connection, facts.tenant, {*refs, *map(_made_of, refs)})
            made = {ref: heads.get(ref) or heads.get(_made_of(ref)) for ref in refs}
            of = {ref: head.item for ref, head in made.items() if head is not None}
        else:
            of = {item: item for item in items if item not in there and _counts(item)}
        parts = by_item(versions.of_items(connection, facts.tenant, sorted(set(of.values()))))
        if everything is None:
            of = {
                ref: item for item, own in parts.items() for ref in own if ref not in there and _counts(ref)
            }
        held = links.load(connection, facts.tenant, self.system.id, of)
        lost, again = list[str](), set[str]()
        for ref, link in held.items():
            self._weigh(link, of[ref], parts.get(of[ref], {}), found, lost, again)
        return lost, again

    def _weigh(
        self,
        link: Link,
        item: str,
        parts: dict[str, Version],
        found: Ending,
        lost: list[str],
        again: set[str],
    ) -> None:
        focal = parts.get(item)
        if focal is None or link.notice or not (link.native_id or link.candidates):
            return
        view = self.selection.view(item, parts)
        own = parts.get(link.ref, focal)
        if view is not None and (link.ref in view.resources or (own is focal and view.permitted)):
            again.add(link.ref)
        elif reading.in_error(own.resource) or reading.in_error(focal.resource):
            held = link.held.focus.get(ITEM)
            if link.candidates or held is None or not reading.in_error(held):
                found.recalls.append((link, own))
        elif not link.mine and link.held.focus and not self._hidden(view):
            lost.append(link.ref)

    def _hidden(self, view: View | None) -> bool:
        """Whether it may be no more because of something that those who read there are not to know of."""
        if view is None or not self.system.readers:
            return False
        return any(r.rule in HIDING for made in view.decisions.values() for r in made.reasons)

    # --- as records ---------------------------------------------------------------------------------------

    def differences(
        self, connection: Connection, ending: Ending, ids: Callable[[str], Ids]
    ) -> Iterator[Difference]:
        """What is to be written: recalls first."""
        for link, version in ending.recalls:
            shown, before = _recalled(link, version), link.hold_digest
            made = exempted(self.system, self.mapping, shown, link, ids(link.ref), Exempt.IN_ERROR)
            if made is not None:
                yield made
            elif link.hold_digest != before:
                links.save(connection, self.selection.facts.tenant, [link])
        yield from self._told(connection, ending, ids)

    def _told(
        self, connection: Connection, ending: Ending, ids: Callable[[str], Ids]
    ) -> Iterator[Difference]:
        if not ending.notices:
            return
        facts = self.selection.facts
        refs = [f"Communication/{own}" for own in ending.notices]
        known = links.load(connection, facts.tenant, self.system.id, refs)
        for ref, (own, about) in zip(refs, ending.notices.items(), strict=True):
            link = known.get(ref) or Link(self.system.id, ref, facts.person, None, notice=True)
            at = about[0].stored
            resource = self._resource(own, [one.ref for one in about], at, whole=ending.whole)
            focal = Version(ref, 1, facts.person, ref, 0, OURSELVES, OURSELVES, at, at, at, resource)
            shown = _shown(resource, focal, _text(at))
            made = exempted(self.system, self.mapping, shown, link, ids(ref), Exempt.NOTICE)
            if made is not None:
                yield made

    def _resource(self, own: str, about: Iterable[str], at: datetime, *, whole: bool = False) -> Resource:
        patient = f"Patient/{self.selection.facts.person}"
        if self.system.adapter == "fhir":
            return notice(own, patient, about, _text(at))
        frame = self.selection.facts.frame_in(self.system.id) or ""
        return message(own, patient, frame, _text(at), whole=whole)


def close(connection: Connection, tenant: str, system: str, ended: Mapping[str, Told], now: datetime) -> None:
    """How notices ended at a recipient, by their references."""
    endings.close(connection, tenant, system, {r.partition("/")[2]: s for r, s in ended.items()}, now)


def _recalled(link: Link, version: Version) -> Shown:
    """What a system made itself goes back to it as it holds it, with the mark; of others' things nothing."""
    at = _text(version.recorded or version.stored)
    if link.mine and link.held.focus:
        state = State({**link.held.focus, ITEM: marked(link.held.focus[ITEM], at)}, link.held.rest)
        return Shown(Unit(link.ref, version.item, state), View(version.item, {}, {}), version)
    resource = {**version.resource, "resourceType": link.ref.partition("/")[0]}
    return _shown(emptied(resource, at), version, at)


def _shown(resource: Resource, focal: Version, at: str) -> Shown:
    """As an item would be; a record system wants to know when it was written."""
    ref = f"{resource['resourceType']}/{resource['id']}"
    trace: Resource = {"resourceType": "Provenance", "id": f"{resource['id']}-provenance", "recorded": at}
    trace |= {"target": [{"reference": ref}], "agent": [{"who": {"display": OURSELVES}}]}
    state = State({ITEM: resource, PROVENANCE: trace})
    return Shown(Unit(ref, focal.item, state), View(focal.item, {}, {}), focal)


def _counts(ref: str) -> bool:
    return ref.partition("/")[0] not in BESIDE


def _made_of(ref: str) -> str:
    """What a record is made of that is no item of the hub: a plan's document, of the plan."""
    return f"CarePlan/{ref.partition('/')[2]}" if ref.startswith("DocumentReference/") else ref


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
