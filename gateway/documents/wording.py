"""What single resources say, in the words of a document: names, roles, phones, days. For every document that
is set here. Pure; what is not understood says nothing."""

from __future__ import annotations

from typing import Any

from mappings import reading
from mappings.canonical import MIDDLE_NAME, extension
from mappings.model import Json, Resource


def section(heading: str, **parts: list[Any]) -> Json:
    """A section, or nothing where there is nothing in it."""
    filled = {name: part for name, part in parts.items() if part}
    return {"heading": heading, **filled} if filled.keys() - {"header", "widths"} else None


def counted(texts: list[str]) -> list[tuple[str, int]]:
    """Each text once, with how often it stands there."""
    return [(text, texts.count(text)) for text in dict.fromkeys(texts)]


def name(resource: Resource) -> str:
    """The name of a person, of one who takes part too."""
    within = [c for c in resource.get("contained") or () if c.get("resourceType") == "Practitioner"]
    names = next((one.get("name") for one in (resource, *within) if one.get("name")), None) or [{}]
    found: dict[str, Any] = names[0]
    middle = next(
        (e.get("valueString") for e in found.get("extension") or () if e.get("url") == MIDDLE_NAME), ""
    )
    parts = [*(found.get("given") or ()), middle or "", found.get("family") or ""]
    return " ".join(filter(None, parts)) or str(found.get("text") or "")


def phone(resource: Resource) -> str:
    """The first telephone number."""
    found = [t.get("value") for t in resource.get("telecom") or () if t.get("system") == "phone"]
    return str(next(filter(None, found), ""))


def unit(resource: Resource) -> str:
    """What the unit is called."""
    return str((resource.get("organization") or {}).get("display") or "")


def role(resource: Resource) -> str | None:
    """The role of one who takes part, as our code."""
    found = reading.participant_of(resource)
    return found.role if found else None


def said(resource: Resource, name: str) -> str:
    """The text of one of our extensions."""
    return next((str(e.get("valueString") or "").strip() for e in extensions(resource, name)), "")


def extensions(resource: Resource, name: str) -> list[dict[str, Json]]:
    """All of one of our extensions."""
    return [e for e in resource.get("extension") or () if e.get("url") == extension(name)]


def ref(resource: Resource) -> str:
    """Type and id."""
    return f"{resource['resourceType']}/{resource['id']}"


def day(value: Json) -> str:
    """ "2026-11-20…" as it is written here: 20.11.2026."""
    text = str(value or "")[:10]
    return ".".join(reversed(text.split("-"))) if text else ""
