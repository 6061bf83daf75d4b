"""What each recipient gets of one item and why, as the judge decides now: the decision in words, and the copy
it may have, in its own form. Shows nothing to anybody; whoever does asks whether it may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import consent
from consent.explain import Language
from gateway.exchange import outcomes
from gateway.exchange.judge import View
from gateway.exchange.rendition import ids_at, subject_at, units
from gateway.exchange.selection import Selection
from gateway.hub.versions import Version
from mappings.model import NotExpressible, Record, Resource

Lines = tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...]  # (categories, outcome, sentences)
GOES = ("permit", "redact")


@dataclass(frozen=True, slots=True)
class Judged:
    """One recipient of one item. outcome: permit, redact, deny or no-route. note: why what is permitted does
    not go by delivery, as a code. fhir: what it may see; native: as records of its own, where it has such."""

    recipient: str
    outcome: str
    lines: Lines
    note: str | None
    fhir: tuple[Resource, ...] = ()
    native: tuple[Record, ...] = ()


def lines_of(view: View | None, language: Language) -> Lines:
    """Per set of categories what was decided, in sentences of this language."""
    decided = sorted(view.decisions.items(), key=lambda one: sorted(one[0])) if view is not None else []
    return tuple(
        (tuple(sorted(asked)), made.outcome.value, consent.explain(made, language)[1:])
        for asked, made in decided
    )


def outcome_of(view: View | None) -> str:
    """As `outcomes` has it, but told apart where no route leads there."""
    return "no-route" if view is None else outcomes.outcome_of(view)


def note_of(selection: Selection, view: View | None, focal: Version, *, known: bool) -> str | None:
    """Why what is permitted does not go there by delivery. known: the recipient has it."""
    if view is None or not view.permitted:
        return None
    return outcomes.note(selection, focal, known=known)


def judged(
    selection: Selection,
    view: View | None,
    focal: Version,
    names: Mapping[str, str],
    language: Language,
    *,
    known: bool,
) -> Judged:
    """One recipient, with its copy. names: hub reference -> what the recipient calls it."""
    return Judged(
        recipient=selection.system.id,
        outcome=outcome_of(view),
        lines=lines_of(view, language),
        note=note_of(selection, view, focal, known=known),
        fhir=resources_of(view) if view is not None else (),
        native=records_of(selection, view, names) if view is not None else (),
    )


def resources_of(view: View) -> tuple[Resource, ...]:
    """What it shows, without who wrote what."""
    return tuple(one for ref, one in view.resources.items() if not ref.startswith("Provenance/"))


def records_of(selection: Selection, view: View, names: Mapping[str, str]) -> tuple[Record, ...]:
    """The records as they stand in the recipient's own form; none for a FHIR server."""
    system, facts = selection.system, selection.facts
    if system.adapter == "fhir":
        return ()
    subject = subject_at(facts, names)
    out = []
    for unit in units(system, selection.mapping, view):
        try:
            ids = ids_at(system, facts, names, subject, own=unit.ref)
            out.append(selection.mapping.get(unit.state, ids))
        except NotExpressible:
            continue
    return tuple(out)


def widest(views: Iterable[tuple[str, View]]) -> tuple[str, View] | None:
    """The recipient that may see most of it; None where nobody may see anything."""
    seen = [(name, view) for name, view in views if view.permitted]
    return max(seen, key=lambda one: (not one[1].redacted, len(one[1].resources)), default=None)
