"""What may leave without a decision, by type alone: two things, made in one place each, with nothing in them
that anyone wrote. Everything else that leaves has a decision that permits it; `ground_of` is the gate.

Source: shared law.md, "Withdrawal" ("Exempt by type, and logged as such").
"""

from __future__ import annotations

from enum import StrEnum

from mappings.ended import is_bare
from mappings.in_error import is_emptied, is_only_marked
from mappings.model import Resource
from mappings.reading import without_belonging


class Exempt(StrEnum):
    """The two types. The value is the ground in the log of what left."""

    NOTICE = "notice"  # sharing has ended
    IN_ERROR = "in-error"  # something the recipient holds is registered in error


class Unlawful(Exception):
    """A fault of ours: something was about to leave without a decision, or with content despite its type."""


def ground_of(exempt: Exempt, resource: Resource, own: Resource | None) -> str:
    """The ground for the log. own: what the recipient holds of it, where it made it itself; then it may go
    back, marked. Raises Unlawful where the resource says more than its type may."""
    if exempt is Exempt.NOTICE:
        bare = is_bare(resource)
    else:
        bare = is_emptied(resource) if own is None else _is_its_own(resource, own)
    if not bare:
        raise Unlawful(f"content under the exemption {exempt.value}")
    return exempt.value


def _is_its_own(resource: Resource, own: Resource) -> bool:
    return is_only_marked(without_belonging(resource), without_belonging(own))
