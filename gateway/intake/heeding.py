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
from gateway.intake.consents import PERMIT, consent_of, ends, withdrawn
from gateway.intake.late import taken_back
from mappings.model import Resource


def heeded(said: Resource, stands: Resource, at: datetime) -> Resource:
    """What stands after an act whose base is unknown: nothing that either of the two does not permit. Where
    no one of them reaches less far than the other, the consent is withdrawn until somebody has looked.
    at: when they acted."""
    if refuses(consent_of(said)):
        return _refused_too(said, stands) if refuses(consent_of(stands)) else _with_denials(said, stands)
    rest = taken_back(said, stands, at)
    act, now = consent_of(said), consent_of(rest)
    if act is None or now is None or ends(now) or within(now, act):
        return rest
    if within(act, now) and len(fhir_consent.read(rest)) == 1:
        return said
    return withdrawn(rest, at, next(iter(sorted(act.givers)), "unknown"))


def refuses(act: Consent | None) -> bool:
    """Whether it says no, and that has not been lifted."""
    return act is not None and act.decision != PERMIT and act.withdrawn is None and not act.in_error


def _refused_too(said: Resource, stands: Resource) -> Resource:
    """What stands refused, and what is refused now: to whom, and of what."""
    if fhir_consent.read(said) == fhir_consent.read(stands):
        return stands
    own = said.get("provision") or {}
    denial = {"type": "deny", **{name: own[name] for name in ("actor", "code") if name in own}}
    return _with_denials(stands, said, denial)


def _with_denials(base: Resource, other: Resource, *more: Resource) -> Resource:
    """A refusal with what the other refuses or excepts. It counts for the givers of both, and for ever
    where the two have not the same limits in time."""
    provision, beside = (one.get("provision") or {} for one in (base, other))
    nested = list(provision.get("provision") or ())
    nested += [one for one in (*(beside.get("provision") or ()), *more) if one not in nested]
    if not nested:
        return base
    if provision.get("period") != beside.get("period"):
        provision = {name: value for name, value in provision.items() if name != "period"}
    givers = list(base.get("performer") or ())
    givers += [one for one in other.get("performer") or () if one not in givers]
    return {**base, "performer": givers, "provision": {**provision, "provision": nested}}


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
