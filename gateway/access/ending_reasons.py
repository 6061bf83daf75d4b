"""Why somebody's access ends, as a code: what is written freely might be about a person, and would stand in
the audit for good."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """The codes; their words stand with the pages (`drift.why.…`)."""

    LEFT = "left"
    WRONG_ROLE = "wrong-role"
    MISUSE = "misuse"
    LOST_DEVICE = "lost-device"
    KEY_ASTRAY = "key-astray"
    RETIRED = "retired"
    ASKED = "asked"
