"""Who is calling, before anything else is done: the token's client decides the tenant and the system it may
act for. Every route but /healthz and /readyz asks here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from gateway.access.pace import Pace
from gateway.access.presented import Presented
from gateway.access.tokens_in import Caller, Gate
from gateway.api import occasions
from gateway.api.meters import Meters
from gateway.api.readiness import Readiness
from gateway.config import System
from gateway.errors import Forbidden, NotFound, TooMany
from gateway.service import Service

ACTING = "stafettbro-system"  # header: for which of its systems a client of several municipalities asks


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with. pace: how fast each client may ask; hosts: how we are called."""

    service: Service
    gate: Gate
    meters: Meters
    pace: Pace
    hosts: frozenset[str]
    readiness: Readiness

    def system_of(self, caller: Caller) -> System:
        """The system that the caller acts for. Raises Forbidden for one that acts for none."""
        system = self.service.settings.system(caller.system) if caller.system else None
        if system is None:
            raise Forbidden("This client acts for no system", code="no-system")
        return system

    def own_system(self, caller: Caller, system_id: str) -> System:
        """The named system, if the caller acts for it. Another tenant's systems are not there at all."""
        system = self.service.settings.system(system_id)
        if system is None or system.tenant != caller.tenant:
            raise NotFound("No such system")
        if caller.system != system_id:
            raise Forbidden("This client acts for another system", code="other-system")
        return system


def desk(request: Request) -> Desk:
    """The parts of this process."""
    found: Desk = request.app.state.desk
    return found


AtDesk = Annotated[Desk, Depends(desk)]


def admitted(scope: str) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency: the caller, if the token is valid and reaches `scope`. A token is verified
    outside the event loop, since its issuer's keys may have to be fetched and the database remembers proofs;
    of a bearer token seen before, the database is only asked whether the client's access has ended."""

    async def caller(request: Request) -> Caller:
        here = desk(request)
        gate = here.gate
        shown = presented(request)
        acting = request.headers.get(ACTING) or request.path_params.get("system")
        known = gate.recall(shown, scope, acting)
        recalled = known is not None
        if known is None:
            try:
                known = await run_in_threadpool(gate.admit, shown, scope, acting)
            finally:
                request.state.dpop_nonce = gate.nonce(shown)  # told by the edge, whatever the answer
        wait = here.pace.wait((known.tenant, known.client_id))
        if wait > 0:  # before anything is written down: a flood must not fill the audit
            raise TooMany("This client asks too often", wait)
        if recalled:
            await run_in_threadpool(gate.demand_access, known)
        occasions.admitted(request, known, scope)
        return known

    return caller


def presented(request: Request) -> Presented:
    """What the gate looks at of a request."""
    return Presented(
        authorization=request.headers.getlist("authorization"),
        proofs=request.headers.getlist("dpop"),
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        in_address="access_token" in request.query_params,
    )
