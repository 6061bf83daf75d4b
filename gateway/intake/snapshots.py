"""A source says what all of it is: what it made and leaves out is flagged as missing, what it names again is
lifted. A whole that is empty, cut short or broken flags nothing; it is noted as doubtful instead."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from gateway.config import System
from gateway.events import Event, log
from gateway.hub import absences, links, snapshots
from gateway.hub.absences import OMITTED, OTHER, REASONS
from gateway.hub.snapshots import DOUBTFUL, TAKEN, Stood, Told
from gateway.hub.store import Store
from gateway.intake.vanished import note_vanished

AT_ONCE: Final = 100  # items flagged in one transaction, so that it stays short
One = TypeVar("One")
EMPTY, TRUNCATED, BROKEN = "empty", "truncated", "broken"


@dataclass(slots=True)
class Whole:
    """All that a system, or one log or plan of it, says it has: native ids. began: what has come in since may
    be in it or not. reasons: why something is left out, where the source says. confirmed: a person has seen
    that so much is left out."""

    began: datetime
    log: str | None = None
    ids: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    confirmed: bool = False

    def names(self, native_id: str | None) -> None:
        """One that is there. Whatever cannot be named leaves the whole in doubt."""
        if native_id is None:
            self.broken = True
        else:
            self.ids.add(native_id)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it. why: of a doubtful one. missing: newly, by native id. returned: how many came back."""

    state: str
    why: str | None
    items: int
    missing: tuple[str, ...] = ()
    returned: int = 0


def compare(store: Store, system: System, whole: Whole, now: datetime) -> Compared | None:
    """Compare a whole with what the system has told of. None for a log or plan that is not known here."""
    with store.read(system.tenant) as connection:
        scope = ""
        if whole.log is not None:
            name = links.names(connection, system.tenant, system.id, [whole.log]).get(whole.log)
            if name is None or not name.ref.startswith("CarePlan/"):
                return None
            scope = name.ref
        told = snapshots.told_of(connection, system.tenant, system.id, scope or None)
    left_out = [one for one in told if one.native_id not in whole.ids]
    new = [one for one in left_out if not one.missing and one.stored < whole.began]
    why = _doubt(whole, told, new)
    found = Compared(DOUBTFUL, why, len(whole.ids)) if why else _settled(store, system, whole, told, new, now)
    stood = Stood(scope, now, found.state, why, len(whole.ids), len(left_out))
    with store.write(system.tenant) as connection:
        snapshots.note(connection, system.tenant, system.id, stood)
    if why:
        log(Event.SNAPSHOT_DOUBTFUL, level=logging.WARNING, system=system.id, why=why, count=len(new))
    return found


def _doubt(whole: Whole, told: Iterable[Told], new: list[Told]) -> str | None:
    """Why it is not believed."""
    if whole.broken:
        return BROKEN
    if whole.confirmed:
        return None
    standing = sum(not one.missing for one in told)
    if not whole.ids:
        return EMPTY if standing else None
    return TRUNCATED if len(new) * 2 > standing else None


def _settled(
    store: Store, system: System, whole: Whole, told: list[Told], new: list[Told], now: datetime
) -> Compared:
    flagged = 0
    for some in _some(sorted(one.native_id for one in new)):
        gone = {native: reason(whole.reasons.get(native)) for native in some}
        with store.write(system.tenant) as connection:
            flagged += note_vanished(connection, system, gone, now)
    back = [one.ref for one in told if one.missing and one.native_id in whole.ids]
    returned = 0
    for refs in _some(back):
        with store.write(system.tenant) as connection:
            returned += absences.lift(connection, system.tenant, system.id, refs, now)
    if flagged:
        log(Event.SNAPSHOT_MISSING, level=logging.WARNING, system=system.id, count=flagged)
    missing = tuple(sorted(one.native_id for one in new)) if flagged else ()
    return Compared(TAKEN, None, len(whole.ids), missing, returned)


def _some(found: Sequence[One]) -> Iterator[Sequence[One]]:
    return (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))


def reason(given: str | None) -> str:
    """The code of a reason that a source gives."""
    return OMITTED if given is None else given if given in REASONS else OTHER
