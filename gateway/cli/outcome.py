"""How a command ends: exit codes, and errors as plain sentences. Never shows a traceback's values or the
text of an error that was not expected, since both may hold personal content."""

from __future__ import annotations

import errno
import getpass
import os
from typing import Any

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from gateway.cli import screen
from gateway.hub.audit import occasion
from gateway.hub.audit.occasion import Occasion
from gateway.operating.faults import Impossible as Impossible
from gateway.operating.faults import expected as expected
from gateway.operating.faults import fault as fault
from gateway.operating.faults import first_line as first_line

DONE = 0
REFUSED = 1  # it ran to its end, and something was refused or is wrong
USAGE = 2  # the command line is not understood
FAILED = 3  # it could not be done
FAULT = 70  # an error in Stafettbro itself
STOPPED = 130  # stopped by Ctrl-C; what was done stands

EXITS = (typer.Exit, typer.Abort, TyperException)


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
