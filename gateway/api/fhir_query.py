"""A FHIR search as it was asked, understood whole or refused: a filter that is passed over would show more
than was asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from gateway.api.fhir_types import Kind, codings
from gateway.errors import InvalidRequest
from mappings.canonical import NATIONAL_IDS
from mappings.model import Resource
from mappings.profiles.parameters import Parameter

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
CURSOR = re.compile(r"[A-Za-z0-9\-.]{1,64}")
LARGEST_PAGE = 200
CONTROLS = frozenset({"_sort", "_count", "_total", "_include", "_format", "_cursor", "_pretty"})
DATE = re.compile(
    r"(eq|ge|gt|le|lt)?(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+\- ]\d\d:\d\d)?)?)"
)
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Span:
    """One condition on a time: prefix, and the first and last+1 moment that the text covers."""

    prefix: str
    start: datetime
    end: datetime

    def fits(self, moment: datetime) -> bool:
        """Whether the moment meets it."""
        return {
            "eq": self.start <= moment < self.end,
            "ge": moment >= self.start,
            "gt": moment >= self.end,
            "le": moment < self.end,
            "lt": moment < self.start,
        }[self.prefix]


@dataclass(slots=True)
class Query:
    """One search. patient: whose resources; ids: `_id`; identifiers: (system or None, value), alternatives.
    pairs: what a link to the next page repeats."""

    kind: Kind
    patient: str | None = None
    ids: tuple[str, ...] | None = None
    identifiers: list[tuple[tuple[str | None, str], ...]] = field(default_factory=list)
    updated: list[Span] = field(default_factory=list)
    tokens: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    own: list[tuple[Parameter, tuple[str, ...]]] = field(default_factory=list)
    includes: list[tuple[str, str | None]] = field(default_factory=list)  # path, target type
    count: int = 50
    total: bool = True
    sort: Literal["", "_lastUpdated", "-_lastUpdated"] = ""  # nothing: by id
    cursor: str | None = None
    pairs: list[tuple[str, str]] = field(default_factory=list)

    @property
    def takes_all(self) -> bool:
        """Whether nothing but the patient is asked for, and each resource the reader sees has a form."""
        picked = self.ids is not None or self.updated or self.identifiers or self.tokens or self.own
        return not (picked or self.sort) and self.kind.name not in ("Consent", "Patient")

    def fits(self, resource: Resource, updated: datetime) -> bool:
        """Whether a resource of the type meets every condition but the patient."""
        return (
            (self.ids is None or resource["id"] in self.ids)
            and all(span.fits(updated) for span in self.updated)
            and all(_identified(resource, wanted) for wanted in self.identifiers)
            and all(_coded(resource.get(element), values) for element, values in self.tokens)
            and all(_coded(parameter.concept(resource), values) for parameter, values in self.own)
        )


def understand(kind: Kind, pairs: Pairs, *, posted: bool) -> Query:
    """The query. posted: the parameters stood in a body, where a national id may stand. Raises
    InvalidRequest, which names the parameter and never its value."""
    query = Query(kind)
    for name, value in pairs:
        if "\x00" in value or len(value) > 2_000:
            raise refused(name, "cannot be read")
        if name not in CONTROLS and name not in kind.parameters:
            raise refused(name, "is not supported here")
        _READERS.get(name, _ours if name in kind.own else _token)(query, name, value)
        if name not in ("_cursor", "_format"):
            query.pairs.append((name, value))
    if not posted and any(s in NATIONAL_IDS or s is None for one in query.identifiers for s, _ in one):
        raise refused("identifier", "may only stand in the body of a POST to _search, never in an address")
    if query.patient is None and query.ids is None and not (kind.name == "Patient" and query.identifiers):
        needed = "identifier (by POST _search)" if kind.name == "Patient" else "patient"
        raise InvalidRequest(
            f"A search names one patient: {needed} or _id is missing", code="patient-missing"
        )
    return query


def refused(name: str, why: str) -> InvalidRequest:
    """A parameter that is not taken; only names we know are repeated."""
    known = name if re.fullmatch(r"[A-Za-z_:.\-]{1,40}", name) else "a parameter"
    return InvalidRequest(f"{known} {why}", code="search-parameter", field=known)


def _patient(query: Query, name: str, value: str) -> None:
    own = value.removeprefix("Patient/")
    if not ID.fullmatch(own) or query.patient not in (None, own):
        raise refused(name, "must name exactly one patient")
    query.patient = own


def _ids(query: Query, name: str, value: str) -> None:
    wanted = tuple(value.split(","))
    if not all(ID.fullmatch(one) for one in wanted) or len(wanted) > LARGEST_PAGE:
        raise refused(name, "must be ids")
    query.ids = wanted if query.ids is None else tuple(one for one in query.ids if one in wanted)


def _identifier(query: Query, name: str, value: str) -> None:
    alternatives = []
    for one in value.split(","):
        system, bar, own = one.rpartition("|")
        if not own:
            raise refused(name, "must be system|value")
        alternatives.append((system if bar else None, own))
    query.identifiers.append(tuple(alternatives))


def _updated(query: Query, name: str, value: str) -> None:
    query.updated.append(span(name, value))


def span(name: str, value: str) -> Span:
    """A condition on a time. Raises InvalidRequest, which names the parameter."""
    found = DATE.fullmatch(value)
    if found is None:
        raise refused(name, "must be a date or an instant, with eq, ge, gt, le or lt before it")
    text = found[2][:10] + found[2][10:].replace(" ", "+")  # a bare + in an address arrives as a space
    try:
        start = datetime.fromisoformat(text)
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        return Span(found[1] or "eq", start, start + _width(text))
    except (ValueError, OverflowError) as error:
        raise refused(name, "must be a date that exists") from error


def _width(text: str) -> timedelta:
    clock = re.split(r"[Z+\-]", text[11:])[0]
    if len(text) == 10:
        return timedelta(days=1)
    if "." in clock:
        return timedelta(seconds=10.0 ** -len(clock.partition(".")[2]))
    return timedelta(seconds=1) if clock.count(":") == 2 else timedelta(minutes=1)


def _token(query: Query, name: str, value: str) -> None:
    status = query.kind.status
    element = status[1] if status and name == status[0] else "category"
    query.tokens.append((element, tuple(value.split(","))))


def _ours(query: Query, name: str, value: str) -> None:
    query.own.append((query.kind.own[name], tuple(value.split(","))))


def _include(query: Query, name: str, value: str) -> None:
    kind, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    if kind != query.kind.name or parameter not in query.kind.includes:
        raise refused(name, "names no reference that can be included here")
    query.includes.append((query.kind.includes[parameter], target or None))


def _count(query: Query, name: str, value: str) -> None:
    if not re.fullmatch(r"\d{1,6}", value):
        raise refused(name, "must be a number")
    query.count = min(int(value), LARGEST_PAGE)


def _total(query: Query, name: str, value: str) -> None:
    if value not in ("none", "estimate", "accurate"):
        raise refused(name, "must be none, estimate or accurate")
    query.total = value != "none"


def _sort(query: Query, name: str, value: str) -> None:
    if value == "_lastUpdated":
        query.sort = "_lastUpdated"
    elif value == "-_lastUpdated":
        query.sort = "-_lastUpdated"
    else:
        raise refused(name, "must be _lastUpdated or -_lastUpdated")


def _cursor(query: Query, name: str, value: str) -> None:
    if not CURSOR.fullmatch(value):
        raise refused(name, "is not one of ours")
    query.cursor = value


def _format(_query: Query, name: str, value: str) -> None:
    if value not in ("json", "application/json", "application/fhir+json", "application/fhir json"):
        raise refused(name, "can only be json")


def _plain(_query: Query, name: str, value: str) -> None:
    if value not in ("true", "false"):
        raise refused(name, "is not supported with this value")


_READERS: dict[str, Callable[[Query, str, str], None]] = {
    "patient": _patient,
    "subject": _patient,
    "_id": _ids,
    "identifier": _identifier,
    "_lastUpdated": _updated,
    "_include": _include,
    "_count": _count,
    "_total": _total,
    "_cursor": _cursor,
    "_sort": _sort,
    "_format": _format,
    "_pretty": _plain,
}


def _identified(resource: Resource, wanted: Iterable[tuple[str | None, str]]) -> bool:
    listed = resource.get("identifier", [])
    own = [
        (i.get("system"), i.get("value"))
        for i in (listed if isinstance(listed, list) else [listed])
        if isinstance(i, dict)
    ]
    return any(value == v and system in (None, s) for system, value in wanted for s, v in own)


def _coded(element: object, wanted: Iterable[str]) -> bool:
    found = list(codings(element))
    for one in wanted:
        system, bar, code = one.rpartition("|")
        if any((not code or code == c) and (not bar or (system or None) == s) for s, c in found):
            return True
    return False
