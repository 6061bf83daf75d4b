"""The answer for one organization or single reader: the ground that carries the item to it, or why none
does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from consent import blocks, grounds
from consent.blocks import Marks
from consent.deciders import Deciders
from consent.decision import Answer
from consent.model import Category, Item, Request
from consent.people import CHILD
from consent.standing import AGENCY, Standing
from consent.will import Will

OWN: Final = Answer("own", ("own",))
DANGER: Final = Answer("G4", ("G4",))
_NONE: Final[frozenset[str]] = frozenset()


def of_organization(number: str, request: Request, standing: Standing, marks: Marks) -> Answer:
    """For everyone who reads at an organization. What is withheld from guardians goes to its author's
    organization too only as the young person wants: it was written where others could read it (law.md,
    worked example)."""
    item = request.item
    if number == item.author_organization and not item.others and not marks.hidden:
        return OWN
    if grounds.in_danger(request):
        return DANGER
    if blocks.third_person(number, request, standing):
        return Answer(None, ("B5",))
    objection = blocks.objection(number, request, standing)
    if objection == "B2":
        return Answer(None, ("B2",))
    one = _one_suffices(number, item, standing)
    deciders = standing.deciders(standing.matter(item, (number,)), hidden=marks.hidden, one=one)
    route = grounds.by_route(number, request, standing, marks, deciders)
    if route:
        return Answer(route, (route,) if objection is None else (objection, route))
    if f"{AGENCY}{number}" in (deciders.keys or _NONE):
        return Answer("access", ("W4", "access"))
    return _by_consent(number, request, standing, deciders)


def of_reader(reference: str, request: Request, standing: Standing, marks: Marks) -> Answer:
    """A single reader: the child and those who decide read by right, others as their consent says."""
    people, item = standing.world.people, request.item
    key = people.keys.get(reference)
    if key is None:
        return Answer(None, ("unknown",))
    places = {m.organization for m in people.members if m.id == reference and m.active(standing.time)}
    author = item.author_organization
    if author is not None and author in places and not item.others and not marks.hidden:
        return OWN
    if grounds.in_danger(request):
        return DANGER
    if blocks.third_person(reference, request, standing):
        return Answer(None, ("B5",))
    deciders = standing.deciders(standing.matter(item, places), hidden=marks.hidden, one=False)
    if key == CHILD or key in deciders.everyone:
        return Answer("access", ("access",))
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
    """The same for all items that consents cannot tell apart."""
    place = (name, request.purpose, deciders, standing.world.aspect(request.item))
    found = standing.answers.get(place)
    return found or standing.answers.keep(place, _consented(name, request, standing, deciders))


def _consented(name: str, request: Request, standing: Standing, deciders: Deciders) -> Answer:
    item, everyone = request.item, deciders.everyone
    if not everyone:
        return Answer(None, deciders.rules)
    wills = standing.wills(everyone, name, request.purpose)
    if Category.SAMTYKKE in item.categories:
        return _record(item, wills.values())
    heard = {**wills, **standing.wills(deciders.veto, name, request.purpose)} if deciders.veto else wills
    against = frozenset([key for key, will in heard.items() if will.refuses(item)])
    if against:
        return Answer(None, (*deciders.rules, "G1-exception"), against=against)
    return _covered(item, wills, deciders)


def _covered(item: Item, wills: Mapping[str, Will], deciders: Deciders) -> Answer:
    """Whether the permits of all who must decide reach the item, and of one of those of whom one suffices."""
    used = _reaching(item, wills)
    missing = _lacking(deciders, used)
    if not missing:
        return Answer("G1", (*deciders.rules, "G1"), frozenset[str]().union(*used.values()))
    for rule, labelled in (("G1-writing", True), ("B6", not item.sensitivity)):
        if not _lacking(deciders, _reaching(item, wills, labelled=labelled, oral=True)):
            return Answer(None, (*deciders.rules, rule), missing=missing)
    return Answer(None, (*deciders.rules, "G1-missing"), missing=missing)


def _reaching(
    item: Item, wills: Mapping[str, Will], *, labelled: bool = True, oral: bool = False
) -> dict[str, list[str]]:
    """Who permits all of it, and by which records. Those who want the same share a will."""
    found = {will: will.covering(item, labelled=labelled, oral=oral) for will in set(wills.values())}
    return {key: names for key, will in wills.items() if (names := found[will]) is not None}


def _lacking(deciders: Deciders, given: Collection[str]) -> frozenset[str]:
    """Who must still decide, when these have."""
    missing = (deciders.keys or _NONE).difference(given)
    return missing | deciders.one_of if deciders.one_of.isdisjoint(given) else missing


def _record(item: Item, wills: Collection[Will]) -> Answer:
    """A consent record is told only to those it names, while it permits, and once all have decided."""
    named = all(w.permits for w in wills) and any(p.id == item.consent_id for w in wills for p in w.permits)
    kept = any(item.id in w.items or any(not e.lifts for e in w.exemptions) for w in wills)
    if kept or not named or item.consent_id is None:
        return Answer(None, ("record-missing",))
    return Answer("G1", ("record",), frozenset({item.consent_id}))
