"""Why an operator does something, as a code: what somebody writes freely might be about a child, and would
stand in the audit for good."""

from __future__ import annotations

from typing import Final

from gateway.web.door import Fields

REASONS: Final = ("agreed-stop", "mended-there", "mended-here", "restored", "investigating", "asked")


def reason_of(fields: Fields) -> str | None:
    """The code that was chosen; None where it is none of ours."""
    given = fields.get("grunn", [""])[0]
    return given if given in REASONS else None
