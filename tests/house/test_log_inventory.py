"""The inventory of the log names every event, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.events import Event

PAGE = Path(__file__).resolve().parents[2] / "docs/logs.md"


def test_every_event_stands_in_the_inventory() -> None:
    told = re.findall(r"^\| SB(\d{4}) \|", PAGE.read_text(encoding="utf-8"), re.M)
    assert sorted(int(number) for number in told) == sorted(event.value[0] for event in Event)
