"""What is published of the FHIR this gateway speaks: the definitions and examples of `mappings`, and the
CapabilityStatement that every gateway gives of itself, without an address.
"""

from __future__ import annotations

from gateway.api.capability import statement
from mappings.model import Resource
from mappings.profiles import definitions, examples
from mappings.profiles.heading import heading
from mappings.profiles.package import File, files

_SAYS = {
    "title": "Stafettbro som FHIR-server",
    "description": "Det enhver Stafettbro svarer på under /fhir. Svarene er det systemet som spør, kan se.",
}


def capability() -> Resource:
    """What every gateway says of itself."""
    own = statement("")
    said = {key: value for key, value in own.items() if key not in ("implementation", "date", "status")}
    return {**heading("CapabilityStatement", "gateway", _SAYS), **said, "kind": "capability"}


def contents() -> list[File]:
    """Path and content of every file of the package."""
    return list(files([*definitions(), capability()], examples()))
