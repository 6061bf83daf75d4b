"""Literal references ("Goal/17") inside a FHIR resource: which there are, and a copy with each translated.

On the way of the data this stands between the hub's ids and one system's ids. It never looks into
absolute URLs, '#contained' or conditional references, and never changes what it is given.

What only one system knows ("urn:stafettbro:peer:bup:Practitioner/9") has no partner anywhere else: every
other system is told of it by an identifier that says whose it is, so that the meaning of the element stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from mappings.canonical import identifier_system
from mappings.model import Json, Resource

LITERAL: Final = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
VERSIONED: Final = re.compile(rf"({LITERAL.pattern})/_history/[A-Za-z0-9\-.]{{1,64}}")
PEER: Final = (
    "urn:stafettbro:peer:"  # + "<system>:Practitioner/9": something of a system's that we do not know
)

Translate = Callable[[str], str | None]


class Absent:
    """What is left of an element that went away whole."""


ABSENT: Final = Absent()

# An element that exists only to point at someone or something goes with what it points at: a participant
# without its actor, an agent without its who, would be invalid or would say something else.
BEARING: Final = frozenset({"actor", "individual", "member", "reference", "what", "who"})


def is_literal(text: Json) -> bool:
    """True for "Type/id"."""
    return isinstance(text, str) and LITERAL.fullmatch(text) is not None


def is_reference(value: Json) -> bool:
    """True for a Reference element (a string under `reference`; Consent has an element of that name)."""
    return isinstance(value, dict) and isinstance(value.get("reference"), str)


def is_attachment_link(value: Json) -> bool:
    """True for an Attachment whose bytes lie in a resource of the same server ("Binary/17"), or of a peer."""
    if not isinstance(value, dict) or "data" in value:
        return False
    url = value.get("url")
    return is_literal(url) or (isinstance(url, str) and url.startswith(PEER))


def references(resource: Resource) -> set[str]:
    """Every literal "Type/id" in it, contained resources included; "Goal/17/_history/2" counts as Goal/17."""
    return {target for element in pointers(resource) if (target := _target(element)) is not None}


def pointers(value: Json) -> Iterator[dict[str, Json]]:
    """Every element that points somewhere: References, and Attachments with a local link."""
    if isinstance(value, dict):
        if is_reference(value) or is_attachment_link(value):
            yield value
        for part in value.values():
            yield from pointers(part)
    elif isinstance(value, list):
        for part in value:
            yield from pointers(part)


def _target(element: dict[str, Json]) -> str | None:
    text: str = element["reference"] if is_reference(element) else element["url"]
    versioned = VERSIONED.fullmatch(text)
    if versioned:
        return versioned.group(1)
    return text if is_literal(text) else None


def rewrite(resource: Resource, translate: Translate) -> Resource:
    """The resource with each literal reference translated; shares with the original what is unchanged.

    `translate` also sees "Goal/17/_history/2" and "urn:stafettbro:peer:…" as they stand.

    Where `translate` answers None, a Reference that has an `identifier` keeps that and its `display`, and one
    to something of a peer's that the hub does not have becomes a logical one; any other goes whole, since a
    display alone may tell a name that the recipient must not see. Elements, list members and extensions that
    are empty afterwards, or that existed only to point there, go too.
    """
    parts = {key: walk(value, translate, key) for key, value in resource.items()}
    return {key: value for key, value in parts.items() if not isinstance(value, Absent)}


def walk(value: Json, translate: Translate, key: str) -> Any:
    """One value under `key`, translated; ABSENT when nothing of it is left."""
    if isinstance(value, dict):
        return _element(value, translate)
    if isinstance(value, list):
        return _list(value, translate, key)
    return value


def _element(value: dict[str, Json], translate: Translate) -> Any:
    if is_reference(value):
        return _reference(value, translate)
    if is_attachment_link(value):
        return _attachment(value, translate)
    parts = {key: walk(part, translate, key) for key, part in value.items()}
    gone = {key for key, part in parts.items() if isinstance(part, Absent)}
    if not gone:
        same = all(parts[key] is part for key, part in value.items())
        return value if same else parts
    left = {key: part for key, part in parts.items() if key not in gone}
    if "resourceType" in left:
        return left
    return ABSENT if gone & BEARING or left.keys() <= {"id", "url"} else left


def _reference(value: dict[str, Json], translate: Translate) -> Any:
    text = value["reference"]
    if not (is_literal(text) or VERSIONED.fullmatch(text) or text.startswith(PEER)):
        return value
    target = translate(text)
    if target is None and text.startswith(PEER) and "identifier" not in value:
        value = {**value, "identifier": logical(text)}
    if target is None:
        kept = {key: part for key, part in value.items() if key not in ("reference", "_reference")}
        return kept if "identifier" in value else ABSENT
    return value if target == text else {**value, "reference": target}


def logical(text: str) -> dict[str, str]:
    """The identifier of something of a peer's: its own name for it, and whose name that is."""
    system, _, name = text.removeprefix(PEER).partition(":")
    return {"system": identifier_system(f"record/{system}"), "value": name}


def _attachment(value: dict[str, Json], translate: Translate) -> Any:
    """Without its bytes it says nothing, unless they lie at a peer: what it is called is then still true."""
    target = translate(value["url"])
    if target is not None:
        return value if target == value["url"] else {**value, "url": target}
    left = {key: part for key, part in value.items() if key not in ("url", "_url")}
    return left if left.keys() - {"id"} and value["url"].startswith(PEER) else ABSENT


def _list(value: list[Json], translate: Translate, key: str) -> Any:
    parts = [walk(part, translate, key) for part in value]
    if all(part is old for part, old in zip(parts, value, strict=True)):
        return value
    if key.startswith("_"):  # runs in step with the list of primitive values
        parts = [None if isinstance(part, Absent) else part for part in parts]
        return parts if any(part is not None for part in parts) else ABSENT
    left = [part for part in parts if not isinstance(part, Absent)]
    return left or ABSENT
