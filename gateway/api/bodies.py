"""How the body of a request looks, for the published contract alone: what a route takes is read and checked
by the route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.api.answers import JSON


def asks(properties: dict[str, Any], example: Any, required: Sequence[str] | None = None) -> dict[str, Any]:
    """The body of a route as `openapi_extra`: an object of these properties, all required unless said, and no
    other."""
    schema = {
        "type": "object",
        "required": list(properties) if required is None else list(required),
        "additionalProperties": False,
        "properties": properties,
    }
    return takes(schema, example)


def takes(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """The same for a body of any schema."""
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema, "example": example}}}}
