"""The postman: beside a worker's runs, makes nudges when their time has come and hands them to the mail
server, in a thread of its own and with no transaction open. A server that is down delays nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.config import Settings, secret
from gateway.consents.mail_server import Handed, MailServer
from gateway.consents.nudge_mail import message
from gateway.consents.nudges import Box, Letter, Nudges, State, boxes, of_tenants
from gateway.events import Event, log
from gateway.exchange.facts import FactsReader
from gateway.hub.store import Store

LOGIN: Final = "/min-side"
REST: Final = timedelta(minutes=1)  # after the server could not be reached
PERIOD: Final = timedelta(seconds=5)
BATCH: Final = 50  # nudges made or sent in one round
BECOMES: Final = {
    Handed.SENT: State.SENT,
    Handed.REFUSED: State.REFUSED,
    Handed.UNKNOWN: State.UNKNOWN,
    Handed.NOT_SENT: State.WAITING,
    Handed.DOWN: State.WAITING,
}


@dataclass(slots=True)
class Postman:
    """One process's."""

    store: Store
    settings: Settings
    facts: FactsReader
    clock: Callable[[], datetime]
    server: MailServer
    _boxes: dict[str, dict[str, Box]] = field(init=False)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "mail"))
    _next: datetime | None = None
    _busy: bool = False
    _set: bool = False

    def __post_init__(self) -> None:
        self._boxes = boxes(self.settings, self.facts.key)

    async def round(self) -> None:
        """A round, if it is time and none is under way."""
        now = self.clock()
        if self._busy or (self._next is not None and now < self._next):
            return
        self._busy, self._next = True, now + PERIOD
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.go)
        except Exception:  # noqa: BLE001 - the database may be away; the next round goes on, and runs never stop
            log(Event.NUDGES_FAILED, level=logging.ERROR, trace=True)
        finally:
            self._busy = False

    def go(self) -> None:
        """One round: what is due is made, then sent."""
        for nudges in of_tenants(self.settings, self.facts):
            self._make(nudges, self._boxes[nudges.tenant])
            if not self._send(nudges, self._boxes[nudges.tenant]):
                self._next = self.clock() + REST
                return
        self._set = True

    def _make(self, nudges: Nudges, known: dict[str, Box]) -> None:
        if not self._set:
            with self.store.write(nudges.tenant) as connection:
                nudges.set_timers(connection, known, self.clock())
        for _ in range(BATCH):
            with self.store.write(nudges.tenant) as connection:
                if not nudges.write(connection, known, self.clock()):
                    return

    def _send(self, nudges: Nudges, known: dict[str, Box]) -> bool:
        """False once the server does not take any."""
        for _ in range(BATCH):
            with self.store.write(nudges.tenant) as connection:
                letter = nudges.claim(connection, known, self.clock())
            if letter is None:
                return True
            handed = self._hand(letter)
            with self.store.write(nudges.tenant) as connection:
                nudges.close(connection, letter, BECOMES[handed], self.clock())
            log(Event.NUDGED, tenant=nudges.tenant, state=BECOMES[handed].value, attempt=letter.attempt)
            if handed is Handed.DOWN:
                return False
        return True

    def _hand(self, letter: Letter) -> Handed:
        made = message(
            sender=self.server.mail.sender,
            address=letter.box.address,
            language=letter.box.language,
            cases=letter.cases,
            link=self.settings.public_url.rstrip("/") + LOGIN,
            now=self.clock(),
        )
        return self.server.hand(made)


def employ(
    store: Store, settings: Settings, facts: FactsReader, clock: Callable[[], datetime]
) -> Postman | None:
    """The postman of this process; None where nobody is nudged. Raises ConfigurationError for a password that
    is not there."""
    if settings.mail is None or not any(t.nudge for t in settings.tenants):
        return None
    if settings.mail.password_ref is not None:
        secret(settings.mail.password_ref)
    return Postman(store, settings, facts, clock, MailServer(settings.mail))
