"""The outermost layer: counts every request, sets the headers that every answer carries, and answers what
nobody foresaw. Pure ASGI; it never reads a body."""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from gateway.api.answers import METHODS, unexpected
from gateway.api.layers import Layer

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}

STREAM = "text/event-stream"
UNCOUNTED = "/welfare/"  # in a small municipality one more report tells that somebody has reported


class Edge(Layer):
    """ASGI middleware."""

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        started = time.perf_counter()
        status, lasts = 0, False

        async def sending(message: Message) -> None:
            nonlocal status, lasts
            if message["type"] == "http.response.start":
                status = message["status"]
                given = MutableHeaders(scope=message)
                lasts = given.get("content-type", "").startswith(STREAM)
                for name, value in HEADERS.items():
                    given.setdefault(name, value)  # a page says itself what it may load
                nonce = scope.get("state", {}).get("dpop_nonce")
                if nonce:  # for the next proof (RFC 9449 §8.2): without it, each would have to be made twice
                    given["DPoP-Nonce"] = nonce
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception:
            if status:
                raise  # the answer has begun; the server ends the connection
            await unexpected(Request(scope))(scope, receive, sending)
        finally:
            _count(scope, status, None if lasts else time.perf_counter() - started)


def _count(scope: Scope, status: int, seconds: float | None) -> None:
    """seconds: None for what lasts as long as somebody has a page open, which says nothing of us."""
    meters = scope["app"].state.desk.meters
    route = getattr(scope.get("route"), "path", "unmatched")
    if route.startswith(UNCOUNTED):
        return
    method = scope["method"] if scope["method"] in METHODS else "other"
    meters.requests.labels(method, route, str(status)).inc()
    if seconds is not None:
        meters.seconds.labels(route).observe(seconds)
