"""What the hub knows of a child that would tell a reader who it is: names, birth date, numbers, places and
phones of the child and of everyone and everything around it. Reads FHIR JSON; keeps and tells nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from consent.anonymous import Known
from consent.places import places_in
from mappings.model import Resource

SHORTEST_ID: Final = 4  # characters; a shorter one is found in any text
_OWN: Final = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")  # a reference is no name
_PERSONS: Final = frozenset({"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Person"})


def known_of(resources: Iterable[Resource]) -> Known:
    """What these resources of one child say."""
    found = list(resources)
    return Known(
        names=frozenset(name for one in found for name in _names(one)),
        born=_born(found),
        places=places_in(found),
        ids=frozenset(number for one in found for number in _numbers(one)),
    )


def _born(resources: Iterable[Resource]) -> date | None:
    for one in resources:
        if one.get("resourceType") == "Patient" and isinstance(one.get("birthDate"), str):
            try:
                return date.fromisoformat(one["birthDate"])
            except ValueError:
                return None
    return None


def _names(node: Any, key: str = "") -> Iterator[str]:
    """Names of persons: HumanName anywhere, and what a reference to a person shows."""
    if isinstance(node, list):
        for one in node:
            yield from _names(one, key)
    elif isinstance(node, dict):
        if key == "name" or "family" in node or "given" in node:
            yield from _of_name(node)
        if isinstance(node.get("display"), str) and _is_person(node):
            yield node["display"]
        for name, value in node.items():
            yield from _names(value, name)


def _of_name(name: dict[str, Any]) -> Iterator[str]:
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else ()), name.get("family")]
    words = [part for part in parts if isinstance(part, str) and part.strip()]
    yield " ".join(words)
    if isinstance(name.get("text"), str):
        yield name["text"]


def _is_person(reference: dict[str, Any]) -> bool:
    kind = str(reference.get("type") or str(reference.get("reference", "")).partition("/")[0])
    return kind in _PERSONS


def _numbers(node: Any, key: str = "") -> Iterator[str]:
    """Numbers and ids that identify, and phones in the ways they are written."""
    if isinstance(node, list):
        for one in node:
            yield from _numbers(one, key)
    elif isinstance(node, dict):
        if key == "telecom":
            yield from _written(str(node.get("value") or ""))
        elif key == "identifier" and isinstance(node.get("value"), str) and _tells(node["value"]):
            yield from _spaced(node["value"])
        for name, value in node.items():
            yield from _numbers(value, name)


def _tells(value: str) -> bool:
    return len(value) >= SHORTEST_ID and not _OWN.fullmatch(value)


def _spaced(number: str) -> Iterator[str]:
    """An id, and a national one also with the gap people write it with."""
    yield number
    if len(number) == 11 and number.isdigit():
        yield f"{number[:6]} {number[6:]}"


def _written(contact: str) -> Iterator[str]:
    """A phone or address of any other kind, and a phone in pairs and in threes."""
    if contact.strip():
        yield contact.strip()
    digits = re.sub(r"\D", "", contact)[-8:]
    if len(digits) == 8 and "@" not in contact:
        yield digits
        yield " ".join(digits[at : at + 2] for at in range(0, 8, 2))
        yield f"{digits[:3]} {digits[3:5]} {digits[5:]}"
