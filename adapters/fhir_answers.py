"""What a FHIR server's answers and resources say: ids, versions, matches, and reasons without content."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from adapters import jsontext
from adapters.contract import Incoming, Record, Refused, Unavailable, Written
from adapters.transport import Answer

_REFERENCE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
_LOCATED: Final = re.compile(rf"(?:^|/)({_REFERENCE.pattern})(?:/_history/([A-Za-z0-9\-.]{{1,64}}))?$")
_CODE: Final = re.compile(r"[a-z][a-z-]{1,40}")
_EXPRESSION: Final = re.compile(r"[A-Za-z0-9_.\[\]]{1,120}")
_CARRIED_META: Final = ("security", "tag", "profile")


def path(remote_id: str) -> str:
    """The address of a resource below the base. Raises Refused for what is no FHIR reference."""
    if not _REFERENCE.fullmatch(remote_id):
        raise Refused("not a FHIR id")
    return remote_id


def resource(answer: Answer) -> Record:
    """The body as a resource. Raises Unavailable when it is none."""
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("resourceType"), str):
        raise Unavailable("the answer is not a FHIR resource", status=answer.status)
    return body


def incoming(body: Record, version: str | None = None) -> Incoming:
    """A resource that was read, with its id, version and time."""
    meta = body.get("meta", {})
    return Incoming(body, reference(body), version or meta.get("versionId"), _time(meta.get("lastUpdated")))


def reference(body: Record) -> str:
    """ "Goal/17"."""
    return f"{body['resourceType']}/{body.get('id', '')}"


def written(answer: Answer, remote_id: str | None) -> Written:
    """What a successful write tells: by its body, or by Location and ETag alone."""
    body = _body(answer)
    located = _LOCATED.search(answer.headers.get("location", ""))
    named = reference(body) if body is not None else (located.group(1) if located else remote_id)
    if named is None:
        raise Unavailable("the server does not say under which id it was stored", status=answer.status)
    version = answer.version or (body or {}).get("meta", {}).get("versionId")
    return Written(named, version or (located.group(2) if located else None), body)


def _body(answer: Answer) -> Record | None:
    try:
        body = jsontext.decode(answer.body) if answer.body else None
    except jsontext.DecodeError:
        return None
    told = isinstance(body, dict) and "id" in body and body.get("resourceType") != "OperationOutcome"
    return body if told else None


def matches(bundle: Record, kind: str) -> list[str]:
    """References of the matches in a searchset."""
    found = [entry.get("resource", {}) for entry in bundle.get("entry", [])]
    return [reference(one) for one in found if one.get("resourceType") == kind]


def identifiers(body: Record, *, without: str) -> list[tuple[str, str]]:
    """(system, value) of each whole identifier, but for those of one system."""
    entries = body.get("identifier", [])
    pairs = [(entry.get("system"), entry.get("value")) for entry in entries if isinstance(entry, dict)]
    return [(s, v) for s, v in pairs if isinstance(s, str) and isinstance(v, str) and s != without]


def carries(body: Record, system: str, value: str) -> bool:
    """Whether it has this identifier, in a list or alone."""
    found = body.get("identifier", [])
    listed = found if isinstance(found, list) else [found]
    return any(one.get("system") == system and one.get("value") == value for one in listed)


def renamed(body: Record, old: str, new: str, value: str | None = None) -> Record:
    """The record with identifiers of one system (and value) as those of another."""
    listed = body.get("identifier")
    if old == new or listed is None:
        return body

    def one(identifier: Any) -> Any:
        named = isinstance(identifier, dict) and identifier.get("system") == old
        return {**identifier, "system": new} if named and value in (None, identifier["value"]) else identifier

    return {**body, "identifier": [one(i) for i in listed] if isinstance(listed, list) else one(listed)}


def token(system: str, value: str) -> str:
    """A search token; what has a meaning in searches is escaped."""
    return "|".join(re.sub(r"([\\,$|])", r"\\\1", part) for part in (system, value))


def alike(one: Record, other: Record) -> bool:
    """Equal but for what servers set: id, version, time and the written form of numbers."""
    return _settled(one) == _settled(other)


def _settled(body: Record) -> Record:
    meta = {name: value for name, value in body.get("meta", {}).items() if name in _CARRIED_META}
    rest = {name: value for name, value in body.items() if name not in ("id", "meta")}
    return {**rest, "meta": meta} if meta else rest


def reasons(answer: Answer) -> str:
    """Codes and element paths of an OperationOutcome. Its texts may repeat content and are left out."""
    try:
        outcome = jsontext.decode(answer.body)
    except jsontext.DecodeError:
        return ""
    issues = outcome.get("issue", []) if isinstance(outcome, dict) else []
    parts = [_reason(issue) for issue in issues[:5] if isinstance(issue, dict)]
    return "; ".join(part for part in parts if part)


def _reason(issue: dict[str, Any]) -> str:
    code = issue.get("code")
    said = [code] if isinstance(code, str) and _CODE.fullmatch(code) else []
    paths = issue.get("expression", [])
    safe = (
        [p for p in paths if isinstance(p, str) and _EXPRESSION.fullmatch(p)]
        if isinstance(paths, list)
        else []
    )
    return " ".join([*said, *safe[:3]])


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
