"""The values a mapping works on: state, ids, heading, problems; and what a mapping is.

A mapping is read in both directions (see design: lenses, stated soundly). Everything here is a plain
value; nothing knows of a database, a network or the time of day.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

Json = Any  # JSON as msgspec decodes it: dict, list, str, int, Decimal (never float), bool, None
Record = dict[str, Any]  # one native record
Resource = dict[str, Any]  # one FHIR resource as raw JSON

ITEM = "item"  # the slot of the focal resource; owned resources have slots with names of their own


@dataclass(frozen=True, slots=True)
class Ids:
    """How one system's ids and the hub's references correspond, for the records at hand.

    refs: native id -> hub reference ("e-m1" -> "Goal/3f2c…"); the record's own id is always among them.
    natives: hub reference -> native id; the inverse, for get. A reference that is missing here is left
      out of the native record (the recipient holds no such thing).
    subject: "Patient/<id>" of the person.
    frame: "CarePlan/<id>" of the log or plan the record belongs to in this system.
    system: the system's name; logical identifiers of people who wrote (endretAv) carry it.
    cells: what the record at hand says, for references made of several of its fields. The lens engine fills
      it in; callers leave it empty.
    """

    subject: str
    frame: str
    system: str
    refs: Map[str, str] = field(default_factory=dict)
    natives: Map[str, str] = field(default_factory=dict)
    cells: Map[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What one system holds of one item.

    focus: slot -> FHIR resource. The slot ITEM is the focal resource; others are owned by it
      ("evaluering": an Observation, "barn": the Patient, "provenance": who wrote and when).
      Every resource carries resourceType and id.
    rest: what this system alone can hold: unknown keys, empty strings and lists, the written form of
      numbers, codes beyond the table. Never sent to another system.
    """

    focus: Map[str, Resource]
    rest: Json = None


EMPTY = State(focus={}, rest=None)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field. `text` is a plain Norwegian sentence and never holds the value."""

    field: str  # path in the record: "barn.fnr", "oppmoete[2].status", "" for the whole record
    text: str
    code: str = "invalid"  # missing, unknown-code, not-a-time, check-digit, not-base64, unknown-type, ...


class MappingError(Exception):
    """Root of what this package raises."""


class RecordRefused(MappingError):
    """The record cannot be taken in; `problems` names every field and reason, never the content."""

    def __init__(self, record_id: str | None, problems: tuple[Problem, ...]) -> None:
        self.record_id = record_id
        self.problems = problems
        super().__init__("; ".join(f"{p.field}: {p.code}" for p in problems))


class NotExpressible(MappingError):
    """`get` is not defined here: this system has no form for the resource. `reason` in plain words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class PersonKey:
    """What a log or plan says of whom it is about. identifiers: (system URI, value), national ids first.

    Without identifiers the person is known only by name and is never matched automatically.
    """

    identifiers: tuple[tuple[str, str], ...]
    born: date | None


@dataclass(frozen=True, slots=True)
class Heading:
    """What intake needs to know of a record before it is put."""

    type: str  # native type: "maal"
    id: str  # the system's own id
    frame: str | None  # native id of the log or plan it belongs to; None on the log or plan itself
    changed: datetime  # aware; for ordering. The exact text lives in the state
    resource_type: str  # the focal resource's type: "Goal"
    needs: tuple[str, ...] = ()  # native ids that must be known before put (the frame among them)
    mentions: tuple[str, ...] = ()  # native ids it names that need not be known yet
    person: PersonKey | None = None  # only on a log or plan
    ours: str | None = None  # hub reference, where the record itself carries our id of it
    subject: str | None = None  # native id of the person ("Patient/9"), where records name it themselves
    withdrawn: bool = False  # feilregistrert
    warnings: tuple[Problem, ...] = ()  # taken in all the same; shown to the sender
    standalone: bool = False  # a FHIR resource: it names its subject, not a log or plan
    version: str | None = None  # the system's own version of the record, where it says one

    @property
    def is_frame(self) -> bool:
        """True for the log or plan itself."""
        return self.frame is None and not self.standalone


class RecordMapping(Protocol):
    """One system's mapping, compiled. Pure: same input, same answer.

    Laws: get(put(n, s, ids), ids) == n; put(get(s, ids), s, ids) == s wherever get is defined.
    """

    name: str

    def label(self, native: Json) -> tuple[str | None, str | None]:
        """Type and id, as far as the record names itself. Never raises."""

    def named(self, native: Record, own: str) -> Record:
        """The record under this id of its system."""

    def describe(self, native: Record) -> Heading:
        """Check a record whole and say what it is. Raises RecordRefused with every problem found."""

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after this system says `native`. Fields the mapping does not know stay as they were."""

    def get(self, state: State, ids: Ids) -> Record:
        """The record as this system would hold it. Raises NotExpressible."""

    def slots(self, resource: Resource) -> Map[str, str] | None:
        """slot -> hub reference of each resource that may belong to this focal resource's record.

        None when this system has no form for the resource (or it is owned by another one).
        """
