"""The virtual network: every request of the real adapters stands here until a step lets it leave, arrive and
be answered, well or badly. Everything that leaves is recorded with its virtual time."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.simulation.virtual_loop import Clock

TRANSIT = 1.9  # seconds a request may be on its way: less than the grace after a run's deadline
Answered = tuple[int, dict[str, str], bytes]
attempt_of: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("attempt", default=None)


@dataclass(slots=True)
class Asked:
    """One request as the recipient reads it."""

    method: str
    path: str  # below the base, without the slash
    query: list[tuple[str, str]]
    headers: httpx.Headers
    body: bytes

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method == "PUT" or (self.method == "POST" and not self.path.endswith("_search"))


@dataclass(slots=True)
class Flight:
    """A request on its way. attempt: (id, reference) of the delivery it belongs to."""

    number: int
    system: str
    process: int
    asked: Asked
    future: asyncio.Future[Answered]
    attempt: tuple[str, str] | None
    left: float | None = None
    answer: Answered | None = None
    gone: bool = False  # nothing more will come of it

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.future.done()


@dataclass(slots=True)
class Arrival:
    """What reached a recipient and was applied."""

    at: float
    system: str
    attempt: tuple[str, str] | None
    asked: Asked
    status: int


@dataclass
class Network:
    """All requests under way, and the record of all that were."""

    clock: Clock
    receive: Callable[[str, Asked], Answered]
    leaving: Callable[[Flight], None]
    down: Callable[[str], bool]
    flights: list[Flight] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    attempted: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)  # attempts of which a write has left
    faults: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def begin(self, system: str, process: int, asked: Asked) -> Flight:
        """Somebody wants to send."""
        self._count += 1
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        flight = Flight(self._count, system, process, asked, future, attempt_of.get())
        self.flights.append(flight)
        if flight.attempt is not None:
            self.attempted.add(flight.attempt[0])
        return flight

    def tidy(self) -> None:
        """Drop what nobody waits for and what was too long on its way."""
        now = self.clock.seconds
        self.flights = [
            one
            for one in self.flights
            if (one.left is None and not one.abandoned)
            or (one.left is not None and one.answer is None and now - one.left <= TRANSIT)
            or (one.left is not None and not one.abandoned)
        ]

    def leave(self, flight: Flight) -> None:
        """Its bytes go."""
        flight.left = self.clock.seconds
        if flight.attempt is not None and flight.asked.writes:
            self.written.add(flight.attempt[0])
        self.leaving(flight)

    def arrive(self, flight: Flight) -> None:
        """The recipient takes it and makes an answer."""
        if flight.left is None or flight.gone or self.clock.seconds - flight.left > TRANSIT:
            flight.gone = True
            return
        flight.answer = self.receive(flight.system, flight.asked)
        self.arrivals.append(
            Arrival(self.clock.seconds, flight.system, flight.attempt, flight.asked, flight.answer[0])
        )

    def step(self, flight: Flight, fate: str) -> None:
        """One event in the life of a request. The caller lets the loop of its process go on."""
        if self.down(flight.system) and flight.left is None:
            self._fail(flight, httpx.ConnectError("down"))
            return
        if fate not in ("ok", "slow"):
            self.faults[fate] = self.faults.get(fate, 0) + 1
        getattr(self, f"_{fate.replace('-', '_')}", self._ok)(flight)

    # --- fates -------------------------------------------------------------------------------------------

    def _ok(self, flight: Flight) -> None:
        if flight.left is None:
            self.leave(flight)
        if flight.answer is None:
            self.arrive(flight)
        if flight.answer is not None:
            self._answer(flight, flight.answer)

    def _slow(self, flight: Flight) -> None:
        """Only one stage of it."""
        if flight.left is None:
            self.leave(flight)
        elif flight.answer is None:
            self.arrive(flight)
        else:
            self._answer(flight, flight.answer)

    def _lost(self, flight: Flight) -> None:
        """The request never arrives; the sender waits in vain."""
        if flight.left is None:
            self.leave(flight)
            flight.gone = True

    def _unanswered(self, flight: Flight) -> None:
        """Stored, and the answer never comes."""
        self._stored(flight)
        flight.answer, flight.gone = None, True

    def _refused(self, flight: Flight) -> None:
        if flight.left is None:
            self._fail(flight, httpx.ConnectError("refused"))

    def _reset(self, flight: Flight) -> None:
        if flight.left is None:
            self.leave(flight)
        self._fail(flight, httpx.ReadError("reset"))

    def _reset_stored(self, flight: Flight) -> None:
        self._stored(flight)
        self._fail(flight, httpx.ReadError("reset"))

    def _broken(self, flight: Flight) -> None:
        self._say(flight, 500, stored=False)

    def _broken_stored(self, flight: Flight) -> None:
        self._say(flight, 500, stored=True)

    def _gateway_stored(self, flight: Flight) -> None:
        self._say(flight, 502, stored=True)

    def _busy(self, flight: Flight) -> None:
        self._say(flight, 503, stored=False)

    def _many(self, flight: Flight) -> None:
        self._say(flight, 429, stored=False)

    def _locked(self, flight: Flight) -> None:
        self._say(flight, 409, stored=False)

    def _forbidden(self, flight: Flight) -> None:
        self._say(flight, 401, stored=False)

    def _twice(self, flight: Flight) -> None:
        """Something on the way sends it twice."""
        if flight.answer is None:
            self._stored(flight)
            self.receive(flight.system, flight.asked)
        self._ok(flight)

    def _stored(self, flight: Flight) -> None:
        if flight.left is None:
            self.leave(flight)
        if flight.answer is None:
            self.arrive(flight)

    def _say(self, flight: Flight, status: int, *, stored: bool) -> None:
        if flight.left is None:
            self.leave(flight)
        if stored and flight.answer is None:
            self.arrive(flight)
        headers = {"retry-after": "1"} if status in (503, 429) else {}
        self._answer(flight, (status, headers, b""))

    def _answer(self, flight: Flight, answer: Answered) -> None:
        if not flight.abandoned:
            flight.future.set_result(answer)
        self._remove(flight)

    def _fail(self, flight: Flight, error: httpx.TransportError) -> None:
        if not flight.abandoned:
            flight.future.set_exception(error)
        self._remove(flight)

    def _remove(self, flight: Flight) -> None:
        self.flights = [one for one in self.flights if one is not flight]


class Line(httpx.AsyncBaseTransport):
    """What the real adapters of one process send through, to one system."""

    def __init__(self, network: Callable[[], Network], system: str, process: int, patience: float) -> None:
        self._patience = patience  # what httpx itself waits at most
        self._network = network
        self._system = system
        self._process = process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send and wait, as a socket would."""
        body = await request.aread()
        asked = Asked(
            request.method,
            request.url.path.lstrip("/"),
            parse_qsl(request.url.query.decode(), keep_blank_values=True),
            request.headers,
            body,
        )
        flight = self._network().begin(self._system, self._process, asked)
        try:
            async with asyncio.timeout(self._patience):
                status, headers, content = await flight.future
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer", request=request) from error
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content), request=request)


class Named:  # ByPatient too: what it has not itself, its adapter has
    """The real adapter, with the network told which delivery a request belongs to."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    async def write(self, write: Any) -> Any:
        """One delivery."""
        attempt_of.set((write.attempt, write.key))  # of this run's own task: it does nothing else after this
        return await self._adapter.write(write)
