"""Puts the parts of what consent does not gate together: its store, its key, and who does what with them.
There is no office where no municipality uses it, and then no store either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from gateway.config import Settings, System, secret
from gateway.errors import ConfigurationError
from gateway.hub.store import Store
from gateway.welfare.answers import Answers
from gateway.welfare.courier import Courier, Way
from gateway.welfare.discussions import Discussions
from gateway.welfare.reports import Reports
from gateway.welfare.schema import open_store
from gateway.welfare.seal import Seal, SealBroken
from gateway.welfare.tables import key_check

_WORD = "stafettbro"


@dataclass(slots=True)
class Office:
    """Everything a process needs for reports and anonymous discussions."""

    store: Store
    seal: Seal
    reports: Reports
    answers: Answers
    discussions: Discussions
    clock: Callable[[], datetime]
    courier: Courier | None = None

    def woken(self) -> None:
        """There is something to send."""
        if self.courier is not None:
            self.courier.nudge()

    def employ(self, ways: Mapping[str, Way]) -> Courier:
        """A courier in this process."""
        self.courier = Courier(self.store, self.seal, ways, self.clock)
        return self.courier

    def close(self) -> None:
        """Give back the connections."""
        self.store.close()


def opened(settings: Settings, clock: Callable[[], datetime]) -> Office | None:
    """The office, if any tenant uses it. Raises ConfigurationError for a key that is not the store's."""
    if not any(t.child_welfare or t.anonymous_discussion for t in settings.tenants):
        return None
    reference = settings.welfare.key_ref
    seal = Seal.of(secret(reference) if reference else None, settings.state_folder)
    store = open_store(address(settings), settings.welfare.database_owner_url)
    try:
        _check_key(store, seal)
    except ConfigurationError:
        store.close()
        raise
    reports = Reports(store, seal, clock)
    answers = Answers(reports, store, seal, clock)
    return Office(store, seal, reports, answers, Discussions(store, seal, clock), clock)


def address(settings: Settings) -> str:
    """Where the store of reports is."""
    return settings.welfare.database_url or f"sqlite:///{settings.state_folder / 'welfare.db'}"


def recipients(settings: Settings) -> tuple[System, ...]:
    """Systems that the courier may be sent to: those of child welfare, and, where anonymous discussions are
    offered, any system of that tenant that can be reached."""
    welfare = {t.child_welfare for t in settings.tenants}
    offering = {t.id for t in settings.tenants if t.anonymous_discussion}
    return tuple(
        s for s in settings.systems if (s.url or s.folder) and (s.id in welfare or s.tenant in offering)
    )


def _check_key(store: Store, seal: Seal) -> None:
    """The first process seals a word; every later one must be able to open it."""
    with store.outside(write=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE key_check IN EXCLUSIVE MODE")
        content = connection.execute(select(key_check.c.content)).scalar()
        if content is None:
            connection.execute(insert(key_check), {"id": 1, "content": seal.close(_WORD, "key_check")})
            return
    try:
        seal.open(content, "key_check")
    except SealBroken as error:
        raise ConfigurationError(
            "welfare: the store of reports is sealed with another key; put back the key it was made with"
        ) from error
