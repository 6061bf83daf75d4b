"""Items that their source no longer tells of: deleted there, or left out of a whole. That is no withdrawal:
what was said stays current everywhere, flagged with the reason the source gives, until it comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from consent.days import day
from gateway.config import System
from gateway.hub import absences, links, persons, versions
from gateway.hub.absences import DELETED, OMITTED, OVERDUE, Absence
from gateway.hub.concerned import frame_of
from mappings import reading
from mappings.model import Resource

ENDED = frozenset({"completed", "cancelled", "rejected", "entered-in-error"})


def note_vanished(connection: Connection, system: System, gone: Mapping[str, str], now: datetime) -> int:
    """Flag those of these (native id -> reason) that are known here and not flagged yet. What is registered
    in error is gone rightly. Returns how many. A transaction of its own, that locks the persons."""
    named = links.names(connection, system.tenant, system.id, gone)
    persons.lock(connection, system.tenant, sorted({name.person for name in named.values()}))
    refs = [name.ref for name in named.values()]
    heads = versions.of_refs(connection, system.tenant, refs)
    flagged = absences.known(connection, system.tenant, system.id, refs)
    new = []
    for native, name in named.items():
        head = heads.get(name.ref)
        if head is not None and name.ref not in flagged and not reading.in_error(head.resource):
            reason = _reason(gone[native], head.resource, now)
            frame = frame_of(connection, system.tenant, name.person, name.ref, head.resource)
            new.append(Absence(system.id, name.ref, name.person, now, reason, frame))
    return absences.flag(connection, system.tenant, new, now)


def unflagged(connection: Connection, system: System, native_ids: Iterable[str]) -> list[str]:
    """Those of these that are known here and not flagged yet."""
    named = links.names(connection, system.tenant, system.id, native_ids)
    flagged = absences.known(connection, system.tenant, system.id, [name.ref for name in named.values()])
    return [native for native, name in named.items() if name.ref not in flagged]


def deleted(native_ids: tuple[str, ...]) -> dict[str, str]:
    """The same for what a system says it has deleted."""
    return dict.fromkeys(native_ids, DELETED)


def _reason(given: str, resource: Resource, now: datetime) -> str:
    """A goal that is left out without a word once its deadline has passed is named so: that is what such
    systems do."""
    return OVERDUE if given == OMITTED and is_overdue(resource, now) else given


def is_overdue(resource: Resource, now: datetime) -> bool:
    """Whether this is a goal that should have been evaluated before today (in Oslo), and still goes on."""
    if resource.get("resourceType") != "Goal" or resource.get("lifecycleStatus") in ENDED:
        return False
    dues = [str(one.get("dueDate") or "") for one in resource.get("target") or () if isinstance(one, dict)]
    return any(due is not None and due < day(now) for due in map(_date, dues))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
