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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mappings import canonical
from mappings.lens.patterns import Pattern, contains
from mappings.lens.steps import HERE, Way, concept, first, member, where

__all__ = ["HERE", "BadWay", "Names", "Pattern", "Way", "contains", "element", "steps", "way"]


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


_STEP: Final = re.compile(r"([A-Za-z_]+)(?:\[0\]|\(([^()]+)\)|<([^<>]+)>|\{([^{}]+)\})?$")
_BY_URL: Final = ("extension", "modifierExtension")


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
    key, argument, system, pattern = _taken_apart(step)
    if system:
        if inner is not HERE:
            raise BadWay(f"{key}<…> is the end of a way")
        return concept(key, names.code_system(system))
    if pattern:
        return where(key, _declared(pattern, names), inner)
    if argument:
        return where(*_argument(key, argument, names), inner)
    return first(key, inner) if step.endswith("[0]") else member(key, inner)


def element(step: str, names: Names) -> tuple[str, Pattern]:
    """The list and the elements of it that a last step with `*` means, the star taken away. Raises BadWay."""
    key, argument, _, pattern = _taken_apart(step)
    if pattern:
        return key, _declared(pattern, names)
    return _argument(key, argument, names) if argument else (key, Pattern({}))


def _taken_apart(step: str) -> tuple[str, ...]:
    """The key of a step, and what stands in (), <> and {}."""
    match = _STEP.match(step)
    if match is None:
        raise BadWay(f"{step!r} is not a step of a way")
    return match.groups()


def _declared(pattern: str, names: Names) -> Pattern:
    if pattern not in names.patterns:
        raise BadWay(f"the pattern {pattern!r} is not declared")
    return names.patterns[pattern]


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
