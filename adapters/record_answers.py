"""What the answers of a REST records system say: records, versions, and reasons without content."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, Literal

from adapters import jsontext
from adapters.contract import Finding, Incoming, Page, Record, Unavailable, Written
from adapters.transport import Answer

_FIELD: Final = re.compile(r"[A-Za-z0-9_.\[\]]{1,120}")
_SET_BY_SYSTEM: Final = frozenset({"id", "versjon", "endret"})


def record(answer: Answer) -> Record:
    """The body as one record. Raises Unavailable when it is none."""
    body = answer.json()
    if not isinstance(body, dict):
        raise Unavailable("the answer is not a record", status=answer.status)
    return body


def incoming(answer: Answer) -> Incoming:
    """A record that was read."""
    body = record(answer)
    return Incoming(body, _id(body), answer.version, _time(body.get("endret")))


def page(answer: Answer, cursor: str | None) -> Page:
    """Records and where to go on. Raises Unavailable when the answer has another form."""
    body = record(answer)
    found = body.get("records")
    if not isinstance(found, list):
        raise Unavailable("the answer lists no records", status=answer.status)
    following = body.get("cursor")
    records = tuple(_listed(entry, answer) for entry in found)
    onward = cursor if following is None else str(following)
    return Page(records, onward, more=body.get("more") is True, omitted=omissions(body.get("omitted")))


def omissions(listed: Any, *, reason: str = "reason") -> tuple[tuple[str, str], ...]:
    """What a list says it has left out, with the reason: [{"id": …, "reason": …}]. reason: its key."""
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    pairs = [(entry.get("id"), entry.get(reason)) for entry in entries]
    return tuple((own, why) for own, why in pairs if isinstance(own, str) and isinstance(why, str))


def _listed(entry: Any, answer: Answer) -> Incoming:
    body = entry.get("record") if isinstance(entry, dict) else None
    if not isinstance(body, dict):
        raise Unavailable("the answer lists something that is no record", status=answer.status)
    version = entry.get("version")
    return Incoming(body, _id(body), None if version is None else str(version), _time(body.get("endret")))


def written(answer: Answer, remote_id: str | None) -> Written:
    """What a successful write tells: its id, its version, and the record where the body is one."""
    try:
        body = jsontext.decode(answer.body) if answer.body else None
    except jsontext.DecodeError:
        body = None
    told = body if isinstance(body, dict) else {}
    named = remote_id or _id(told)
    if named is None:
        raise Unavailable("the system does not say under which id it was stored", status=answer.status)
    return Written(named, answer.version, told if "type" in told else None)


def alike(one: Record, other: Record) -> bool:
    """Equal but for what the system sets itself: id, version and time of change."""
    return _settled(one) == _settled(other)


def _settled(body: Record) -> Record:
    return {name: value for name, value in body.items() if name not in _SET_BY_SYSTEM}


def reasons(answer: Answer) -> str:
    """The fields that a problem+json names. Its texts may repeat content and are left out."""
    if answer.status < 400:
        return ""
    try:
        problem = jsontext.decode(answer.body)
    except jsontext.DecodeError:
        return ""
    if not isinstance(problem, dict):
        return ""
    listed = problem.get("errors", [])
    entries = [problem, *(listed if isinstance(listed, list) else [])]
    fields = [entry.get("field") for entry in entries if isinstance(entry, dict)]
    safe = [field for field in fields if isinstance(field, str) and _FIELD.fullmatch(field)]
    return ", ".join(list(dict.fromkeys(safe))[:5])


def findings(title: str, info: Any, ids: Literal["ours", "theirs"]) -> tuple[Finding, ...]:
    """What the system lacks, by its own words, and where our configuration says otherwise."""
    told = info if isinstance(info, dict) else {}
    found = []
    if told.get("ids") not in ("ours", "theirs"):
        found.append(Finding("warning", f"{title} sier ikke på /info hvem som lager id-er."))
    elif told["ids"] != ids:
        text = f"{title} sier ids = {told['ids']}, men konfigurasjonen sier {ids}."
        found.append(Finding("error", text))
    if ids == "theirs":
        text = f"{title} lager egne id-er: Stafettbro slår opp før hver ny post."
        found.append(Finding("warning", text))
    if told.get("versions") is not True:
        text = f"{title} har ikke versjoner (ETag): Stafettbro ser etter før hver skriving, og to samtidige"
        found.append(Finding("warning", f"{text} endringer kan krysse hverandre."))
    return tuple(found) or (Finding("ok", f"{title} svarer og kan det Stafettbro trenger."),)


def _id(body: Record) -> str | None:
    value = body.get("id")
    return value if isinstance(value, str) and value else None


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
