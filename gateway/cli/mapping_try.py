"""What `mapping try` does: prints one record as FHIR and back, with and without what FHIR cannot say
(gateway/operating/conversion.py)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gateway import jsontext
from gateway.cli import screen
from gateway.operating import conversion, mapping_of
from gateway.operating.conversion import Tried
from mappings.trial.telling import short


def tried(file: str, record: Path, *, quiet: bool) -> bool:
    """Show both directions of each record; whether one was refused or came back different."""
    mapping = mapping_of.load(file)
    content = sys.stdin.buffer.read() if str(record) == "-" else record.read_bytes()
    wrong = False
    for number, native in enumerate(conversion.records_of(mapping, content), 1):
        found = conversion.tried(mapping, native)
        _one(number, found, quiet=quiet)
        wrong = found.wrong or wrong
    return wrong


def _one(number: int, found: Tried, *, quiet: bool) -> None:
    screen.say(f"record {number}: {short(found.native, 200)}")
    for field, text in found.refused:
        screen.say(f"  refused: {field or 'the whole record'}: {text}")
    if found.refused:
        return
    for resource in () if quiet else found.resources:
        screen.say(msgspec.json.format(jsontext.encode(resource), indent=2).decode())
    screen.say("  to its own system: equal" if not found.back else "  to its own system: NOT equal")
    _say(found.back)
    screen.say("  by FHIR alone: " + ("equal" if not found.alone else "without or otherwise"))
    _say(found.alone)


def _say(texts: Iterable[str]) -> None:
    for text in texts:
        screen.say(f"    {text}")
