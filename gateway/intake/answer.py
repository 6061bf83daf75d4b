"""What is answered to each record that comes in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mappings.model import Problem


class Status(StrEnum):
    """Every end state of a record at intake."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"  # stored where it could be; the rest is kept for a person to decide
    WAITING = "waiting"  # refers to something that is not here yet; taken in when that arrives
    REJECTED = "rejected"
    BUSY = "busy"  # polled while we are writing there; read again next time


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one record. problems: why it was rejected, or what deserves a look."""

    status: Status
    type: str | None
    id: str | None
    ref: str | None = None  # what it is in the hub
    waits_for: str | None = None
    problems: tuple[Problem, ...] = ()
    late: bool = False  # an older edition: kept as history, the current one stays
    referral: str | None = None  # "not-sent": of a referral by somebody who may not refer; see problems
    closed: bool | None = None  # of a consent: whether everything decided before it has ended

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        out: dict[str, Any] = {"status": self.status.value, "type": self.type, "id": self.id}
        if self.ref:
            out["resource"] = self.ref
        if self.waits_for:
            out["waitsFor"] = self.waits_for
        if self.late:
            out["late"] = True
        if self.referral is not None:
            out["referral"] = self.referral
        if self.closed is not None:
            out["closed"] = self.closed
        if self.problems:
            out["problems"] = [{"field": p.field, "code": p.code, "text": p.text} for p in self.problems]
        return out


def rejected(
    record: object, *problems: Problem, label: tuple[str | None, str | None] | None = None
) -> Answer:
    """A rejection that names the record as far as it names itself. label: type and id, where its system calls
    them something else."""
    named = record if isinstance(record, dict) else {}
    kind, own = label or (named.get("type"), named.get("id"))
    return Answer(
        Status.REJECTED,
        kind if isinstance(kind, str) else None,
        own if isinstance(own, str) else None,
        problems=problems,
    )
