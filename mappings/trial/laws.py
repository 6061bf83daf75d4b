"""The laws of a mapping, each a function of one case: None where it holds, else what was expected and what
came.

    accepted      what the file declares is accepted by it
    put-get       a record that was written is read back as it was: digits, empty values, unknown keys
    get-put       to write what was read changes nothing
    put-put       to write twice is to write once; of two alike records the later decides alone
    fhir-alone    what FHIR can hold is in FHIR: a recipient that has only that reads the same
    edit-seen     what another system changed in FHIR is read, and not what was written before
    foreign-kept  content that the mapping does not know survives a write
    element-kept  what others have added to an element of a list stays with it, also where the order changes
    valid         what is made has the shape of FHIR
    given-kept    nothing that was given is changed
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from mappings import jsontext
from mappings.lens.residue import same
from mappings.model import EMPTY, ITEM, NotExpressible, Record, RecordRefused, State
from mappings.trial.attempt import Attempt, Bench, Broken, Undefined, differing, plain, unordered
from mappings.trial.cases import Case, with_foreign, with_names
from mappings.trial.edits import FOREIGN
from mappings.trial.understood import restated, turned_round, unsaid

Law = Callable[[Attempt], Broken | None]


def put_get(attempt: Attempt) -> Broken | None:
    case = attempt.case
    broken = differing(case.first, case.first, attempt.get(attempt.first), attempt.first)
    if broken is None and attempt.held:
        broken = differing(case.second, case.second, attempt.get(attempt.second), attempt.second)
    return broken


def get_put(attempt: Attempt) -> Broken | None:
    if not attempt.held:
        return None
    held = attempt.case.state
    try:
        native = attempt.get(held)
    except NotExpressible:
        return None
    return differing(native, plain(held), plain(attempt.put(native, held)), held)


def put_put(attempt: Attempt) -> Broken | None:
    case = attempt.case
    again = attempt.put(case.second, attempt.second)
    broken = differing(case.second, plain(attempt.second), plain(again), attempt.second)
    if broken is not None:
        return broken
    later = restated(case.clean, attempt.bench.section.declared.fields)
    once = attempt.put(later, attempt.first)
    twice = attempt.put(later, attempt.put(case.clean, attempt.first))
    return differing(later, unordered(plain(once)), unordered(plain(twice)), twice)


def fhir_alone(attempt: Attempt) -> Broken | None:
    """Into nothing, and over what others have changed."""
    case = attempt.case
    for held in (EMPTY, case.state) if attempt.held else (EMPTY,):
        state = attempt.put(case.clean, held)
        said = attempt.get(State(state.focus))
        where = unsaid(case.clean, said, attempt.bench.understood, alone=held is EMPTY)
        if where is not None:
            return Broken(where, case.clean, state.focus, case.clean, said)
    return None


def edit_seen(attempt: Attempt) -> Broken | None:
    written, case = attempt.first, attempt.case
    edited = State(attempt.put(case.clean, State(written.focus)).focus)
    try:
        before, after = attempt.get(State(written.focus)), attempt.get(edited)
    except NotExpressible:
        return None
    now = attempt.get(State(edited.focus, written.rest))
    changed = [name for name in {**before, **after} if not _says_the_same(before, after, name)]
    for name in changed:
        if not isinstance(after.get(name), (dict, list)) and not _says_the_same(after, now, name):
            return Broken(name, case.first, edited.focus, after, now)
    return None


def foreign_kept(attempt: Attempt) -> Broken | None:
    if not attempt.held:
        return None
    case = attempt.case
    focus = {**case.focus, ITEM: with_foreign(case.focus[ITEM])}
    item = attempt.put(case.second, State(focus, case.rest)).focus[ITEM]
    for key, content in FOREIGN.items():
        kept = content == item.get(key) if isinstance(content, str) else content[0] in item.get(key, ())
        if not kept:
            return Broken(key, case.second, focus, content, item.get(key))
    return None


def element_kept(attempt: Attempt) -> Broken | None:
    native, state = attempt.case.clean, attempt.clean
    turned = turned_round(native, attempt.bench.section.declared.fields)
    if same(turned, native):
        return None
    focus = {**state.focus, ITEM: with_names(state.focus[ITEM])}
    after = attempt.put(turned, State(focus, state.rest)).focus
    return differing(turned, unordered(focus[ITEM]), unordered(after[ITEM]), State(focus))


def given_kept(attempt: Attempt) -> Broken | None:
    """Tried after the others: they share the case."""
    case, fresh = attempt.case, jsontext.encode(attempt.case.as_json())
    if fresh == attempt.before:
        return None
    return Broken("", case.second, case.focus, jsontext.decode(attempt.before), jsontext.decode(fresh))


def valid(attempt: Attempt) -> Broken | None:
    """Made from nothing, and written over."""
    first, clean = attempt.case.first, attempt.case.clean
    for native, state in ((first, attempt.first), (clean, attempt.put(clean, attempt.first))):
        for slot, resource in state.focus.items():
            where = attempt.bench.shape(resource)
            if where is not None:
                return Broken(f"{slot}: {where}", native, state.focus, "R4", resource)
    return None


def accepted(attempt: Attempt) -> Broken | None:
    for native in (attempt.case.first, attempt.case.clean):
        try:
            attempt.bench.mapping.describe(native)
        except RecordRefused as error:
            problem = error.problems[0]
            return Broken(problem.field, native, {}, "accepted", problem.text)
    return None


LAWS: Final[Mapping[str, Law]] = {
    "accepted": accepted,
    "put-get": put_get,
    "get-put": get_put,
    "put-put": put_put,
    "fhir-alone": fhir_alone,
    "edit-seen": edit_seen,
    "foreign-kept": foreign_kept,
    "element-kept": element_kept,
    "valid": valid,
    "given-kept": given_kept,
}


def tried(bench: Bench, case: Case, laws: Iterable[str] = LAWS) -> Iterator[tuple[str, Broken]]:
    """The laws that this case breaks, in the order given."""
    attempt = Attempt(bench, case)
    for name in laws:
        broken = _judged(LAWS[name], attempt)
        if broken is not None:
            yield name, broken


def _judged(law: Law, attempt: Attempt) -> Broken | None:
    try:
        return law(attempt)
    except Undefined:
        return None
    except Exception as error:  # noqa: BLE001 -- a broken mapping may raise anything, and that breaks every law
        return Broken("", attempt.written, attempt.made, "an answer", f"{type(error).__name__}: {error}")


def _says_the_same(one: Record, other: Record, name: str) -> bool:
    return same(one.get(name), other.get(name))
