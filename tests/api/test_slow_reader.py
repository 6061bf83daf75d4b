"""A reader takes its time, over a real connection: what it is being told counts as under way until the last
byte is handed over, it goes away, or its time is over."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from gateway.api import consents
from gateway.exchange import disclosures, leaving
from gateway.exchange.closing import epochs, look
from gateway.exchange.disclosures import Attempt, Disclosed
from tests.api.test_fhir_read import person
from tests.api.test_withdraw import ref, withdraw
from tests.api.world import World, fields
from tests.end_to_end.waiting import wait_until

LARGE = base64.b64encode(b"Referat. " * 1_000_000).decode()  # more than any socket buffers


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "PATIENCE", 0.1)


@pytest.fixture
def entered(world: World, emma: list[dict[str, Any]]) -> World:
    """Emma's log, with long minutes."""
    world.hand_in("logg", [r | {"innhold": LARGE} if r["id"] == "e-dok1" else r for r in emma])
    world.later()
    return world


@contextmanager
def listening(world: World) -> Iterator[int]:
    """The gateway behind a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(world.app, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, args=([door],))
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def reading(world: World, port: int) -> Iterator[socket.socket]:
    """BUP asks for the minutes, and has taken the first bytes of the answer."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(30)
        line.connect(("127.0.0.1", port))
        token = world.headers("bup")["Authorization"]
        path = f"/fhir/{ref(world, 'e-dok1')}"
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: testserver\r\nAuthorization: {token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        assert line.recv(12) == b"HTTP/1.1 200"
        yield line


def told(world: World, emma: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """What BUP was told of, and how it ended."""
    own = person(world, emma[0]).removeprefix("Patient/")
    with world.service.store.read("fjordbyen") as connection:
        rows = disclosures.of_person(connection, "fjordbyen", own)
    return [(r["state"], r["error"]) for r in rows if r["recipient"] == "bup" and r["client"] == "bup"]


def test_a_withdrawal_waits_for_a_slow_reader(entered: World, emma: list[dict[str, Any]]) -> None:
    with listening(entered) as port, reading(entered, port) as line:
        assert told(entered, emma) == [("sending", None)]
        first = withdraw(entered, ref(entered, "e-d2"))
        assert (first.status_code, len(fields(first)["mayHaveArrived"])) == (202, 1)
        size = 12
        while piece := line.recv(1 << 20):
            size += len(piece)
        assert size > len(LARGE)
        wait_until(lambda: told(entered, emma) == [("delivered", None)], "the answer has ended")
        last = withdraw(entered, ref(entered, "e-d2"))
        assert (last.status_code, fields(last)["mayHaveArrived"]) == (200, [])


def test_of_a_reader_that_went_away_nobody_knows(entered: World, emma: list[dict[str, Any]]) -> None:
    with listening(entered) as port:
        with reading(entered, port):
            assert withdraw(entered, ref(entered, "e-d2")).status_code == 202
        wait_until(lambda: told(entered, emma) == [("unknown", "reader-went-away")], "it is noticed")
    last = withdraw(entered, ref(entered, "e-d2"))
    assert (last.status_code, len(fields(last)["mayHaveArrived"])) == (200, 1)


def test_a_reader_that_takes_too_long_is_cut_off(entered: World, emma: list[dict[str, Any]]) -> None:
    object.__setattr__(entered.service.settings, "answer_deadline_seconds", 0.5)
    with listening(entered) as port, reading(entered, port) as line:
        wait_until(lambda: told(entered, emma) == [("unknown", "reader-went-away")], "its time is over")
        assert withdraw(entered, ref(entered, "e-d2")).status_code == 200
        size = 12
        while piece := line.recv(1 << 20):
            size += len(piece)
        assert size < len(LARGE)


def test_what_a_process_left_in_the_middle_ends_with_its_deadline(
    entered: World, emma: list[dict[str, Any]]
) -> None:
    with listening(entered) as port, reading(entered, port):
        with entered.service.store.write("fjordbyen") as connection:
            assert disclosures.finish_overdue(connection, "fjordbyen", entered.now) == 0
        entered.later()
        with entered.service.store.write("fjordbyen") as connection:
            assert disclosures.finish_overdue(connection, "fjordbyen", entered.now) == 1
        assert told(entered, emma) == [("unknown", "deadline")]


def test_nobody_waits_for_the_answer_that_tells_so(entered: World, emma: list[dict[str, Any]]) -> None:
    own, consent = person(entered, emma[0]).removeprefix("Patient/"), ref(entered, "e-s1")
    with entered.service.store.write("fjordbyen") as connection, leaving.answering() as going:
        attempt = Attempt(disclosures.new_id(), own, (Disclosed("Goal/1", 1, (), "-", (), ()),))
        state, deadline = leaving.begin("fjordbyen", attempt.id, entered.now, 30.0)
        disclosures.begin(
            connection, "fjordbyen", [attempt], recipient="bup", channel="read", run=0, epoch=1,
            owner=None, now=entered.now, deadline=deadline, state=state,
        )  # fmt: skip
        (epoch,) = epochs(connection, "fjordbyen", [consent], entered.now)
        assert look(connection, epoch, entered.now).closed
        with leaving.answering():  # another request
            assert not look(connection, epoch, entered.now).closed
        leaving.finish(connection, going, whole=True, now=entered.now)
        with leaving.answering():
            assert look(connection, epoch, entered.now).closed
