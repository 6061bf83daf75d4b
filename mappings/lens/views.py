"""Views: a resource as the fields see it, and back. They carry what the standard couples and the native
record does not: withdrawal hides the status it had, a meeting without an end has no start in FHIR.

`open` gives the fields' view, `close` a valid resource; close(open(x)) says the same as x.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mappings.lens.ways import Names, way
from mappings.model import Json, NotExpressible, Resource

_NAMES: Final = Names({}, {})
_ERROR: Final = way("extension(feilregistrert)", _NAMES)
_STATUS_BEFORE: Final = way("extension(feilregistrert).sub(status).valueCode", _NAMES)
_ERROR_TIME: Final = way("extension(feilregistrert).sub(tidspunkt).valueDateTime", _NAMES)
_TAG: Final = way("meta.tag(mark).code", _NAMES)
_START: Final = way("extension(moete-tid).valueDateTime", _NAMES)
_END: Final = way("extension(moete-slutt).valueDateTime", _NAMES)
_REVOKED: Final = way("extension(trukket)", _NAMES)
WITHDRAWN: Final = "withdrawn"
IN_ERROR: Final = "entered-in-error"


@dataclass(frozen=True, slots=True)
class View:
    """open: resource and the time of its last version -> view. close: view -> resource."""

    open: Callable[[Resource, str | None], Resource]
    close: Callable[[Resource], Resource]


def is_withdrawn(resource: Resource) -> bool:
    """Registered in error, by status or, where the type has none, by our tag."""
    status = resource.get("lifecycleStatus") or resource.get("status")
    return status == IN_ERROR or _TAG.get(resource) == WITHDRAWN


def is_live(owned: Resource) -> bool:
    """Whether an owned resource is still said: not withdrawn, or only together with the whole record."""
    return owned.get("status") != IN_ERROR or _ERROR.get(owned) is not None


def withdraw(owned: Resource) -> Resource:
    """The owned resource when its record no longer says it."""
    alone: Resource = _ERROR.put(owned, None)
    return {**alone, "status": IN_ERROR}


def withdrawal(status: str, native_code: bool) -> View:
    """feilregistrert: the status it had waits in the extension. `native_code`: the system has a status of
    its own for it, so that one set elsewhere needs no mark here."""
    return _by_tag() if status == "tag" else _by_status(status, native_code)


def _by_status(status: str, native_code: bool) -> View:
    def opened(resource: Resource, time: str | None) -> Resource:
        if resource.get(status) != IN_ERROR and _TAG.get(resource) != WITHDRAWN:
            revived: Resource = _STATUS_BEFORE.put(resource, None)  # another system took the withdrawal back
            return revived
        if _ERROR.get(resource) is None:
            return resource if native_code else _set(_seen_from_afar(resource, time), status, None)
        return _set(_STATUS_BEFORE.put(resource, None), status, _STATUS_BEFORE.get(resource))

    def closed(view: Resource) -> Resource:
        view = _TAG.put(view, None)
        if _ERROR.get(view) is None:
            return view
        marked: Resource = _STATUS_BEFORE.put(view, view.get(status))
        if marked["resourceType"] == "Appointment" and not ("start" in marked and "end" in marked):
            return {**_TAG.put(marked, WITHDRAWN), status: "cancelled"}  # app-3 forbids entered-in-error here
        return {**marked, status: IN_ERROR}

    return View(opened, closed)


def _by_tag() -> View:
    def opened(resource: Resource, time: str | None) -> Resource:
        if _TAG.get(resource) == WITHDRAWN and _ERROR.get(resource) is None:
            return _seen_from_afar(resource, time)
        return resource

    def closed(view: Resource) -> Resource:
        if _ERROR.get(view) is not None:
            return {**_TAG.put(view, WITHDRAWN), "active": False}
        return {**_TAG.put(view, None), "active": True} if _TAG.get(view) == WITHDRAWN else view

    return View(opened, closed)


def _seen_from_afar(resource: Resource, time: str | None) -> Resource:
    """Withdrawn by a system that does not know our extension: when, is when that version was recorded."""
    known = time or (resource.get("meta") or {}).get("lastUpdated")
    if known is None:
        raise NotExpressible("Posten er registrert som feil, men det er ikke kjent når.")
    marked: Resource = _ERROR_TIME.put(resource, known)
    return marked


def _set(resource: Resource, key: str, value: Json) -> Resource:
    copy = dict(resource)
    copy.pop(key, None)
    return copy if value is None else {**copy, key: value}


def _meeting_open(resource: Resource, _: str | None) -> Resource:
    start, end = _START.get(resource), _END.get(resource)
    if start is None and end is None:
        return resource
    plain = _END.put(_START.put(resource, None), None)
    return {**plain, **({"start": start} if start else {}), **({"end": end} if end else {})}


def _meeting_close(view: Resource) -> Resource:
    people = [p if "status" in p else {**p, "status": "needs-action"} for p in view.get("participant") or ()]
    view = {**view, "participant": people} if people else view
    start, end = view.get("start"), view.get("end")
    if start and end and "T" in start and "T" in end:  # both with a time of day
        derived = "fulfilled" if _was_held(view) else "booked"
        known = view.get("status")
        return {**view, "status": derived if known in _DERIVED else known}
    plain = _set(_set(view, "start", None), "end", None)
    plain = _END.put(_START.put(plain, start), end)
    if plain.get("status") not in ("cancelled", "waitlist"):
        plain = {**plain, "status": "proposed"}
    return plain


_DERIVED: Final = (None, "proposed", "booked", "fulfilled")
_ATTENDANCE: Final = way("extension(oppmoete).valueCode", _NAMES)


def _was_held(view: Resource) -> bool:
    return any(_ATTENDANCE.get(p) in ("deltok", "uteble") for p in view.get("participant") or ())


def _consent_open(resource: Resource, _: str | None) -> Resource:
    status = resource.get("status")
    if status in (None, "active", IN_ERROR) or (status == "inactive" and _REVOKED.get(resource) is not None):
        return resource
    raise NotExpressible("Samtykket gjelder ikke, og mottakeren har ingen form for det.")


VIEWS: Final[Mapping[str, View]] = {
    "meeting": View(_meeting_open, _meeting_close),
    "consent": View(_consent_open, lambda view: view),
}
