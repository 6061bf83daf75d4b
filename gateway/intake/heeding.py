"""A consent that somebody acted on where it is not known what stood there before: after a restore, or while a
delivery of ours is unanswered. What such an act permits no more is permitted no more. Pure; widens nothing.

Source: shared law.md, "Evaluating" (unclear: deny).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consent import fhir_consent
from consent.days import begins, ceases
from consent.model import Consent
from gateway.intake.consents import consent_of, ends, withdrawn
from gateway.intake.late import taken_back
from mappings.model import Resource


def heeded(said: Resource, stands: Resource, at: datetime) -> Resource:
    """What stands after an act whose base is unknown: nothing that either of the two does not permit. Where
    no one of them reaches less far than the other, the consent is withdrawn until somebody has looked.
    at: when they acted."""
    rest = taken_back(said, stands, at)
    act, now = consent_of(said), consent_of(rest)
    if act is None or now is None or ends(now) or within(now, act):
        return rest
    if within(act, now) and len(fhir_consent.read(rest)) == 1:
        return said
    return withdrawn(rest, at, next(iter(sorted(act.givers)), "unknown"))


def within(one: Consent, other: Consent) -> bool:
    """Whether `one` permits nothing that `other` does not. False where that cannot be told."""
    narrowed = replace(
        other,
        recipients=one.recipients,
        categories=one.categories,
        except_recipients=one.except_recipients,
        except_items=one.except_items,
        start=one.start,
        end=one.end,
        recorded=one.recorded,
        changed=one.changed,
    )
    return (
        narrowed == one
        and one.recipients <= other.recipients
        and one.categories <= other.categories
        and one.except_recipients >= other.except_recipients
        and one.except_items >= other.except_items
        and begins(one.start) >= begins(other.start)
        and ceases(one.end) <= ceases(other.end)
    )
