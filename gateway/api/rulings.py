"""A decision of a conflict as a calling system says it: gateway/exchange/ruling.py makes it, with what that
system may see."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.access.tokens_in import Caller
from gateway.api.auth import Desk
from gateway.exchange.contested import Contested, Onlooker
from gateway.exchange.ruling import Bench, Said
from gateway.exchange.sight import Looking
from gateway.hub import versions
from gateway.hub.conflicts import Kept


def rule(desk: Desk, caller: Caller, conflict_id: str, said: Said) -> None:
    """Decide. Raises NotFound, Conflict where it has moved on, Unprocessable for what may not be chosen."""
    own = desk.service
    client = caller.client_id[:255]
    bench = Bench(
        own.store, own.settings, own.facts, own.mappings, own.clock, caller.tenant, client, caller.system
    )

    def look(connection: Connection, one: Kept) -> Contested | None:
        head = versions.current(connection, caller.tenant, one.ref)
        if caller.system is None:
            facts = bench.facts_of(connection, one)
            return Onlooker(facts, own.clock(), caller.tenant, None).look(one, head)
        looking = Looking(own.settings, own.facts, desk.system_of(caller), own.clock())
        sight = looking.whole(connection, one.person)
        return Onlooker(sight.facts, sight.now, caller.tenant, sight).look(one, head) if sight else None

    bench.rule(conflict_id, said, look)
    own.woken()
