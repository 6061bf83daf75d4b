"""What any R4 resource, ours or a stranger's, says in the words of a list: a title, what was said, when, how
it stands, who said it. For the timeline; shapes are not trusted, and what is not understood says nothing.

Pure; the resource itself is never changed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from mappings.canonical import BASE, ENH, extension
from mappings.model import Json, Resource
from mappings.references import is_literal

TITLE: Final = 200  # characters; the resource itself has all of it
LONGEST: Final = 2_000
_WHEN: Final = (
    "sent", "start", "startDate", "effective", "occurrence", "performed", "onset", "period", "content",
    "recordedDate", "date", "dateTime", "dateRecorded", "provision", "authoredOn", "authored", "assertedDate",
    "identified", "collection", "dateWritten", "dateAsserted", "issued", "created", "started", "timing",
    "recorded", "received",
)  # fmt: skip
_TIMES: Final = tuple(
    f"{name}{form}" for name in _WHEN for form in ("", "DateTime", "Period", "Instant", "Date")
)
_NAMED: Final = ("name", "title")
_CONCEPTS: Final = (
    "code", "topic", "type", "medication", "vaccineCode", "item", "product", "questionnaire", "procedure",
    "substance", "outcome", "appointmentType", "serviceType", "reasonCode", "reason", "category", "scope",
)  # fmt: skip
_WHO: Final = (
    "author", "sender", "requester", "recorder", "asserter", "performer", "source", "informationSource",
    "orderer", "prescriber", "custodian", "expressedBy", "reporter", "assessor", "enterer", "operator",
)  # fmt: skip
_TAG: Final = re.compile(r"<[^>]*>")
_BREAK: Final = re.compile(r"(?i)<\s*(?:br|/p|/div|/li|/tr|/h\d)[^>]*>")
_SPACE: Final = re.compile(r"[ \t\r\f\v\u00a0]+")


def title_of(resource: Resource) -> str | None:
    """What it is about, in few words."""
    found = next((text for text in _titles(resource) if text), None)
    if found is None and (narrative := narrative_of(resource)):
        found = narrative.partition("\n")[0]
    return _short(found, TITLE) if found else next(_codes(resource), None)


def text_of(resource: Resource) -> str | None:
    """The words themselves: messages, notes, of a goal the child's own; else what a person can read of it."""
    said = list(_said(resource))
    if not said:
        title = title_of(resource)
        said = [text for text in _descriptions(resource) if text != title]
    if not said and not any(_titles(resource)):
        said = [text for text in [narrative_of(resource)] if text]
    return _short("\n".join(said), LONGEST) if said else None


def times_of(resource: Resource) -> Iterator[str]:
    """When it happened or begins, in the words of its source; the most telling first."""
    for name in _TIMES:
        if name in resource:
            yield from _times(resource[name])


def status_of(resource: Resource) -> str | None:
    """How it stands; of a meeting without times, that it was held."""
    for one in _several(resource.get("extension")):
        if one.get("url") == extension("moetestatus") and (held := _text(one.get("valueCode"))):
            return held
    for name in ("status", "lifecycleStatus", "clinicalStatus", "verificationStatus"):
        found = resource.get(name)
        text = found if isinstance(found, str) else _concept(found) or next(_coded(found), None)
        if text:
            return text
    return None


def who_of(resource: Resource) -> tuple[str | None, str | None]:
    """(name, organization number) of whoever said it, as far as it names them itself."""
    for name in _WHO:
        for one in _several(resource.get(name)):
            reference = next((one[n] for n in ("actor", "member", "who") if _is_dict(one.get(n))), one)
            display = _display(reference) or _contained(resource, reference)
            identifier = reference.get("identifier")
            number = None
            if _is_dict(identifier) and identifier.get("system") == ENH:
                number = _text(identifier.get("value"))
            if display or number:
                return display, number
    return None, None


def narrative_of(resource: Resource) -> str | None:
    """The narrative as plain text."""
    text = resource.get("text")
    div = text.get("div") if _is_dict(text) else None
    if not isinstance(div, str):
        return None
    plain = html.unescape(_TAG.sub(" ", _BREAK.sub("\n", div)))
    lines = (_SPACE.sub(" ", line).strip() for line in plain.split("\n"))
    return "\n".join(line for line in lines if line) or None


def _titles(resource: Resource) -> Iterator[str | None]:
    description = resource.get("description")
    yield _concept(description)
    for one in _several(resource.get("code")):
        yield _text(one.get("text"))
    yield _concept(resource.get("topic"))
    for one in _several(resource.get("content")):
        yield from (_text(a.get("title")) for a in _several(one.get("attachment")))
    yield from (_text(one.get("title")) for one in _several(resource.get("sourceAttachment")))
    for name in _NAMED:
        yield _text(resource.get(name))
    yield _text(description)
    for name in _CONCEPTS:
        for form in ("", "CodeableConcept"):
            for one in _each(resource.get(f"{name}{form}")):
                yield _concept(one)
        for one in _each(resource.get(f"{name}Reference")):
            yield _display(one) if _is_dict(one) else None


def _display(reference: dict[str, Json]) -> str | None:
    """The name that stands with a reference; not of what the hub has, which has a decision of its own."""
    return None if is_literal(reference.get("reference")) else _text(reference.get("display"))


def _codes(resource: Resource) -> Iterator[str]:
    """Bare codes, where it has no words at all."""
    for name in _CONCEPTS:
        for form in ("", "CodeableConcept"):
            for one in _each(resource.get(f"{name}{form}")):
                yield from _coded(one)


def _coded(concept: Json) -> Iterator[str]:
    codings = _several(concept.get("coding")) if _is_dict(concept) else ()
    yield from (
        text
        for c in codings
        if (text := _text(c.get("code"))) and not str(c.get("system", "")).startswith(BASE)
    )


def _descriptions(resource: Resource) -> Iterator[str]:
    for name in ("description", "summary", "conclusion", "comment", "patientInstruction", "statusReason"):
        text = _text(resource.get(name)) or _concept(resource.get(name))
        if text:
            yield text
    value = next((resource[key] for key in resource if key.startswith("value")), None)
    if value is not None and (text := _value(value)):
        yield text


def _said(resource: Resource) -> Iterator[str]:
    for part in _several(resource.get("payload")):
        if text := _text(part.get("contentString")):
            yield text
    for one in _several(resource.get("extension")):
        if one.get("url") == extension("egne-ord") and (text := _text(one.get("valueString"))):
            yield text
    for note in _several(resource.get("note")):
        if text := _text(note.get("text")):
            yield text


def _value(value: Json) -> str | None:
    """A measured value: "1.10 mg", a word or a concept."""
    if _is_dict(value) and "value" in value:
        unit = _text(value.get("unit")) or _text(value.get("code"))
        return f"{value.get('comparator', '')}{value['value']}{' ' + unit if unit else ''}"
    if isinstance(value, bool):
        return "ja" if value else "nei"
    return _text(value) or _concept(value) or (str(value) if isinstance(value, int) else None)


def _concept(value: Json) -> str | None:
    """A concept in words: its text, else a coding's display. Our own codes are no words."""
    if not _is_dict(value):
        return None
    codings = [c for c in _several(value.get("coding")) if not str(c.get("system", "")).startswith(BASE)]
    return (
        _text(value.get("text"))
        or next((text for c in codings if (text := _text(c.get("display")))), None)
        or (_text(value.get("display")) if "coding" not in value else None)
    )


def _times(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif _is_dict(value):
        inner = (
            value.get("start"), value.get("creation"), value.get("attachment"), value.get("period"),
            value.get("collectedDateTime"), *_each(value.get("event")),
        )  # fmt: skip
        for one in inner:
            yield from _times(one)
    elif isinstance(value, list):
        for one in value[:1]:
            yield from _times(one)


def _contained(resource: Resource, reference: dict[str, Any]) -> str | None:
    """The name of whoever a "#p1" points at, inside the resource."""
    target = reference.get("reference")
    for one in _several(resource.get("contained")):
        if isinstance(target, str) and target == f"#{one.get('id')}":
            names = list(_each(one.get("name")))
            first = names[0] if names else None
            if not _is_dict(first):
                return _text(first)
            given = [_text(part) for part in _each(first.get("given"))]
            parts = [part for part in (*given, _text(first.get("family"))) if part]
            return " ".join(parts) or _text(first.get("text"))
    return None


def _each(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _several(value: Json) -> Iterator[dict[str, Json]]:
    yield from (one for one in _each(value) if _is_dict(one))


def _is_dict(value: Json) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _text(value: Json) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
