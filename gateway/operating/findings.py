"""What a check says: one line of the answer of `check`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Found:
    """How it stands with what, and why."""

    level: Level
    about: str
    text: str
