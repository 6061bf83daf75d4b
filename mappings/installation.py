"""Our identifier of an item, as others see it: each installation has a name of its own in it, so that the
items of two gateways are never taken for each other. Inside the gateway it is always the plain one. Pure."""

from __future__ import annotations

from typing import Any

from mappings.canonical import identifier_system
from mappings.fhir import OURS
from mappings.model import Resource


def item_system(installation: str | None) -> str:
    """Identifier system of this installation's items."""
    return OURS if installation is None else identifier_system(f"{installation}/item")


def outward(resource: Resource, installation: str | None, hub_id: str) -> Resource:
    """The resource with our identifier of it as others see it."""
    return _renamed(resource, OURS, item_system(installation), hub_id)


def inward(resource: Resource, installation: str | None) -> Resource:
    """The resource with identifiers of ours as they are inside."""
    return _renamed(resource, item_system(installation), OURS, None)


def _renamed(resource: Resource, old: str, new: str, value: str | None) -> Resource:
    listed = resource.get("identifier")
    if old == new or listed is None:
        return resource

    def one(identifier: Any) -> Any:
        ours = isinstance(identifier, dict) and identifier.get("system") == old
        return (
            {**identifier, "system": new} if ours and value in (None, identifier.get("value")) else identifier
        )

    return {**resource, "identifier": [one(i) for i in listed] if isinstance(listed, list) else one(listed)}
