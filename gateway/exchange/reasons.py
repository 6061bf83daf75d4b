"""Why an operator stops a lane, lets it go on, or sees what is masked: a code. What somebody writes freely
might be about a child; it would stand in clear beside the lane, and in the audit for good."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The codes; their words stand with the pages (`drift.reason.…`)."""

    AGREED_STOP = "agreed-stop"
    MENDED_THERE = "mended-there"
    MENDED_HERE = "mended-here"
    RESTORED = "restored"
    INVESTIGATING = "investigating"
    ASKED = "asked"
