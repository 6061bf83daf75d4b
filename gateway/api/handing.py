"""Hands answers over in pieces, as fast as the reader takes them and no longer than their deadline; what was
told in one is closed when it has ended. Pure ASGI; it never looks into a body, and adds nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Message, Receive, Scope, Send

from gateway.api.auth import Desk
from gateway.api.layers import Layer
from gateway.events import Event, log
from gateway.exchange import leaving
from gateway.exchange.leaving import Leaving

PIECE = 16 * 1024  # bytes: what the server buffers at most beyond what the operating system has taken
LAST = {"type": "http.response.body", "body": b"", "more_body": False}


class CutOff(Exception):
    """The reader took longer than an answer may take."""


class Handing(Layer):
    """ASGI middleware."""

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        with leaving.answering() as going:
            answer = _Answer(going, receive, send)
            try:
                await self.app(scope, receive, answer.send)
            finally:
                if going.attempts:
                    await asyncio.shield(_close(scope["app"].state.desk, going, whole=answer.whole))


class _Answer:
    """One answer on its way."""

    def __init__(self, going: Leaving, receive: Receive, send: Send) -> None:
        self._going, self._receive, self._send = going, receive, send
        self._left: asyncio.Task[None] | None = None
        self.whole = False

    async def send(self, message: Message) -> None:
        """Pass a message on; a body piece by piece. Raises CutOff."""
        if not self._going.attempts or message["type"] != "http.response.body":
            await self._send(message)
            return
        if self._left is None:
            self._left = asyncio.create_task(self._gone())
        until = self._going.until or 0.0
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._pieces(message)
        except TimeoutError as error:
            raise CutOff from error
        finally:
            if self.whole or not message.get("more_body"):
                self._left.cancel()

    async def _pieces(self, message: Message) -> None:
        body = memoryview(message.get("body", b""))
        for start in range(0, len(body), PIECE):
            piece = bytes(body[start : start + PIECE])
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if message.get("more_body"):
            return
        there = self._left is not None and not self._left.done()
        await self._send(LAST)  # waits until the server has handed over all but the last piece
        self.whole = there

    async def _gone(self) -> None:
        """Ends when the reader has gone away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _close(desk: Desk, going: Leaving, *, whole: bool) -> None:
    tenants = sorted({tenant for tenant, _ in going.attempts})

    def once() -> None:
        with desk.service.store.write(*tenants) as connection:
            leaving.finish(connection, going, whole=whole, now=desk.service.clock())

    try:
        with suppress(asyncio.CancelledError):
            await asyncio.to_thread(once)
    except SQLAlchemyError:  # its deadline ends it then
        log(Event.REQUEST_FAILED, level=logging.ERROR, method="", route="closing an answer", trace=True)
