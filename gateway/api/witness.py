"""Sees to it that no answer leaves without an entry of the audit for each person it is about: what a route
has not written with its own transaction is written here, before the first byte; where it cannot be written,
there is no answer. Pure ASGI; it never looks into a body.

Source: shared law.md, "Logging".
"""

from __future__ import annotations

from typing import Any, Final

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from gateway.api.answers import refusal
from gateway.api.auth import Desk
from gateway.api.layers import Layer
from gateway.api.occasions import API
from gateway.errors import NotReady
from gateway.hub.audit import entries, occasion
from gateway.hub.audit.entries import Entry, Kind, Outcome
from gateway.hub.audit.occasion import Occasion
from gateway.hub.schema.tables import person

PAGE: Final = "page"
PAGES: Final = "/min-side"
NAMES: Final = ("person_id", "person", "patient")  # of what an address names a person by


class Witness(Layer):
    """ASGI middleware."""

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        here = Occasion(PAGE if scope["path"].startswith(PAGES) else API)
        lost = False

        async def sending(message: Message) -> None:
            nonlocal lost
            if message["type"] == "http.response.start" and here.tenant is not None and not here.silent:
                try:
                    await run_in_threadpool(_write, scope, here, message["status"])
                except SQLAlchemyError:
                    lost = True
                    raise
            await send(message)

        with occasion.of(here):
            try:
                await self.app(scope, receive, sending)
            except Exception:
                if not lost:
                    raise
                error = NotReady("What is told cannot be written down just now")
                await refusal(Request(scope), error)(scope, receive, send)


def _write(scope: Scope, here: Occasion, status: int) -> None:
    """Of a request that was refused or failed, whatever its transaction wrote is gone: it is said anew."""
    if status >= 400:
        here.told.clear()
    desk: Desk = scope["app"].state.desk
    given = scope.get("path_params") or {}
    named = next((str(given[name]) for name in NAMES if given.get(name)), None)
    if not (here.untold or named):
        return
    tenant, now = here.tenant or "", desk.service.clock()
    with desk.service.store.write(tenant) as connection:
        if named is not None and _known(connection, tenant, named):
            occasion.about(named.removeprefix("Patient/"))
        made = [_entry(scope, here, one, status, now) for one in here.untold]
        entries.write(connection, tenant, made)


def _known(connection: Connection, tenant: str, named: str) -> bool:
    """Whether somebody here is called that; anything may stand in an address, a national id too."""
    own = named.removeprefix("Patient/")
    found = select(person.c.id).where(person.c.tenant == tenant, person.c.id == own)
    return connection.execute(found).first() is not None


def _entry(scope: Scope, here: Occasion, about: str | None, status: int, now: Any) -> Entry:
    outcome = Outcome.DONE if status < 400 else Outcome.FAILED if status >= 500 else Outcome.REFUSED
    details = {"status": status} if status >= 400 else None
    return Entry(_kind(scope, here), now, about, outcome=outcome, details=details)


def _kind(scope: Scope, here: Occasion) -> Kind:
    if here.searching:
        return Kind.SEARCH
    if scope["method"] in ("GET", "HEAD"):
        return Kind.READ
    return Kind.OPERATION if "/lanes/" in here.action else Kind.DECISION
