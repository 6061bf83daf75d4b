"""Credentials that were handed out once, for tests that are about something else."""

from __future__ import annotations

from adapters.tokens import fixed
from adapters.tokens.faults import About

SYSTEM = About("bup")


def none() -> fixed.Fixed:
    """Nothing is asked for."""
    return fixed.none(SYSTEM)


def bearer(token: str) -> fixed.Fixed:
    """A bearer token."""
    return fixed.bearer(SYSTEM, lambda: token)
