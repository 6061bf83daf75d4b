"""By what a document is known to be the same one in two systems: an identifier that it carries, or the same
bytes under the same title. Bytes alone are not enough: an empty form is nobody's in particular."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from mappings.canonical import identifier_system
from mappings.model import Json, Resource

OURS: Final = identifier_system("item")


def document_keys(resource: Resource) -> frozenset[str]:
    """Keys of which two copies of one document share at least one; empty for anything else. Our own
    identifier, which tells one copy from another, is not among them."""
    if resource.get("resourceType") != "DocumentReference":
        return frozenset()
    return frozenset((*_identifiers(resource), *_contents(resource)))


def _identifiers(resource: Resource) -> Iterator[str]:
    for one in (resource.get("masterIdentifier"), *(resource.get("identifier") or ())):
        named = isinstance(one, dict) and one.get("system") and one.get("value")
        if named and not str(one["system"]).startswith(OURS.rpartition("/item")[0]):
            yield f"id {one['system']}|{one['value']}"


def _contents(resource: Resource) -> Iterator[str]:
    for content in resource.get("content") or ():
        attachment: Json = content.get("attachment") or {}
        title, data = attachment.get("title") or resource.get("description"), attachment.get("data")
        if title and data:
            digest = hashlib.sha256(str(data).encode()).hexdigest()
            yield f"content {digest} {title}"
