"""The door before everything: a request that two readers could read differently, that is not meant for us, or
that weighs too much is refused by its head alone, before anything is looked up; a body ends where it may
weigh no more. Never looks into a body, and never repeats anything of the request.

Sources: RFC 9110 and 9112 (heads, framing, Host), RFC 7694 (Content-Encoding of requests), RFC 6585 (431).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from gateway.api.answers import note_refused, refusal
from gateway.api.hosts import host_of
from gateway.api.layers import Layer
from gateway.api.limits import MOST_BYTES
from gateway.errors import ApiError, InvalidRequest, TooLarge, UnsupportedMedia

MOST_ADDRESS: Final = 8 * 1024  # bytes, with the query
MOST_HEAD: Final = 32 * 1024  # bytes of all headers: room for a token, a proof and cookies
MOST_HEADERS: Final = 100
HEAVY: Final = f"The body is larger than {MOST_BYTES} bytes"
OPEN: Final = frozenset({"/healthz", "/readyz"})  # asked by supervisors, who call us by any name
SINGLE: Final = frozenset(
    {
        b"content-encoding", b"content-length", b"content-type", b"host", b"idempotency-key",
        b"if-match", b"if-none-exist", b"origin", b"referer", b"stafettbro-system", b"transfer-encoding",
    }
)  # fmt: skip
OURS: Final = SINGLE | {b"authorization", b"cookie", b"dpop", b"x-forwarded-for"}
Headers = Iterable[tuple[bytes, bytes]]


class Misdirected(ApiError):
    """421: the request names a host that we are not."""

    status, title, code, fhir_issue = 421, "Misdirected", "host", "not-found"


class TooHeavy(ApiError):
    """431: the head weighs too much; 414 where it is the address."""

    status, title, code, fhir_issue = 431, "The head is too large", "head", "too-long"

    def __init__(self, detail: str, status: int = 431) -> None:
        super().__init__(detail)
        self.status = status


class NotSpoken(ApiError):
    """501, 505: a way of speaking HTTP that we do not know."""

    status, title, code, fhir_issue = 501, "Not understood here", "transfer", "not-supported"

    def __init__(self, detail: str, status: int = 501) -> None:
        super().__init__(detail)
        self.status = status


class Guard(Layer):
    """ASGI middleware."""

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, if its head can be read in one way only."""
        try:
            check(scope)
        except ApiError as error:
            request = Request(scope)
            note_refused(request, error)
            answer = refusal(request, error)
            answer.headers["Connection"] = "close"  # what follows on this connection may be anything
            if isinstance(error, UnsupportedMedia):
                answer.headers["Accept-Encoding"] = "identity"
            await answer(scope, receive, send)
            return
        await self.app(scope, bounded(receive), send)


def bounded(receive: Receive) -> Receive:
    """A body of at most MOST_BYTES, however it is announced: whoever reads on gets TooLarge. The framework's
    own limit would answer past the layers around us."""
    got = 0

    async def receiving() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > MOST_BYTES:
            raise TooLarge(HEAVY)
        return message

    return receiving


def check(scope: Scope) -> None:
    """The head of a request. Raises ApiError."""
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    _weigh(scope, headers)
    given = _once(headers)
    _framing(scope["http_version"], given)
    if given.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
        raise UnsupportedMedia("A body is sent as it is: Content-Encoding is not accepted", code="encoding")
    announced = given.get(b"content-length", b"0")
    if not announced.isdigit() or int(announced[:20]) > MOST_BYTES:
        raise TooLarge(HEAVY)
    named = host_of(given.get(b"host", b""))
    if named is None:
        raise InvalidRequest("The request must name its host, once", code="host")
    if scope["path"] not in OPEN and named not in scope["app"].state.desk.hosts:
        raise Misdirected("This gateway is not called so: see `hosts` and `public_url` in its configuration")


def _weigh(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_ADDRESS:
        raise TooHeavy("The address is too long", 414)
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > MOST_HEAD:
        raise TooHeavy("The request has more headers than it can need")


def _once(headers: Headers) -> dict[bytes, bytes]:
    """What we act on and may stand there once, by name."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if b"_" in name and name.replace(b"_", b"-") in OURS:  # some proxies take the one for the other
            raise InvalidRequest("A header is written in a way that can be misread", code="header-name")
        if name in SINGLE:
            if name in found:
                raise InvalidRequest("A header stands twice that may stand once", code="header-twice")
            found[name] = value
    return found


def _framing(version: str, given: dict[bytes, bytes]) -> None:
    """Where the body ends must be said in one way."""
    if version not in ("1.0", "1.1", "2"):
        raise NotSpoken("Version 1.1 of HTTP is spoken here", 505)
    if b"transfer-encoding" not in given:
        return
    if version != "1.1" or b"content-length" in given:
        raise InvalidRequest("The request says in two ways where it ends", code="framing")
    if given[b"transfer-encoding"].lower() != b"chunked":
        raise NotSpoken("No Transfer-Encoding but chunked is understood")
