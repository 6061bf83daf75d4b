"""A courier at work beside a test, and what it has brought where."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from gateway.welfare.tables import dispatch
from tests.api.world import World


@contextmanager
def carried(world: World) -> Iterator[None]:
    """The gateway's own courier, with its real adapters, until the block ends."""
    courier = world.service.add_courier()
    assert courier is not None
    thread = threading.Thread(target=lambda: asyncio.run(courier.run()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        courier.stop()
        thread.join(30)
        assert not thread.is_alive()


def standing(world: World) -> dict[str, tuple[str, str | None]]:
    """State and error of everything in the outbox, by id."""
    office = world.service.welfare
    assert office is not None
    with office.store.read("fjordbyen") as connection:
        return {row.id: (row.state, row.error) for row in connection.execute(select(dispatch))}


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Look until it holds; fails when it does not in time."""
    last = time.monotonic() + seconds
    pause = threading.Event()  # never set: leaves the processor to those we wait for
    while not holds():
        assert time.monotonic() < last, "did not happen in time"
        pause.wait(0.05)


def settled(world: World, state: str = "delivered") -> bool:
    """Whether everything in the outbox stands so."""
    return {found for found, _ in standing(world).values()} == {state}
