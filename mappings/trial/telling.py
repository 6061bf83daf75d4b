"""A finding as a person can read it: the record, the FHIR in between, what came, and where they part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mappings import jsontext
from mappings.model import ITEM, Json
from mappings.trial.attempt import differences
from mappings.trial.search import Finding

MEANING: Final = {
    "accepted": "The file refuses a record that it declares.",
    "put-get": "A record that was written is not read back as it was.",
    "get-put": "Writing what was read changes something.",
    "put-put": "Writing twice gives something else than writing once.",
    "fhir-alone": "A recipient that has only the FHIR does not read the same.",
    "edit-seen": "What another system changed in FHIR is not read.",
    "foreign-kept": "Content that the mapping does not know is lost by a write.",
    "element-kept": "What others added to an element of a list is lost when the order changes.",
    "valid": "What is made is not FHIR R4.",
    "given-kept": "A value that was given is changed in place.",
}


def told(finding: Finding) -> str:
    """The finding in a few lines. What differs is marked with an arrow."""
    return "\n".join(lines(finding))


def lines(finding: Finding) -> Iterator[str]:
    """The finding line by line."""
    broken = finding.broken
    yield f"[section.{finding.section}] {finding.law}: {MEANING[finding.law]}"
    yield f"  where     {broken.where or 'the whole'}"
    yield f"  native    {short(broken.native)}"
    for slot, resource in broken.focus.items():
        yield f"  FHIR      {'' if slot == ITEM else f'{slot}: '}{short(resource)}"
    if isinstance(broken.came, str) and not isinstance(broken.expected, dict):
        yield f"  came      {broken.came}"
        return
    for path in _marked(finding):
        yield f"  -> {path}: expected {short(at(broken.expected, path))}, came {short(at(broken.came, path))}"


def _marked(finding: Finding) -> list[str]:
    broken = finding.broken
    found = list(differences(broken.expected, broken.came))
    inside = [path for path in found if path == broken.where] or found
    return inside[:5] or [broken.where]


def short(value: Json, width: int = 400) -> str:
    """A value as JSON on one line, cut where it is long."""
    if value is MISSING:
        return "nothing"
    text = jsontext.encode(value).decode()
    return text if len(text) <= width else f"{text[: width - 1]}…"


class _Missing:
    """Nothing stands there."""


MISSING: Final = _Missing()


def at(value: Json, path: str) -> Any:
    """What stands at a path such as "barn.navn[0].fornavn"."""
    for step in path.replace("[", ".[").split(".") if path else ():
        if step.startswith("[") and isinstance(value, list):
            index = int(step[1:-1]) if step[1:-1] else 0
            value = value[index] if index < len(value) else MISSING
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value
