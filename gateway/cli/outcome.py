"""How a command ends: exit codes, and errors as plain sentences. Never shows a traceback's values or the
text of an error that was not expected, since both may hold personal content."""

from __future__ import annotations

import errno
import getpass
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from gateway.cli import screen
from gateway.errors import StafettbroError
from gateway.hub.audit import occasion
from gateway.hub.audit.occasion import Occasion
from mappings.model import MappingError

DONE = 0
REFUSED = 1  # it ran to its end, and something was refused or is wrong
USAGE = 2  # the command line is not understood
FAILED = 3  # it could not be done
FAULT = 70  # an error in Stafettbro itself
STOPPED = 130  # stopped by Ctrl-C; what was done stands

EXITS = (typer.Exit, typer.Abort, TyperException)


class Impossible(StafettbroError):
    """What was asked for cannot be done; the message says why, and what to do."""


class PlainCommand(TyperCommand):
    """A command whose expected errors become one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        try:
            with occasion.of(Occasion("command", action=ctx.command_path, client=_operator())):
                return super().invoke(ctx)
        except EXITS:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            sentence = expected(error)
            screen.complain(sentence or fault(error))
            raise typer.Exit(FAILED if sentence else FAULT) from None


def _operator() -> str:
    """Who works at this machine, as the audit names them."""
    try:
        return f"operator/{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user need not have a name
        return f"operator/{os.getuid()}"


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
