"""The HTTP service: routes, errors, headers, counters and the embedded worker put together. Decides nothing
itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gateway.access.endings import Endings
from gateway.access.nonces import PURPOSE, Nonces
from gateway.access.pace import Pace
from gateway.access.proofs_in import Proofs
from gateway.access.replays import Replays
from gateway.access.tokens_in import Gate
from gateway.api import (
    acts,
    anonymous,
    answers,
    audit_events,
    bundle,
    conflicts,
    consent_life,
    consents,
    decisions,
    fhir_read,
    fhir_write,
    health,
    held,
    identity,
    lanes,
    metrics,
    notices,
    onlookers,
    plans,
    pull,
    recall,
    receipts,
    records,
    snapshots,
    timeline,
    unshown,
    welfare,
    work,
)
from gateway.api.auth import Desk
from gateway.api.edge import Edge
from gateway.api.guard import Guard
from gateway.api.handing import Handing
from gateway.api.hosts import hosts_of
from gateway.api.meters import Meters
from gateway.api.readiness import Readiness
from gateway.api.witness import Witness
from gateway.events import Event, log
from gateway.exchange.breaker import ensure_recipients
from gateway.hub.audit import configured
from gateway.service import Service
from gateway.web import pages
from gateway.web.desk import furnish

ABOUT = """One entry in one system, present in every other system that the consent allows.

Every route but `/healthz` and `/readyz` needs a token; its client decides which system it acts for. Tokens of
an issuer are bound to the client's key (DPoP, RFC 9449) or bearer tokens, as the installation says.
Errors are `application/problem+json` (RFC 9457), under `/fhir` a FHIR `OperationOutcome`."""
PARTS = (
    records, pull, snapshots, receipts, audit_events, fhir_read, fhir_write, bundle, timeline, conflicts,
    consents, consent_life, acts, decisions, unshown, plans, notices, work, held, onlookers, recall, identity,
    lanes, health, metrics, welfare, anonymous,
)  # fmt: skip


def assemble() -> FastAPI:
    """The application without a service behind it: enough to publish the contract."""
    app = FastAPI(
        title="Stafettbro",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_life,
    )
    for part in (*PARTS, pages):  # the pages are for people, and no part of the contract
        app.include_router(part.router)
    answers.install(app)
    app.add_middleware(Witness)
    app.add_middleware(Handing)
    app.add_middleware(Guard)
    app.add_middleware(Edge)
    return app


def create_app(service: Service) -> FastAPI:
    """The application of one process. The embedded worker, if configured (always on SQLite), starts and
    stops with it."""
    service.open_welfare()
    app = assemble()
    app.state.desk = desk(service)
    furnish(app, service)
    return app


def desk(service: Service) -> Desk:
    """What the routes of this process work with."""
    settings = service.settings
    pace = Pace(settings.limits.requests_per_second, settings.limits.requests_at_once)
    return Desk(service, gate(service), Meters(), pace, hosts_of(settings), Readiness(service.store))


def gate(service: Service) -> Gate:
    """The door of this process. Its nonces and its memory of proofs are those of every process."""
    nonces, replays = Nonces(service.key.derived(PURPOSE), time.time), Replays(service.store, time.time)
    proofs = Proofs(service.settings.public_url, nonces, replays, time.time)
    ended = Endings(service.store, service.key)
    made = Gate(service.settings, time.time, proofs, ended.refuses)
    if any(issuer.tokens == "dpop" for issuer in service.settings.issuers):
        replays.begin()
    return made


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    service = desk.service
    with service.store.write(*service.settings.tenant_ids) as connection:
        ensure_recipients(connection, service.settings.systems)
    configured.note(service.store, service.settings, service.clock())
    worker = service.add_worker() if service.settings.embedded_worker or service.store.sqlite else None
    app.state.work = asyncio.create_task(worker.run()) if worker else None
    courier = service.add_courier()
    app.state.carrying = asyncio.create_task(courier.run()) if courier else None
    log(Event.STARTED)
    try:
        yield
    finally:
        if courier is not None:
            courier.stop()
            await app.state.carrying
        if worker is not None:
            worker.stop()
            await app.state.work
        log(Event.STOPPED)
