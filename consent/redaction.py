"""Takes away from a FHIR resource what a plan says, into a copy: elements with the standard's own marks, and
everything that would still tell of them (references, contained resources, narrative, repeated words,
versions).

Never changes what it is given, and never adds anything but marks. Decides nothing: the plan comes from a
decision.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from consent import address
from consent.decision import Plan
from consent.names import REDACTED
from consent.trace import GONE, Cut, Tracer, words_of

Resource = dict[str, Any]
_PASSING: Final = ("versionId", "lastUpdated", "source")


@dataclass(frozen=True, slots=True)
class Held:
    """A part that did not go. key: what to put into Plan.released to let exactly this content go; None where
    nobody can. value: what stands there, for those who may read it."""

    resource: str  # "Type/id"
    path: str  # "note[0].text"
    key: str | None
    value: Any = None


def redact(resource: Resource, plan: Plan) -> Resource | None:
    """The resource as the plan leaves it; None where nothing of it may go. An equal copy where nothing is
    taken."""
    copy, _ = _redacted(resource, plan)
    return copy


def held(resource: Resource, plan: Plan) -> tuple[Held, ...]:
    """What of the resource is kept back because of address protection: the stafettholder's list."""
    _, cuts = _redacted(resource, plan)
    name = _name(resource)
    return tuple(
        Held(name, c.path, _key(name, c) if c.releasable else None, c.value) for c in cuts if c.rule == "B1"
    )


def edition(resource: Resource) -> str:
    """A version for what is seen: it changes only when that changes, so that no gap tells of hidden
    changes."""
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k not in _PASSING}
    seen = json.dumps({**resource, "meta": meta}, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def _redacted(resource: Resource, plan: Plan) -> tuple[Resource | None, list[Cut]]:
    kind = str(resource.get("resourceType", ""))
    name = _name(resource)
    if name in plan.hidden:
        return None, [Cut("", "hidden", resource)]
    if kind == "Bundle":
        return _bundle(resource, plan)
    if plan.protection is not None and kind in address.WHOLLY:
        return None, [Cut("", "B1", resource)]
    tracer = Tracer(plan, lambda cut: _key(name, cut) in plan.released)
    copy = tracer.walk(resource)
    if copy is GONE or (
        kind == "Provenance" and "target" in resource and "reference" not in str(copy.get("target"))
    ):
        return None, tracer.cuts
    if not tracer.cuts:
        return copy, []
    while secrets := words_of(tracer.fresh()):
        copy = tracer.without(copy, secrets)
        if copy is GONE:
            return None, tracer.cuts
    return _marked(copy), tracer.cuts


def _bundle(bundle: Resource, plan: Plan) -> tuple[Resource | None, list[Cut]]:
    """Each entry by itself; what is gone leaves neither its entry nor its count behind."""
    entries, cuts = [], []
    for entry in bundle.get("entry") or ():
        copy, own = _redacted(entry.get("resource") or {}, plan)
        cuts += own
        if copy is not None:
            outer = {k: v for k, v in entry.items() if not own or k not in ("response", "request")}
            entries.append({**outer, "resource": copy} if "resource" in entry else outer)
    out = {k: v for k, v in bundle.items() if k not in ("entry", "total")}
    if entries:
        out["entry"] = entries
    if "total" in bundle and len(entries) == len(bundle.get("entry") or ()):
        out["total"] = bundle["total"]
    return out, cuts


def _marked(resource: Resource) -> Resource:
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k not in _PASSING}
    security = [c for c in meta.get("security") or [] if c.get("code") != REDACTED["code"]]
    return {**resource, "meta": {**meta, "security": [*security, dict(REDACTED)]}}


def _name(resource: Resource) -> str:
    return f"{resource.get('resourceType', '')}/{resource.get('id', '')}"


def _key(name: str, cut: Cut) -> str:
    """Names one part of one resource with the very content it had, so that a later edit is held anew."""
    value = json.dumps(cut.value, sort_keys=True, ensure_ascii=False, default=str)
    return f"{name}#{cut.path}@{hashlib.sha256(value.encode()).hexdigest()[:16]}"
