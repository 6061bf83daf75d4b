"""What `mapping try` does: one record to FHIR and back, with and without what FHIR cannot say."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from adapters.csv_form import Unreadable
from gateway import jsontext
from gateway.cli import mapping_of, screen
from gateway.cli.outcome import Impossible
from gateway.file_form import csv_of
from mappings.convert import from_bundle, to_bundle
from mappings.lens.compose import filled
from mappings.lens.system import SystemMapping
from mappings.model import Json, Record, Resource
from mappings.trial.attempt import differences
from mappings.trial.telling import at, short

_BOM = b"\xef\xbb\xbf"


def tried(file: str, record: Path, *, quiet: bool) -> bool:
    """Show both directions of each record; whether one was refused or came back different."""
    mapping = mapping_of.load(file)
    content = sys.stdin.buffer.read() if str(record) == "-" else record.read_bytes()
    wrong = False
    for number, native in enumerate(_records(mapping, content), 1):
        wrong = _one(mapping, number, native, quiet=quiet) or wrong
    return wrong


def _records(mapping: SystemMapping, content: bytes) -> list[Json]:
    csv = csv_of(mapping)
    if csv is None or content.removeprefix(_BOM).lstrip()[:1] in (b"", b"[", b"{"):
        try:
            value = jsontext.decode(content.removeprefix(_BOM))
        except (jsontext.DecodeError, UnicodeDecodeError) as error:
            raise Impossible(f"The record is not JSON in UTF-8: {error}") from error
        return value if isinstance(value, list) else [value]
    try:
        return [row for _, row, _ in csv.lines(csv.text(content)) if row is not None]
    except Unreadable as error:
        raise Impossible(f"line {error.line}: {error.reason}") from error


def _one(mapping: SystemMapping, number: int, native: Record, *, quiet: bool) -> bool:
    bundle, refusals = to_bundle(mapping, mapping.name, [native])
    screen.say(f"record {number}: {short(native, 200)}")
    for refusal in refusals:
        for problem in refusal.problems:
            screen.say(f"  refused: {problem.field or 'the whole record'}: {problem.text}")
    if refusals:
        return True
    if not quiet:
        for resource in _resources(bundle):
            screen.say(msgspec.json.format(jsontext.encode(resource), indent=2).decode())
    return _came_back(mapping, native, bundle)


def _came_back(mapping: SystemMapping, native: Record, bundle: Resource) -> bool:
    whole, _ = from_bundle(mapping, mapping.name, bundle)
    alone, lost = from_bundle(mapping, mapping.name, {**bundle, "entry": _entries(bundle)})
    parted = _told(native, whole[0] if whole else None)
    screen.say("  to its own system: equal" if not parted else "  to its own system: NOT equal")
    _say(parted)
    others = [one.reason for one in lost] or _told(
        _said(mapping, native), _said(mapping, alone[0]) if alone else None
    )
    screen.say("  by FHIR alone: " + ("equal" if not others else "without or otherwise"))
    _say(others)
    return bool(parted)


def _said(mapping: SystemMapping, native: Record) -> Record:
    """What another system could be told: neither empty values nor what this one calls the record."""
    kind = native.get(mapping.declared.type)
    own = {name for one in mapping.sections if one.type == kind for name in one.identity.names}
    return {key: value for key, value in native.items() if key not in own and filled(value) is not None}


def _told(before: Json, after: Json) -> list[str]:
    """A line for each place that differs."""
    return [
        f"{path or 'the whole record'}: {short(at(before, path))} -> {short(at(after, path))}"
        for path in differences(before, after)
    ]


def _say(texts: list[str]) -> None:
    for text in texts:
        screen.say(f"    {text}")


def _entries(bundle: Resource) -> list[Json]:
    """What any recipient gets: all but the Binary that holds what FHIR cannot say."""
    return [entry for entry in bundle.get("entry", ()) if entry["resource"]["resourceType"] != "Binary"]


def _resources(bundle: Resource) -> list[Resource]:
    return [entry["resource"] for entry in _entries(bundle)]
