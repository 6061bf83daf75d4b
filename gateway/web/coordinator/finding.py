"""Finds one of the reader's own children by national id. Whether a child is unknown here, or is somebody
else's, cannot be told from the answer, nor from its time."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from gateway.access.login_sessions import Session
from gateway.hub import persons
from gateway.web.desk import WebDesk
from gateway.web.seats import Office, seats
from mappings.canonical import DNR, FHN, FNR

STEP: Final = 0.5  # seconds: numbers can be tried, so a search in vain ends at the same time whoever is here
LENGTH: Final = 11


def child_of(desk: WebDesk, session: Session, written: str) -> str | None:
    """The log or plan of the child with this number, among those the reader takes part in; None for none."""
    number = "".join(written.split())
    key = desk.service.key
    hashes = [key.hash(system, number) for system in (FNR, DNR, FHN)]
    with desk.service.store.read(session.tenant) as connection:
        found = set(persons.find(connection, session.tenant, hashes).values())
        own = seats(connection, desk, session, desk.service.clock(), Office.COORDINATOR)
    known = len(number) == LENGTH and number.isascii() and number.isdecimal()
    return next((one.frame for one in own if known and one.person in found), None)


async def wait(began: float, step: float) -> None:
    """Until the next whole step since it began (monotonic seconds)."""
    await asyncio.sleep(step - (time.monotonic() - began) % step)
