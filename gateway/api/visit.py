"""One caller's request to read: everything is looked up in a transaction that only reads; what is told is
then written in a short one, and the answer is given only if nothing of the person has changed in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from gateway.access.tokens_in import Caller
from gateway.api.auth import Desk
from gateway.exchange.disclosures import Attempt
from gateway.exchange.sight import Looking, Sight

Result = TypeVar("Result")
TRIES = 3  # after that the writers wait for us


@dataclass(slots=True)
class Visit:
    """What one read works with, and what it is going to tell."""

    connection: Connection
    looking: Looking
    client: str
    _told: list[tuple[Sight, Attempt]] = field(default_factory=list)

    def tell(self, sight: Sight, refs: Iterable[str]) -> None:
        """Note the one disclosure of an answer that carries these resources."""
        attempt = sight.attempt(refs)
        if attempt is not None:
            self._told.append((sight, attempt))

    @property
    def tells(self) -> bool:
        """Whether anything is told at all."""
        return bool(self._told)

    def write(self, connection: Connection) -> bool:
        """Write what is told; False, and nothing written, if it might not be told any more."""
        if not all(sight.unchanged(connection) for sight, _ in self._told):
            return False
        for sight, attempt in self._told:
            sight.write(connection, attempt, self.client)
        return True


def visiting(desk: Desk, caller: Caller, work: Callable[[Visit], Result]) -> Result:
    """What `work` finds. It may be run more than once. Every disclosure is written before this returns."""
    store = desk.service.store
    for _ in range(TRIES):
        with store.read(caller.tenant) as connection:
            here = _visit(connection, desk, caller)
            found = work(here)
        if not here.tells:
            return found
        with store.write(caller.tenant) as connection:
            if here.write(connection):
                return found
    with store.write(caller.tenant) as connection:
        here = _visit(connection, desk, caller)
        found = work(here)
        here.write(connection)
    return found


def _visit(connection: Connection, desk: Desk, caller: Caller) -> Visit:
    service = desk.service
    looking = Looking(service.settings, service.facts, desk.system_of(caller), service.clock())
    return Visit(connection, looking, caller.client_id[:255])
