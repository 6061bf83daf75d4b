"""Who is who among the participants of a person's logs and plans: the child, and who has responsibility.

Knows nothing of consents. Where the participants contradict each other it says so instead of choosing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from consent.days import begins, ceases, moment
from consent.model import Participant

CHILD = "child"  # the key of the person all this is about; every other key is a participant's own
SHARED = "felles"
SOLE = frozenset({"mor", "far", "medmor"})
FAMILY = frozenset({"foresatt", "fosterforelder", "verge"})


@dataclass(frozen=True, slots=True)
class Member:
    """A participant with its period as moments, and the key of the natural person."""

    key: str
    id: str
    frame: str
    role: str
    service: str | None
    organization: str | None
    responsibility: str | None
    start: datetime
    end: datetime

    def active(self, time: datetime) -> bool:
        """Whether it takes part at that moment."""
        return self.start <= time < self.end

    @property
    def may_be_guardian(self) -> bool:
        """A guardian, or somebody of unknown role who acts for no service."""
        return self.role in ("foresatt", "verge") or not (self.role or self.organization or self.service)


@dataclass(frozen=True, slots=True)
class People:
    """Everyone who takes or took part. keys: participant reference -> key of the natural person."""

    members: tuple[Member, ...]
    keys: Mapping[str, str]

    def references(self, key: str) -> tuple[str, ...]:
        """By which references somebody is known, sorted."""
        return tuple(sorted(ref for ref, own in self.keys.items() if own == key))

    def family(self, key: str) -> bool:
        """Whether somebody is, was or may be one whom "guardians" means."""
        return any(m.role in FAMILY or m.may_be_guardian for m in self.members if m.key == key)

    def guardians(self, time: datetime) -> frozenset[str] | None:
        """Keys of all who hold parental responsibility; None when that is unknown or contradictory.

        A code on a participant tells what that participant holds. Shared responsibility outlasts the
        participation and needs two known holders; sole responsibility is read from who takes part now.
        Foster parents have no say without a care order.
        """
        candidates = [m for m in self.members if m.may_be_guardian]
        shared = frozenset(m.key for m in candidates if m.responsibility == SHARED)
        codes = {(m.key, _responsibility(m)) for m in candidates if m.active(time)}
        kinds = {code for _, code in codes}
        if kinds <= {SHARED}:
            return shared if len(shared) > 1 else None
        holders = frozenset(key for key, _ in codes)
        if kinds == {"andre"} or (len(codes) == 1 and kinds <= SOLE):
            return holders
        return None


def _responsibility(member: Member) -> str | None:
    """The code where it tells what this participant holds: "andre" does so only of an appointed guardian."""
    if member.responsibility == "andre" and member.role != "verge":
        return None
    return member.responsibility


def active(participant: Participant, time: datetime) -> bool:
    """Whether a participant takes part at that moment; its first and last day count whole, in Europe/Oslo.

    Raises TypeError or ValueError for dates that cannot be read or a time without a zone.
    """
    return begins(participant.start) <= moment(time) < ceases(participant.end)


def people(participants: tuple[Participant, ...], patient: str | None = None) -> People:
    """Sort out who is who. patient: the reference of the person itself. Raises ValueError when the
    participants contradict each other, TypeError when they cannot be read."""
    children = _child_keys(participants)
    members = tuple(_member(p, children) for p in participants)
    if not (patient is None or isinstance(patient, str)):
        raise TypeError("a person that cannot be read")
    keys: dict[str, str] = {} if patient is None else {patient: CHILD}
    for member in members:
        if keys.setdefault(member.id, member.key) != member.key:
            raise ValueError("one reference, two people")
        if member.role != "barn" and member.key == CHILD:
            raise ValueError("the child and somebody else at once")
    return People(members, keys)


def _own_key(participant: Participant) -> str:
    return f"person {participant.person}" if participant.person else f"reference {participant.id}"


def _child_keys(participants: tuple[Participant, ...]) -> frozenset[str]:
    """The keys of the child: one natural person, though each log or plan may know it by another reference."""
    children = [p for p in participants if p.role == "barn"]
    by_frame: dict[str, set[str]] = {}
    for child in children:
        by_frame.setdefault(child.frame, set()).add(_own_key(child))
    if any(len(keys) > 1 for keys in by_frame.values()) or len({c.person for c in children} - {None}) > 1:
        raise ValueError("more than one child")
    return frozenset(_own_key(c) for c in children)


def _member(participant: Participant, children: frozenset[str]) -> Member:
    texts = (participant.id, participant.frame, participant.role)
    maybe = (participant.service, participant.organization, participant.responsibility, participant.person)
    if not all(isinstance(t, str) for t in texts) or not all(m is None or isinstance(m, str) for m in maybe):
        raise TypeError("a participant that cannot be read")
    own = _own_key(participant)
    return Member(
        key=CHILD if own in children else own,
        id=participant.id,
        frame=participant.frame,
        role=participant.role,
        service=participant.service,
        organization=participant.organization,
        responsibility=participant.responsibility,
        start=begins(participant.start),
        end=ceases(participant.end),
    )
