"""A log or plan in the form its recipient takes: with references to what it lists, with its measures inside,
or as one document. Whatever form it has, it is made of items that were each decided before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.config import Settings, System
from gateway.documents import document
from gateway.documents.content import content
from gateway.exchange.facts import PersonFacts
from gateway.exchange.rendition import Unit, with_members
from gateway.exchange.shown import Shown
from mappings import completeness, dialects, reading
from mappings.model import ITEM, Resource, State

MEASURES = frozenset({"tiltak"})


@dataclass(frozen=True, slots=True)
class Frames:
    """The form of logs and plans of one person at one FHIR server."""

    system: System
    settings: Settings
    facts: PersonFacts

    def formed(self, shown: list[Shown], wanted: set[str]) -> list[Shown]:
        """Every log and plan anew, and of everything else what is wanted and stands in none of them."""
        inside = [one for one in shown if self._goes_inside(one)]
        apart = {one.unit.ref for one in shown if self.system.activities == "inline" and is_measure(one)}
        beside = [one for one in shown if one.unit.ref not in apart]
        out: list[Shown] = []
        for one in beside:
            if one.unit.ref in self.facts.frames:
                out.extend(self._frame(one, beside, inside))
            elif one.unit.item in wanted:
                out.append(one)
        return out

    def _goes_inside(self, one: Shown) -> bool:
        """Whether a measure is written into its plan. One with a label is not: a detail cannot carry it."""
        if self.system.activities != "inline" or not is_measure(one):
            return False
        resource = one.unit.state.focus[ITEM]
        return not (reading.labels_of(resource) or reading.sensitivity_of(resource))

    def _frame(self, one: Shown, beside: list[Shown], inside: Iterable[Shown]) -> list[Shown]:
        measures = [m for m in inside if reading.belongs_to(_item(m)) == one.unit.ref]
        units = [one.unit] if self._made_at_a_server(one) else with_members(one.unit, map(_item, beside))
        return [self._filled(one, unit, measures) for unit in units]

    def _filled(self, one: Shown, unit: Unit, measures: list[Shown]) -> Shown:
        if unit.ref != one.unit.ref or not measures:
            return Shown(unit, one.view, one.focal)
        focus = dialects.inlined(unit.state.focus[ITEM], map(_item, measures))
        return Shown(Unit(unit.ref, unit.item, State(focus)), one.view, one.focal, tuple(measures))

    def documents(self, shown: list[Shown], seen: Mapping[str, frozenset[str]]) -> list[Shown]:
        """Each plan as one document of what may be seen of it. seen: the categories that may be."""
        plans = [one for one in shown if completeness.is_plan(_item(one))]
        return [
            self._document(one, [m for m in shown if _belongs(m, one)], seen[one.unit.ref]) for one in plans
        ]

    def _document(self, one: Shown, members: list[Shown], seen: frozenset[str]) -> Shown:
        plan, parts = _item(one), [_item(m) for m in members]
        says = content(plan, parts, seen, self.system.document_language)
        written = [m.focal.recorded or m.focal.stored for m in (one, *members)]
        unit = Unit(
            f"DocumentReference/{plan['id']}", one.unit.item, State(document(plan, says, max(written)))
        )
        return Shown(unit, one.view, one.focal, (_as_itself(one), *map(_as_itself, members)))

    def _made_at_a_server(self, one: Shown) -> bool:
        """A plan that a FHIR server made says itself what it lists."""
        maker = self.settings.system(self.facts.frames[one.unit.ref])
        return maker is not None and maker.adapter == "fhir"


def is_measure(one: Shown) -> bool:
    """Whether this is a measure: something a plan lists as an activity."""
    resource = _item(one)
    return resource["resourceType"] == "ServiceRequest" and reading.category_of(resource) == MEASURES


def _belongs(member: Shown, plan: Shown) -> bool:
    """Whether something stands in a plan's document: what belongs to the plan, and whom it is about."""
    resource, kinds = (
        _item(member),
        ("Goal", "ServiceRequest", "PractitionerRole", "RelatedPerson", "Consent"),
    )
    if resource["resourceType"] == "Patient":
        return True
    return resource["resourceType"] in kinds and reading.belongs_to(resource) == plan.unit.ref


def _as_itself(one: Shown) -> Shown:
    return Shown(one.unit, one.view, one.focal)


def _item(one: Shown) -> Resource:
    return one.unit.state.focus[ITEM]
