"""On whose behalf something is being done: set where somebody comes in, read where the audit is written, so
that no way between has to carry it. Never holds anything but ids and codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

GATEWAY: Final = "gateway"  # nobody asked: the gateway does what it was set up to do


@dataclass(slots=True)
class Occasion:
    """One request, page or command. source: api, page, command or gateway. action: its route, as a template.
    searching: whether it looks for something rather than for what it names. persons: whom it has been about
    so far. told: whom entries tell of that it is about. silent: nothing of it belongs in the hub's audit."""

    source: str
    action: str = ""
    tenant: str | None = None
    client: str | None = None
    system: str | None = None
    searching: bool = False
    silent: bool = False
    persons: dict[str, None] = field(default_factory=dict)
    told: set[str | None] = field(default_factory=set)

    @property
    def untold(self) -> list[str | None]:
        """Of whom no entry tells yet; nobody (None) where it was about nobody."""
        if not self.persons:
            return [] if self.told else [None]
        return [person for person in self.persons if person not in self.told]


_AT_HAND: ContextVar[Occasion | None] = ContextVar("occasion", default=None)
_NOBODY: Final = Occasion(GATEWAY)


@contextmanager
def of(occasion: Occasion | None) -> Iterator[None]:
    """Whatever is done within is done on this occasion; None: nobody asked."""
    token = _AT_HAND.set(occasion)
    try:
        yield
    finally:
        _AT_HAND.reset(token)


def at_hand() -> Occasion:
    """The present one; the gateway's own where nobody asked. Not to be changed."""
    return _AT_HAND.get() or _NOBODY


def about(*persons: str) -> None:
    """The request at hand is about these too, whatever it answers."""
    found = _AT_HAND.get()
    if found is not None:
        found.persons.update(dict.fromkeys(persons))


def told(persons: Iterable[str | None]) -> None:
    """Entries tell of the request at hand that it was about these."""
    found = _AT_HAND.get()
    if found is not None:
        found.told.update(persons)


def asked_by(tenant: str, client: str, system: str | None = None, action: str = "") -> None:
    """Who the request at hand is of, once that is known, and what it does."""
    found = _AT_HAND.get()
    if found is not None:
        found.tenant, found.client, found.system = tenant, client, system
        found.action = action or found.action
