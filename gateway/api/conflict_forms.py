"""The body of a decision, and a conflict as JSON: attachments stand in it by size and hash, never inline."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, Final

from gateway.errors import Unprocessable
from gateway.exchange.contested import Contested, Side
from gateway.exchange.ruling import Said
from gateway.hub.conflicts import State
from gateway.hub.sameness import ABSENT
from mappings.model import Json

_BY: Final = re.compile(r"(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}")
_CHOICES: Final = ("current", "theirs", "value")
_FIELDS: Final = frozenset({"choice", "version", "by", "reason"})


def ruling_of(value: Any) -> Said:
    """The decision in a body. Raises Unprocessable with the first field that is wrong."""
    if not isinstance(value, dict):
        raise Unprocessable("The body must be an object", field="")
    choice, version = value.get("choice"), value.get("version")
    if choice not in _CHOICES:
        raise Unprocessable("`choice` is one of " + ", ".join(_CHOICES), field="choice")
    wanted = _FIELDS | ({"value"} if choice == "value" else set())
    if wanted != value.keys():
        field = sorted(wanted ^ value.keys())[0]
        raise Unprocessable("This field is missing, or does not belong here", field=field[:100])
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Unprocessable("`version` is a number from 1", field="version")
    by, reason = value["by"], value["reason"]
    if not isinstance(by, str) or _BY.fullmatch(by) is None:
        raise Unprocessable("`by` names a participant", field="by")
    if not isinstance(reason, str) or not 1 <= len(reason.strip()) <= 500:
        raise Unprocessable("`reason` is a text of at most 500 characters", field="reason")
    return Said(choice, version, by, reason.strip(), value.get("value"))


def plain(one: Contested) -> dict[str, Any]:
    """A conflict as JSON."""
    kept, closed = one.kept, one.kept.content.get("closed") or {}
    decided = kept.state is State.DECIDED
    return {
        "id": kept.id,
        "patient": f"Patient/{kept.person}",
        "resource": kept.ref,
        "item": one.head.item,
        "path": kept.path,
        "kind": "gone" if kept.gone else kept.content.get("kind") or "changed",
        "state": kept.state.value,
        "created": kept.created.isoformat(),
        "version": one.head.version,
        "current": _side(one.current),
        "theirs": _side(one.theirs),
        "choices": [choice.value for choice in one.choices],
        "deciders": list(one.deciders),
        "settled": closed.get("at"),
        "decision": {n: closed.get(n) for n in ("choice", "by", "reason")} if decided else None,
    }


def _side(side: Side) -> dict[str, Any]:
    value, found = without_bytes(None if side.value is ABSENT else side.value)
    return {
        "system": side.system,
        "at": side.at,
        "by": side.by,
        "shown": side.shown,
        "value": value,
        "attachments": [{"sha256": digest(one), "size": len(one)} for one in found],
    }


def attachment(one: Contested, sha256: str) -> bytes | None:
    """The bytes of this hash in what the reader is shown of either side."""
    for side in (one.current, one.theirs):
        for found in without_bytes(side.value)[1]:
            if digest(found) == sha256:
                return found
    return None


def without_bytes(value: Json) -> tuple[Json, list[bytes]]:
    """A value without the bytes of its attachments, and those."""
    found: list[bytes] = []

    def walk(part: Json, name: str = "") -> Json:
        if isinstance(part, dict):
            made = {key: walk(inner, key) for key, inner in part.items()}
            return {key: inner for key, inner in made.items() if inner is not _BYTES}
        if isinstance(part, list):
            return [walk(inner) for inner in part]
        if name == "data" and isinstance(part, str) and (read := _decoded(part)) is not None:
            found.append(read)
            return _BYTES
        return part

    left = walk(value)
    return left, found


_BYTES: Final[Any] = object()


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def digest(content: bytes) -> str:
    """SHA-256 (hex) of an attachment."""
    return hashlib.sha256(content).hexdigest()
