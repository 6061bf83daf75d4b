"""The answer for one organization or single reader: the ground that carries the item to it, or why none
does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent import blocks, grounds
from consent.blocks import Marks
from consent.deciders import Deciders
from consent.model import Category, Item, Reason, Request
from consent.people import CHILD
from consent.standing import AGENCY, Standing
from consent.will import Will

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """A ground, or None with the reasons why not. missing, against: keys of those who have not decided, and
    of those who said no."""

    ground: str | None
    reasons: tuple[Reason, ...]
    consents: frozenset[str] = _NONE
    missing: frozenset[str] = _NONE
    against: frozenset[str] = _NONE


def of_organization(number: str, request: Request, standing: Standing, marks: Marks) -> Answer:
    """For everyone who reads at an organization. What is withheld from guardians goes to its author's
    organization too only as the young person wants: it was written where others could read it (law.md,
    worked example)."""
    item = request.item
    if number == item.author_organization and not marks.hidden:
        return Answer("own", (standing.reasons["own"],))
    if grounds.in_danger(request):
        return Answer("G4", (standing.reasons["G4"],))
    if blocks.third_person(number, request, standing):
        return Answer(None, (standing.reasons["B5"],))
    objection = blocks.objection(number, request, standing)
    if objection == "B2":
        return Answer(None, (standing.reasons["B2"],))
    aside = () if objection is None else (standing.reasons["B2-override"],)
    one = _one_suffices(number, item, standing)
    deciders = standing.deciders(standing.matter(item, (number,)), hidden=marks.hidden, one=one)
    route = grounds.by_route(number, request, standing, marks, deciders)
    if route:
        return Answer(route, (*aside, standing.reasons[route]))
    if f"{AGENCY}{number}" in deciders.everyone:
        return Answer("access", (standing.reasons["W4"], standing.reasons["access"]))
    return _by_consent(number, request, standing, deciders)


def of_reader(reference: str, request: Request, standing: Standing, marks: Marks) -> Answer:
    """A single reader: the child and those who decide read by right, others as their consent says."""
    people, item = standing.world.people, request.item
    key = people.keys.get(reference)
    if key is None:
        return Answer(None, (standing.reasons["unknown"],))
    places = {m.organization for m in people.members if m.id == reference and m.active(standing.time)}
    author = item.author_organization
    if author is not None and author in places and not marks.hidden:
        return Answer("own", (standing.reasons["own"],))
    if grounds.in_danger(request):
        return Answer("G4", (standing.reasons["G4"],))
    if blocks.third_person(reference, request, standing):
        return Answer(None, (standing.reasons["B5"],))
    deciders = standing.deciders(standing.matter(item, places), hidden=marks.hidden, one=False)
    if key == CHILD or key in deciders.everyone:
        return Answer("access", (standing.reasons["access"],))
    return _by_consent(reference, request, standing, deciders)


def _one_suffices(number: str, item: Item, standing: Standing) -> bool:
    """Ordinary sharing as the municipality calls it, or care a named professional finds necessary (W3)."""
    if item.categories <= standing.world.settings.ordinary:
        return True
    if not standing.world.findings:
        return False
    found = [f.value for f in standing.world.findings if f.holds(standing.time) and f.value.by.strip()]
    return any(number in f.recipients and item.categories <= f.categories for f in found)


def _by_consent(name: str, request: Request, standing: Standing, deciders: Deciders) -> Answer:
    if not deciders.everyone:
        return Answer(None, deciders.reasons)
    item = request.item
    wills = {key: standing.will(key, name, request.purpose) for key in sorted(deciders.everyone)}
    if Category.SAMTYKKE in item.categories:
        return _record(item, list(wills.values()), standing)
    heard = wills | {key: standing.will(key, name, request.purpose) for key in deciders.veto}
    against = frozenset([key for key, will in heard.items() if will.refuses(item)])
    if against:
        return _no("G1-exception", standing, deciders, against=against)
    return _covered(item, wills, standing, deciders)


def _covered(item: Item, wills: dict[str, Will], standing: Standing, deciders: Deciders) -> Answer:
    """Whether the permits of all who must decide reach the item, and of one of those of whom one suffices."""
    used = {key: will.covering(item) for key, will in wills.items()}
    missing = _lacking(deciders, {key for key, found in used.items() if found is not None})
    if not missing:
        consents = frozenset(c for found in used.values() for c in found or ())
        return Answer("G1", (*deciders.reasons, standing.reasons["G1"]), consents)
    for rule, labelled in (("G1-writing", True), ("B6", not item.sensitivity)):
        given = {k for k, w in wills.items() if w.covering(item, labelled=labelled, oral=True) is not None}
        if not _lacking(deciders, given):
            return _no(rule, standing, deciders, missing=missing)
    return _no("G1-missing", standing, deciders, missing=missing)


def _lacking(deciders: Deciders, given: set[str]) -> frozenset[str]:
    """Who must still decide, when these have."""
    missing = (deciders.keys or _NONE) - given
    return missing | deciders.one_of if deciders.one_of and deciders.one_of.isdisjoint(given) else missing


def _no(
    rule: str,
    standing: Standing,
    deciders: Deciders,
    missing: frozenset[str] = _NONE,
    against: frozenset[str] = _NONE,
) -> Answer:
    return Answer(None, (*deciders.reasons, standing.reasons[rule]), missing=missing, against=against)


def _record(item: Item, wills: list[Will], standing: Standing) -> Answer:
    """A consent record is told only to those it names, while it permits, and once all have decided."""
    named = all(w.permits for w in wills) and any(p.id == item.consent_id for w in wills for p in w.permits)
    kept = any(item.id in w.items or any(not e.lifts for e in w.exemptions) for w in wills)
    if kept or not named or item.consent_id is None:
        return Answer(None, (standing.reasons["record-missing"],))
    return Answer("G1", (standing.reasons["record"],), frozenset({item.consent_id}))
