"""The small parts of FHIR JSON that reading a Consent needs: objects, lists, references, codings, times.

Each raises TypeError where it meets something of another kind, which the reader answers with a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

Resource = dict[str, Any]
UNCLEAR: Final = datetime(1, 1, 1, tzinfo=UTC)  # a mark, known by identity


def is_modified(node: Any) -> bool:
    """Whether something in it may turn its meaning around."""
    if isinstance(node, dict):
        return "modifierExtension" in node or any(map(is_modified, node.values()))
    return isinstance(node, list) and any(map(is_modified, node))


def name_of(reference: Any) -> str:
    """A hub reference, or "system|value" of a logical one."""
    found = node(reference)
    if found.get("reference"):
        return str(found["reference"])
    identifier = node(found.get("identifier"))
    value = identifier.get("value")
    return f"{identifier.get('system', '')}|{value}" if value else "unknown"


def reference(extension: Resource) -> str | None:
    """What an extension refers to; None for nothing."""
    found = name_of(node(extension.get("valueReference")))
    return None if found == "unknown" else found


def sub(extension: Resource, url: str) -> Resource:
    """A part of a complex extension; empty for none."""
    return next((node(p) for p in nodes(extension.get("extension")) if node(p).get("url") == url), {})


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a CodeableConcept; one without codings is unknown."""
    if concept is None:
        return
    found = nodes(node(concept).get("coding"))
    yield from ((str(node(c).get("system")), str(node(c).get("code"))) for c in found)
    if not found:
        yield "unknown", "unknown"


def each_coding(concepts: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a list of CodeableConcepts or Codings."""
    for one in nodes(concepts):
        if "coding" in node(one) or "code" not in node(one):
            yield from codings(one)
        else:
            yield str(one.get("system")), str(one.get("code"))


def moment(text: Any) -> datetime | None:
    """The moment in UTC; None for anything but a time with a zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def time(text: Any) -> date | datetime | None:
    """A day or a moment; None for nothing, UNCLEAR for what is neither."""
    if text is None:
        return None
    try:
        if len(str(text)) == len("2026-11-21"):
            return date.fromisoformat(str(text))
    except ValueError:
        return UNCLEAR
    return moment(text) or UNCLEAR


def node(value: Any) -> Resource:
    """The object; an empty one for nothing. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, dict):
        raise TypeError("not an object")
    return value or {}


def nodes(value: Any) -> list[Any]:
    """The list; an empty one for nothing. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, list):
        raise TypeError("not a list")
    return value or []
