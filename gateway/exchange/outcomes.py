"""What a decision about an item comes to for a recipient, as whoever looks after the gateway is told of it.
Codes alone; decides nothing."""

from __future__ import annotations

from gateway.exchange.judge import View
from gateway.exchange.rendition import OWN_TO_EACH_SYSTEM
from gateway.exchange.selection import Selection
from gateway.hub.versions import Version


def outcome_of(view: View | None) -> str:
    """permit, redact or deny; also deny where no route leads there."""
    if view is None or not view.permitted:
        return "deny"
    return "redact" if view.redacted else "permit"


def note(selection: Selection, focal: Version, *, known: bool) -> str | None:
    """Why even what is permitted does not go there by delivery. known: the recipient has it."""
    system, resource = selection.system, focal.resource
    if system.deliver == "none":
        return "not-delivered-to"
    if system.adapter != "fhir" and selection.facts.frame_in(system.id) is None:
        return "no-log-or-plan-there"
    if selection.mapping.slots(resource) is None:
        return "no-form"
    if system.adapter != "fhir" and resource["resourceType"] in OWN_TO_EACH_SYSTEM and not known:
        return "own-to-each-system"
    return None
