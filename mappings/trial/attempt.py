"""One case on the bench of a section, what the laws ask of it, and how a broken law is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from mappings import jsontext
from mappings.lens.residue import same
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, ITEM, Ids, Json, NotExpressible, Record, Resource, State
from mappings.trial.cases import Case
from mappings.trial.understood import Understood


@dataclass(frozen=True, slots=True)
class Broken:
    """How a law is broken: what went in, what was held in FHIR, what was expected and what came."""

    where: str  # the first path that differs, "" for the whole
    native: Json  # what was written
    focus: Mapping[str, Resource]
    expected: Json
    came: Json


@dataclass(frozen=True, slots=True)
class Bench:
    """A section ready for its laws."""

    mapping: SystemMapping
    section: Section
    ids: Ids
    understood: Understood
    shape: Callable[[Resource], str | None]  # resource -> where it is not FHIR


class Undefined(Exception):
    """What others have made of the item has no form in this system, so that it cannot be written over."""


class Attempt:
    """One case on the bench; what several laws need is computed once."""

    def __init__(self, bench: Bench, case: Case) -> None:
        self.bench, self.case = bench, case
        self.before = jsontext.encode(case.as_json())
        self.written: Record = case.first  # last, and what it became: told of where a law finds no answer
        self.made: Mapping[str, Resource] = {}

    def put(self, native: Record, state: State = EMPTY) -> State:
        self.written, self.made = native, state.focus
        try:
            put = self.bench.mapping.put(native, state, self.bench.ids)
        except NotExpressible as error:
            if state is EMPTY:
                raise
            raise Undefined from error
        self.made = put.focus
        return put

    def get(self, state: State) -> Record:
        return self.bench.mapping.get(state, self.bench.ids)

    @cached_property
    def first(self) -> State:
        return self.put(self.case.first)

    @cached_property
    def second(self) -> State:
        return self.put(self.case.second, self.case.state)

    @cached_property
    def clean(self) -> State:
        return self.put(self.case.clean)

    @property
    def held(self) -> bool:
        return ITEM in self.case.focus


def differing(native: Record, expected: Json, came: Json, state: State) -> Broken | None:
    if same(expected, came):
        return None
    return Broken(next(differences(expected, came), ""), native, state.focus, expected, came)


def differences(one: Json, other: Json, path: str = "") -> Iterator[str]:
    """Every path at which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            inner = f"{path}.{key}" if path else key
            if (key in one) != (key in other):
                yield inner
            else:
                yield from differences(one.get(key), other.get(key), inner)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif not same(one, other):
        yield path


def plain(state: State) -> Json:
    return {"focus": dict(state.focus), "rest": state.rest}


def unordered(value: Json) -> Json:
    """With every list in one order: which of two extensions was written first says nothing."""
    if isinstance(value, dict):
        return {key: unordered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted(map(unordered, value), key=_in_order)
    return value


def _in_order(value: Json) -> str:
    return repr(sorted(value.items())) if isinstance(value, dict) else repr(value)
