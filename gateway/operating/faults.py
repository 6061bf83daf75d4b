"""What went wrong as a plain sentence, for whoever runs the gateway. Never the text of an error that was not
expected, since it may hold personal content."""

from __future__ import annotations

import sys
import traceback

from gateway.errors import StafettbroError
from mappings.model import MappingError


class Impossible(StafettbroError):
    """What was asked for cannot be done; the message says why, and what to do.

    code: by which the pages say the same; detail: what a parser found, in its own words."""

    def __init__(self, message: str, code: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


def expected(error: Exception) -> str | None:
    """The sentence for an error that may well happen; None for one that is our fault."""
    if isinstance(error, StafettbroError | MappingError):
        return str(error)
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror or type(error).__name__}"
    database = sys.modules.get("sqlalchemy.exc")
    if database is not None and isinstance(error, database.OperationalError):
        return f"The database cannot be used: {first_line(error.orig)}"
    return None


def first_line(error: object) -> str:
    """The first line of a database driver's own message (the rest may quote what was written)."""
    return str(error).partition("\n")[0]


def fault(error: Exception) -> str:
    """What can be told of an unexpected error: its type and places in the code, not its text."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"An error inside Stafettbro: {type(error).__name__} at {places}. Please report this line."
