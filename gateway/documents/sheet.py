"""What every document of a log or plan says of its items: goals, measures, who coordinates. Pure; equal
resources give equal content, without a time of making."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gateway.documents import wording
from gateway.documents.words import GOAL_STATES, MEASURE_STATES, ROLES, Words
from mappings import completeness, reading
from mappings.model import Json, Resource

Content = dict[str, Any]  # JSON that the template lays out
ACHIEVEMENT: Final = ("achieved", "not-achieved", "delvisNaadd")
PEOPLE: Final = ("PractitionerRole", "RelatedPerson")


def standing(members: Iterable[Resource]) -> list[Resource]:
    """Those that are not registered in error, in a lasting order."""
    return sorted((m for m in members if not reading.in_error(m)), key=lambda one: str(one["id"]))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document of a log or plan. members: its visible items and the visible Patient, in a lasting order."""

    plan: Resource
    members: list[Resource]
    language: str
    words: Words

    def child(self) -> Resource:
        """Whom it is about; an empty resource where that may not be told."""
        return next((m for m in self.members if m["resourceType"] == "Patient"), {})

    def top(self, child: Resource) -> list[list[str]]:
        """Who coordinates, how to reach them, when the child was born."""
        one = self.coordinator()
        lines = [
            [self._called(one), ", ".join(filter(None, [wording.name(one), wording.unit(one)]))],
            [self.words["phone"], wording.phone(one)],
            [self.words["born"], wording.day(child.get("birthDate"))],
        ]
        return [[label, value or self.words["none"]] for label, value in lines]

    def _called(self, one: Resource) -> str:
        """As what somebody coordinates: of a log its stafettholder."""
        role = wording.role(one) if one else None
        known = ROLES[self.language].get(role) if role in completeness.COORDINATORS else None
        return known.capitalize() if known else self.words["coordinator"]

    def coordinator(self) -> Resource:
        """The one the plan names, else whoever has the role: of a log its stafettholder before others."""
        named = next((e for e in wording.extensions(self.plan, "koordinator")), {})
        ref = (named.get("valueReference") or {}).get("reference")
        people = self.of(*PEOPLE)
        by_name = [p for p in people if wording.ref(p) == ref]
        by_role = [p for p in people if wording.role(p) in completeness.COORDINATORS]
        first = "koordinator" if completeness.is_plan(self.plan) else "stafettholder"
        by_role.sort(key=lambda p: wording.role(p) != first)
        return next(iter([*by_name, *by_role]), {})

    def goal(self, goal: Resource) -> dict[str, Json]:
        """A goal as an item of a section."""
        codings = (goal.get("achievementStatus") or {}).get("coding") or ()
        reached = next((c["code"] for c in codings if c.get("code") in ACHIEVEMENT), None)
        state = str(reached or goal.get("lifecycleStatus"))
        due = next((t.get("dueDate") for t in goal.get("target") or () if t.get("dueDate")), None)
        own = wording.said(goal, "egne-ord")
        lines = self.lines(
            ("own_words", f"«{own}»" if own else ""),
            ("status", GOAL_STATES[self.language].get(state, state)),
            ("deadline", wording.day(due)),
        )
        kind = {"hovedmaal": "main_goal", "delmaal": "part_goal"}.get(reading.kind_of(goal) or "", "goal")
        text = str((goal.get("description") or {}).get("text") or self.words["none"])
        return {"title": f"{self.words[kind]}: {text}", "lines": lines}

    def measure(self, one: Resource) -> dict[str, Json]:
        """A measure as an item of a section."""
        note: dict[str, Json] = next(iter(one.get("note") or ()), {})
        state = str(one.get("status"))
        lines = self.lines(
            ("responsible", self.responsible(one) or self.words["none"]),
            ("deadline", wording.day((one.get("occurrencePeriod") or {}).get("end")) or self.words["none"]),
            ("status", MEASURE_STATES[self.language].get(state, state)),
            ("what", str(note.get("text") or "")),
            ("extent", wording.said(one, "omfang")),
            ("how", wording.said(one, "gjennomfoering")),
        )
        return {"title": str((one.get("code") or {}).get("text") or self.words["none"]), "lines": lines}

    def responsible(self, measure: Resource) -> str:
        """Who is responsible, as far as that may be told."""
        refs = [str(p.get("reference")) for p in measure.get("performer") or ()]
        known = {wording.ref(p): wording.name(p) for p in self.of(*PEOPLE)}
        return ", ".join(filter(None, (known.get(ref, "") for ref in refs)))

    def of(self, *kinds: str) -> list[Resource]:
        """The members of these types."""
        return [m for m in self.members if m["resourceType"] in kinds]

    def lines(self, *given: tuple[str, str]) -> list[list[str]]:
        """Lines with what they are called; those that say nothing are left out."""
        return [[self.words[word], value] for word, value in given if value]

    def measures(self) -> list[Resource]:
        """Those that are measures, not referrals."""
        return [m for m in self.of("ServiceRequest") if reading.category_of(m) == {"tiltak"}]
