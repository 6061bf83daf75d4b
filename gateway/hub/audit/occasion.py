"""On whose behalf something is being done: set where somebody comes in, read where the audit is written, so
that no way between has to carry it. Never holds anything but ids and codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

GATEWAY: Final = "gateway"  # nobody asked: the gateway does what it was set up to do


@dataclass(slots=True)
class Occasion:
    """One request, page or command. source: api, page, command or gateway. action: its route, as a template.
    searching: whether it looks for something rather than for what it names. persons: whom it has been about
    so far. written: whether an entry tells of it. silent: nothing of it stands in the audit of the hub."""

    source: str
    action: str = ""
    tenant: str | None = None
    client: str | None = None
    system: str | None = None
    searching: bool = False
    silent: bool = False
    written: bool = False
    persons: dict[str, None] = field(default_factory=dict)


_AT_HAND: ContextVar[Occasion | None] = ContextVar("occasion", default=None)
_NOBODY: Final = Occasion(GATEWAY)


@contextmanager
def of(occasion: Occasion) -> Iterator[Occasion]:
    """Whatever is done within is done on this occasion."""
    token = _AT_HAND.set(occasion)
    try:
        yield occasion
    finally:
        _AT_HAND.reset(token)


def at_hand() -> Occasion:
    """The present one; the gateway's own where nobody asked. Not to be changed."""
    return _AT_HAND.get() or _NOBODY


def about(person: str) -> None:
    """The request at hand is about this person too, whatever it answers."""
    found = _AT_HAND.get()
    if found is not None:
        found.persons[person] = None


def noted() -> None:
    """An entry tells of the request at hand."""
    found = _AT_HAND.get()
    if found is not None:
        found.written = True


def reading(action: str, *, searching: bool = False) -> None:
    """What the request at hand does, where its route does not say."""
    found = _AT_HAND.get()
    if found is not None:
        found.action, found.searching = action, searching
