"""One write as it was asked for, alone or in a Bundle, before anything of the hub is looked at. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.api.answers import Failed
from gateway.api.fhir_types import KINDS, Kind
from gateway.errors import InvalidRequest, NotFound, PreconditionFailed, Unprocessable
from mappings.fhir_heading import subject_of
from mappings.model import Json, Resource

ETAG = re.compile(r'(?:W/)?"([A-Za-z0-9\-.]{1,64})"')


@dataclass(frozen=True, slots=True)
class Wanted:
    """A create (no id) or an update. place: where it stands in the request, for error answers."""

    kind: Kind
    resource: Resource
    id: str | None = None
    if_match: str | None = None
    if_none_exist: str | None = None
    full_url: str | None = None
    place: str = ""

    @property
    def ref(self) -> str | None:
        """What it updates."""
        return f"{self.kind.name}/{self.id}" if self.id else None

    @property
    def patient(self) -> str:
        """Id of the one patient it is about. Raises Unprocessable."""
        found = subject_of(self.resource)
        if found is None:
            raise Unprocessable(
                "The resource must name exactly one patient", code="patient", field=self.at("subject")
            )
        return found.removeprefix("Patient/")

    @property
    def version(self) -> str:
        """The version it changes. Raises PreconditionFailed without one."""
        if self.if_match is None:
            raise PreconditionFailed(
                "An update says in If-Match which version it changes: the ETag of the last read",
                code="if-match-missing",
                field=self.place or None,
            )
        named = ETAG.fullmatch(self.if_match.strip())
        return named[1] if named else ""

    @property
    def condition(self) -> tuple[str, str] | None:
        """The identifier of a conditional create. Raises InvalidRequest for any other condition."""
        if self.if_none_exist is None:
            return None
        pairs = parse_qsl(self.if_none_exist.partition("?")[2] or self.if_none_exist, keep_blank_values=True)
        system, _, value = pairs[0][1].rpartition("|") if len(pairs) == 1 else ("", "", "")
        if not system or not value or pairs[0][0] != "identifier":
            raise InvalidRequest(
                "If-None-Exist must be identifier=system|value", code="condition", field=self.place or None
            )
        return system, value

    def at(self, element: str) -> str:
        """Expression of an element of it."""
        return f"{self.place or self.kind.name}.{element}"


def writable(name: str, place: str = "") -> Kind:
    """The type, if it can be written here. Raises NotFound or 405."""
    kind = KINDS.get(name)
    if kind is None:
        raise NotFound("This server does not keep this type", code="type", field=place or None)
    if not kind.writable:
        raise elsewhere(name, place)
    return kind


def elsewhere(name: str, place: str = "") -> Failed:
    """405: it is kept in the log or plan, and changed there."""
    refusal = Failed(405, allow="GET")
    refusal.detail, refusal.field = f"{name} is changed where it is kept, not here", place or None
    return refusal


def resolved(wanted: Wanted, made: dict[str, str]) -> Resource:
    """Its resource with references to other entries of the Bundle (urn:uuid:…) as what they became."""
    for element in _pointing(wanted.resource):
        if element.startswith("urn:uuid:") and element not in made:
            raise Unprocessable(
                "It refers to an entry that the Bundle does not have", code="reference", field=wanted.place
            )
    swapped = _swap(wanted.resource, made)
    return swapped if isinstance(swapped, dict) else wanted.resource


def _pointing(value: Json) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [text for part in value.values() for text in _pointing(part)]
    if isinstance(value, list):
        return [text for part in value for text in _pointing(part)]
    return []


def _swap(value: Json, made: dict[str, str]) -> Json:
    if isinstance(value, dict):
        swapped = {k: _swap(v, made) for k, v in value.items()}
        if isinstance(swapped.get("reference"), str):
            swapped["reference"] = made.get(swapped["reference"], swapped["reference"])
        return swapped
    return [_swap(part, made) for part in value] if isinstance(value, list) else value
