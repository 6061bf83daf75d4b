"""Ways into a resource: "target[0].dueDate", "extension(egne-ord).valueString", "specialty<tjeneste>".

A way reads one place and writes it without ever changing what it was given: every container on the way is
copied, and what becomes empty by removal goes away with it.

    name            a member                     name[0]    the first element of a list
    name(x)         the element of a list with the url (extension), system (coding, security, tag,
                    identifier, telecom) or, for sub, the literal url x
    name<x>         the code of code system x in a list of CodeableConcepts
    name{pattern}   the element of a list that contains a pattern declared in the file
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mappings import canonical
from mappings.model import Json

Get = Callable[[Json], Json]  # node -> what stands there; None: nothing
Put = Callable[[Json, Json], Json]  # node, new value (None: remove) -> new node (None: nothing is left)
Match = Callable[[Json], bool]


@dataclass(frozen=True, slots=True)
class Way:
    """One place, to read and to write."""

    get: Get
    put: Put


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which element of a list is meant, and what a new one starts as.

    `has` and `lacks` name members that must be there or must not; `or_first`: if no element contains the
    pattern, the first one is meant.
    """

    fresh: dict[str, Json]
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    or_first: bool = False

    def matcher(self) -> Match:
        """A function that tells whether an element is meant."""
        if not self.has and not self.lacks and len(self.fresh) == 1:
            ((key, value),) = self.fresh.items()
            if isinstance(value, str):
                return lambda e: e.get(key) == value
        holds = _containing(self.fresh)
        if not self.has and not self.lacks:
            return holds
        return lambda e: holds(e) and all(k in e for k in self.has) and not any(k in e for k in self.lacks)


@dataclass(frozen=True, slots=True)
class Names:
    """Short names of a file: URLs by name, and patterns."""

    urls: Mapping[str, str]
    patterns: Mapping[str, Pattern]

    def code_system(self, name: str) -> str:
        return self.urls.get(name) or canonical.code_system(name)

    def extension(self, name: str) -> str:
        return self.urls.get(name) or canonical.extension(name)

    def identifier_system(self, name: str) -> str:
        return self.urls.get(name) or canonical.identifier_system(name)


class BadWay(ValueError):
    """The text is not a way, or names something the file does not declare."""


HERE: Final = Way(get=lambda node: node, put=lambda _, value: value)
_STEP: Final = re.compile(r"([A-Za-z_]+)(?:\[0\]|\(([^()]+)\)|<([^<>]+)>|\{([^{}]+)\})?$")
_BY_URL: Final = ("extension", "modifierExtension")


def contains(node: Json, pattern: Json) -> bool:
    """Whether every member of the pattern stands in the node; of a list: some element for each."""
    if isinstance(pattern, dict):
        return isinstance(node, dict) and all(k in node and contains(node[k], v) for k, v in pattern.items())
    if isinstance(pattern, list):
        return isinstance(node, list) and all(any(contains(e, p) for e in node) for p in pattern)
    return bool(node == pattern)


def _containing(pattern: dict[str, Json]) -> Match:
    """contains() for one pattern; most elements equal it member by member."""
    members = tuple(pattern.items())

    def holds(node: Json) -> bool:
        for key, wanted in members:
            found = node.get(key)
            if found != wanted and (found is None or not contains(found, wanted)):
                return False
        return True

    return holds


def way(text: str, names: Names, end: Way = HERE) -> Way:
    """Compile the text. Raises BadWay."""
    for step in reversed(steps(text)):
        end = _step(step, names, end)
    return end


def steps(text: str) -> list[str]:
    """The text cut at its dots. Raises BadWay."""
    found = text.split(".") if text else []
    for step in found:
        if not _STEP.match(step):
            raise BadWay(f"{step!r} in {text!r} is not a step of a way")
    return found


def _step(step: str, names: Names, inner: Way) -> Way:
    match = _STEP.match(step)
    if match is None:
        raise BadWay(f"{step!r} is not a step of a way")
    key, argument, concept, pattern = match.groups()
    if concept:
        return _concept(key, names.code_system(concept), inner)
    if pattern:
        if pattern not in names.patterns:
            raise BadWay(f"the pattern {pattern!r} is not declared")
        return _where(key, names.patterns[pattern], inner)
    if argument:
        return _where(*_argument(key, argument, names), inner)
    return _first(key, inner) if step.endswith("[0]") else _member(key, inner)


def element(step: str, names: Names) -> tuple[str, Pattern]:
    """The list and the elements of it that a last step with `*` means, the star taken away."""
    match = _STEP.match(step)
    if match is None:
        raise BadWay(f"{step!r} is not a step of a way")
    key, argument, _, pattern = match.groups()
    if pattern:
        if pattern not in names.patterns:
            raise BadWay(f"the pattern {pattern!r} is not declared")
        return key, names.patterns[pattern]
    return _argument(key, argument, names) if argument else (key, Pattern({}))


def _argument(key: str, argument: str, names: Names) -> tuple[str, Pattern]:
    if key == "sub":
        return "extension", Pattern({"url": argument})
    if key in _BY_URL:
        return key, Pattern({"url": names.extension(argument)})
    if key == "telecom":
        return key, Pattern({"system": argument})
    if key == "identifier":
        return key, Pattern({"system": names.identifier_system(argument)})
    return key, Pattern({"system": names.code_system(argument)})


def _member(key: str, inner: Way) -> Way:
    inner_get, inner_put = inner.get, inner.put

    def get(node: Json) -> Json:
        child = node.get(key)
        return None if child is None else inner_get(child)

    def put(node: Json, value: Json) -> Json:
        old = node.get(key) if node else None
        new = inner_put(old, value)
        if new is old:
            return node
        return _with(node, key, new)

    if inner is HERE:
        return Way(get=lambda node: node.get(key), put=lambda node, value: _with(node, key, value))
    return Way(get, put)


def _with(node: Json, key: str, value: Json) -> Json:
    copy: dict[str, Any] = dict(node) if node else {}
    if value is None:
        copy.pop(key, None)
    else:
        copy[key] = value
    return copy or None


def _first(key: str, inner: Way) -> Way:
    def get(node: Json) -> Json:
        items = node.get(key)
        return inner.get(items[0]) if items else None

    def put(node: Json, value: Json) -> Json:
        items = (node.get(key) if node else None) or []
        old = items[0] if items else None
        new = inner.put(old, value)
        if new is old:
            return node
        return _with(node, key, ([] if new is None else [new]) + items[1:] or None)

    return Way(get, put)


def _where(key: str, pattern: Pattern, inner: Way) -> Way:
    meant, fresh, inner_get, inner_put = pattern.matcher(), pattern.fresh, inner.get, inner.put
    or_first = pattern.or_first

    def get(node: Json) -> Json:
        items = node.get(key)
        if items:
            for item in items:
                if meant(item):
                    return inner_get(item)
            if or_first:
                return inner_get(items[0])
        return None

    def put(node: Json, value: Json) -> Json:
        items = node.get(key) if node else None
        if items:
            found = next((i for i, item in enumerate(items) if meant(item)), 0 if or_first else None)
            if found is not None:
                new = inner_put(items[found], value)
                left = [] if new is None or new == fresh else [new]
                return _with(node, key, items[:found] + left + items[found + 1 :] or None)
        new = inner_put(fresh, value)
        if inner is HERE and isinstance(new, dict):
            new = {**fresh, **new}
        if new is None or new == fresh:
            return node
        return _with(node, key, [*items, new] if items else [new])

    return Way(get, put)


def _concept(key: str, system: str, inner: Way) -> Way:
    if inner is not HERE:
        raise BadWay(f"{key}<…> is the end of a way")
    coding = _where("coding", Pattern({"system": system}), _member("code", HERE))
    return _where(key, Pattern({"coding": [{"system": system}]}), coding)
