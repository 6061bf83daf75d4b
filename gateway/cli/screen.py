"""Where commands write: results to stdout, everything said beside them to stderr. Nothing that comes from a
record is read as markup."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

WIDE = 200  # columns where nobody looks: a file or a pipe gets its lines unbroken


def results() -> Console:
    """The console of what was asked for."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDE, highlight=False)


def beside() -> Console:
    """The console of progress, warnings and errors."""
    return Console(file=sys.stderr, width=None if sys.stderr.isatty() else WIDE, highlight=False)


def complain(text: str) -> None:
    """One error, as it is."""
    beside().print(f"[red]{escape(text)}[/red]", soft_wrap=True)


def note(text: str) -> None:
    """One thing worth knowing, beside the result."""
    beside().print(text, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """One line of the result."""
    results().print(text, markup=False, soft_wrap=True)
