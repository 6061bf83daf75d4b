"""One connection: how long a caller may take, how much it may send before anybody looks at it, and how many
may be open. Never knows what is asked; what the server answers by itself looks like every other answer.

A head has `head_seconds`; a body `body_seconds`, and one more for each 4 KiB that came, so that slow lines
get through and trickling does not. A reader that takes nothing for as long as an answer may take is cut off.
Where all connections are taken, the one that has waited longest without a whole request makes room.

Sources: RFC 9112 §6 and §7.1.2 (framing, trailers); uvicorn's HttpToolsProtocol, whose parser this bounds.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway import jsontext
from gateway.api.answers import PROBLEM
from gateway.api.edge import HEADERS
from gateway.api.guard import MOST_ADDRESS, MOST_HEAD
from gateway.api.limits import MOST_BYTES
from gateway.config import Limits, Settings

SLOWEST: Final = 4096.0  # bytes a second of a body, in the long run
MOST_FED: Final = 2 * MOST_BYTES  # bytes of one request as they are sent: chunks and trailers too


class Connection(HttpToolsProtocol):
    """A connection under limits. `connections` makes the class for an installation."""

    limits: ClassVar[Limits] = Limits()
    reader_seconds: ClassVar[float] = 30.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._watch: asyncio.TimerHandle | None = None  # ends a request that does not come
        self._stuck: asyncio.TimerHandle | None = None  # ends an answer that is not taken
        self._since = 0.0  # when what is awaited began
        self._got = 0  # bytes of the body
        self._fed = 0  # bytes of the request, as far as it has come
        self._head_done = False
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there. Where too many are, whoever has waited longest goes; else this one."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._await_head()
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def _make_room(self) -> None:
        known = [one for one in self.connections if isinstance(one, Connection)]
        there = [one for one in known if not one.transport.is_closing()]
        if len(there) > self.limits.connections:
            waiting = [one for one in there if one.waits]  # this one at least
            min(waiting, key=lambda one: one._since)._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._forget()
        if self._stuck is not None:
            self._stuck.cancel()
        self._deaf()
        super().connection_lost(exc)

    @property
    def waits(self) -> bool:
        """Whether no whole request has come yet since the last answer."""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """More of a request. Raises nothing: what cannot be read ends the connection."""
        if self._watch is None and self.waits:  # a line break between two requests is data too
            self._await_head()
        self._fed += len(data)
        super().data_received(data)
        most = MOST_FED if self._head_done else MOST_HEAD + MOST_ADDRESS
        if self._fed > most and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """The first line of a request."""
        super().on_message_begin()
        self._head_done, self._fed, self._got = False, 0, 0
        if self._watch is None:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. What stands after the body is none: a proxy has not looked at it."""
        if not self._head_done:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole. Raises HttpParserError for an address that names another host."""
        if not self.url.startswith(b"/"):
            raise httptools.HttpParserError("not a path")
        self._head_done = True
        self._since = self.loop.time()
        super().on_headers_complete()
        self._watch_body()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._got += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._forget()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """The reader takes less than we have to say."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self.reader_seconds, self._cut_off)

    def resume_writing(self) -> None:
        """It goes on."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """What is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _unsupported_upgrade_warning(self) -> None:
        """Another protocol is asked for: this request is answered, and nothing read after it."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _await_head(self) -> None:
        self._forget()
        self._since = self.loop.time()
        late = HTTPStatus.REQUEST_TIMEOUT
        self._watch = self.loop.call_later(self.limits.head_seconds, self._refuse, late)

    def _watch_body(self) -> None:
        """Look again when the body must have come, by what has come of it until now."""
        now = self.loop.time()
        if self.flow.read_paused:  # it is we who do not take more
            self._since = now
        ends = self._since + self.limits.body_seconds + self._got / SLOWEST
        self._forget()
        if now >= ends:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._watch = self.loop.call_later(ends - now + 0.01, self._watch_body)

    def _forget(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, where nothing has been said yet, and hang up."""
        self._forget()
        if self.transport.is_closing():
            return
        if (
            self._answering is None
            or not self._answering.response_started
            or self._answering.response_complete
        ):
            self.transport.write(refused(status))
        self._deaf()
        self.transport.close()

    def _cut_off(self) -> None:
        """The reader took nothing for too long: what is buffered for it is thrown away."""
        self._deaf()
        self.transport.abort()

    def _deaf(self) -> None:
        """Whatever is still said on this connection is said to nobody."""
        for cycle in (self._answering, self.cycle):  # the second: of requests that wait behind the first
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()


def refused(status: HTTPStatus) -> bytes:
    """A whole answer to what never became a request."""
    told = {"type": "about:blank", "title": status.phrase, "status": status.value, "code": "connection"}
    body = jsontext.encode(told)
    headers = {
        **HEADERS,
        "Content-Type": PROBLEM,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **({"Retry-After": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}),
    }
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {text}" for name, text in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def connections(settings: Settings) -> type[Connection]:
    """The kind of connection of an installation."""
    given = {"limits": settings.limits, "reader_seconds": settings.answer_deadline_seconds}
    return type("InstallationConnection", (Connection,), given)
