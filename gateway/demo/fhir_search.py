"""Search at BUP's demo FHIR server: a few parameters, understood whole or refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.demo.fhir_store import Version

Parameters = Sequence[tuple[str, str]]
SUBJECTS = ("subject", "patient", "for", "beneficiary", "individual")
FILTERS = ("_id", "_lastUpdated", "identifier", "patient", "subject")
CONTROLS = ("_count", "_sort", "_format", "_total")
LARGEST_PAGE = 200
ALTERNATIVES = re.compile(r"(?<!\\),")  # values escape what has a meaning: \, \| \$ \\
BARS = re.compile(r"(?<!\\)\|")
ESCAPED = re.compile(r"\\([\\,$|])")


class NotUnderstood(Exception):
    """A parameter we do not know or cannot read; names the parameter, never its value."""


@dataclass(frozen=True, slots=True)
class Controls:
    """How the answer is to look."""

    count: int = 50
    newest_first: bool = False


def controls(parameters: Parameters) -> Controls:
    """_count and _sort. Raises NotUnderstood, also for parameters this server does not know."""
    count, newest_first = 50, False
    for name, value in parameters:
        if name == "_count":
            if not value.isdecimal():
                raise NotUnderstood("_count")
            count = max(1, min(int(value), LARGEST_PAGE))
        elif name == "_sort":
            if value not in ("_lastUpdated", "-_lastUpdated"):
                raise NotUnderstood("_sort")
            newest_first = value.startswith("-")
        elif name not in FILTERS + CONTROLS:
            raise NotUnderstood(name)
    return Controls(count, newest_first)


def matching(found: Iterable[Version], parameters: Parameters) -> list[Version]:
    """Those that every filter fits; values of one parameter with commas are alternatives."""
    filters = [(name, value) for name, value in parameters if name in FILTERS]
    return [one for one in found if all(_fits(one, name, value) for name, value in filters)]


def _fits(one: Version, name: str, value: str) -> bool:
    options = ALTERNATIVES.split(value)
    if name == "_id":
        return one.id in options
    if name == "identifier":
        return any(_has_identifier(one.resource, option) for option in options)
    if name == "_lastUpdated":
        return any(_in_time(one.updated, option) for option in options)
    patients = {option if "/" in option else f"Patient/{option}" for option in options}
    return bool(patients & subjects(one.resource))


def subjects(resource: dict[str, Any]) -> set[str]:
    """References of the patients a resource is about."""
    found = [resource.get(name) for name in SUBJECTS]
    found += [p.get("actor") for p in resource.get("participant", []) if isinstance(p, dict)]
    refs = {str(one.get("reference")) for one in found if isinstance(one, dict)}
    return {ref for ref in refs if ref.startswith("Patient/")}


def _has_identifier(resource: dict[str, Any], wanted: str) -> bool:
    *systems, value = [ESCAPED.sub(r"\1", part) for part in BARS.split(wanted)]
    if len(systems) > 1 or not value:
        raise NotUnderstood("identifier")
    listed = resource.get("identifier", [])
    listed = listed if isinstance(listed, list) else [listed]
    return any(
        i.get("value") == value and (not systems or i.get("system", "") == systems[0])
        for i in listed
        if isinstance(i, dict)
    )


def _in_time(updated: str, wanted: str) -> bool:
    prefix, text = (wanted[:2], wanted[2:]) if wanted[:2].isalpha() else ("eq", wanted)
    start, end = _span(text)
    moment = datetime.fromisoformat(updated)
    tests = {
        "eq": start <= moment < end,
        "ge": moment >= start,
        "gt": moment >= end,
        "le": moment < end,
        "lt": moment < start,
    }
    if prefix not in tests:
        raise NotUnderstood("_lastUpdated")
    return tests[prefix]


def _span(text: str) -> tuple[datetime, datetime]:
    """The time a written moment covers: a day, a minute, a second or a thousandth of one."""
    try:
        start = datetime.fromisoformat(text.replace(" ", "+"))  # a bare + in a query arrives as a space
    except ValueError as error:
        raise NotUnderstood("_lastUpdated") from error
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    if len(text) == 10:
        return start, start + timedelta(days=1)
    return start, start + (timedelta(milliseconds=1) if "." in text else timedelta(seconds=1))
