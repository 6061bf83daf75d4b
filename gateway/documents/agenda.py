"""The agenda of a meeting, made of the log or plan: goals to evaluate, deadlines, measures, open questions
and who is invited, as far as its reader may see them. Pure; `on` is the day it is made for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.documents import wording
from gateway.documents.sheet import PEOPLE, Content, Sheet, standing
from gateway.documents.words import MEASURE_STATES, ROLES
from gateway.documents.words_of_forms import AGENDA, ATTENDANCE
from mappings import completeness, reading
from mappings.dialects.detail import PERTAINS_TO_GOAL
from mappings.model import Json, Resource

DONE: Final = frozenset({"completed", "cancelled", "rejected", "revoked", "entered-in-error"})
TYPES: Final = frozenset({"Goal", "ServiceRequest", "Appointment", "Communication", *PEOPLE, "Patient"})


def agenda(plan: Resource, members: Iterable[Resource], language: str, on: date) -> Content:
    """The agenda of the next meeting; where none has been called, of one with those who take part now."""
    return _Agenda(plan, standing(members), language, AGENDA[language]).write(on.isoformat())


@dataclass(frozen=True, slots=True)
class _Agenda(Sheet):
    def write(self, on: str) -> Content:
        meeting = self._meeting(on)
        sections = [
            self._called(meeting),
            self._goals(on),
            self._deadlines(on),
            self._measures(),
            self._questions(),
            self._invited(meeting, on),
        ]
        child = self.child()
        return {
            "lang": self.language,
            "title": f"{self.words['title']} {wording.name(child) or self.words['none'].lower()}",
            "date_label": self.words["date"],
            "top": [*self.top(child), *self._when(meeting)],
            "sections": [one for one in sections if one is not None],
            "limits": self.words["limits"],
        }

    # --- the meeting -------------------------------------------------------------------------------------

    def _meeting(self, on: str) -> Resource:
        coming = [m for m in self.of("Appointment") if str(m.get("start") or "")[:10] >= on]
        open_ = [m for m in coming if m.get("status") not in ("cancelled", "entered-in-error", "noshow")]
        return min(open_, key=lambda one: (str(one["start"]), str(one["id"])), default={})

    def _when(self, meeting: Resource) -> list[list[str]]:
        start = str(meeting.get("start") or "")
        clock = start[11:16].replace(":", ".")
        place = next((p["actor"].get("display") for p in _places(meeting)), None)
        when = f"{wording.day(start)} kl. {clock}" if clock else wording.day(start)
        return [
            [self.words["meeting"], when or self.words["not_called"]],
            [self.words["place"], place or self.words["none"]],
        ]

    def _called(self, meeting: Resource) -> Json:
        said = str(meeting.get("description") or "").strip()
        return wording.section(self.words["called"], texts=said.splitlines() if said else [])

    def _invited(self, meeting: Resource, on: str) -> Json:
        answered = {
            str((p.get("actor") or {}).get("reference")): _attendance(p)
            for p in meeting.get("participant") or ()
        }
        people = [
            p for p in self.of(*PEOPLE) if wording.ref(p) in answered or (not meeting and _takes_part(p, on))
        ]
        rows = sorted(
            [wording.name(p), self._role(p), wording.unit(p), self._answer(answered.get(wording.ref(p)))]
            for p in people
        )
        header = [self.words[w] for w in ("name", "role", "unit", "answer")]
        texts = [] if meeting else [self.words["proposed"]]
        return wording.section(
            self.words["invited"], texts=texts, header=header, rows=rows, widths=[1.3, 1, 1.5, 1]
        )

    def _role(self, one: Resource) -> str:
        code = wording.role(one) or ""
        return ROLES[self.language].get(code, code)

    def _answer(self, code: str | None) -> str:
        return ATTENDANCE[self.language].get(code or "", "")

    # --- what there is to talk about ---------------------------------------------------------------------

    def _open_goals(self) -> list[Resource]:
        return [goal for goal in self.of("Goal") if goal.get("lifecycleStatus") not in DONE]

    def _open_measures(self) -> list[Resource]:
        return [one for one in self.measures() if one.get("status") not in DONE]

    def _goals(self, on: str) -> Json:
        found = sorted(self._open_goals(), key=lambda goal: (_due(goal) or "9999", str(goal["id"])))
        items = [
            {**self.goal(goal), "lines": [*self.goal(goal)["lines"], *self._late(_due(goal), on)]}
            for goal in found
        ]
        return wording.section(self.words["goals"], items=items)

    def _late(self, due: str, on: str) -> list[list[str]]:
        return [[self.words["note"], self.words["late"]]] if due and due < on else []

    def _deadlines(self, on: str) -> Json:
        goals = [(_due(goal), self.words["evaluate"], _text(goal)) for goal in self._open_goals()]
        measures = [(_end(one), self.words["measure"], _title(one)) for one in self._open_measures()]
        revisions = [
            (str(e.get("valueDate")), self.words["revision"], "")
            for e in wording.extensions(self.plan, "revisjon")
        ]
        coming = [one for one in revisions if one[0] >= on]
        found = sorted(one for one in (*goals, *measures, *coming) if one[0])
        rows = [
            [wording.day(due) + (f" ({self.words['late']})" if due < on else ""), kind, what]
            for due, kind, what in found
        ]
        header = [self.words[w] for w in ("deadline", "kind", "what")]
        return wording.section(self.words["deadlines"], header=header, rows=rows, widths=[1, 1, 2.4])

    def _measures(self) -> Json:
        states = MEASURE_STATES[self.language]
        rows = [
            [
                _title(one),
                self.responsible(one) or self.words["nobody"],
                states.get(str(one.get("status")), ""),
            ]
            for one in self._open_measures()
        ]
        header = [self.words[w] for w in ("measure", "responsible", "status")]
        return wording.section(self.words["measures"], header=header, rows=sorted(rows), widths=[2, 1.4, 1])

    def _questions(self) -> Json:
        bullets = [*self._gaps(), *self._unanswered()]
        if completeness.is_plan(self.plan):
            bullets += [gap for gap in self._plan_gaps() if gap not in bullets]
        return wording.section(self.words["questions"], bullets=bullets or [self.words["no_questions"]])

    def _gaps(self) -> Iterator[str]:
        served = {
            str((e.get("valueReference") or {}).get("reference"))
            for one in self._open_measures()
            for e in one.get("extension") or ()
            if e.get("url") == PERTAINS_TO_GOAL
        }
        for goal in self._open_goals():
            if not _due(goal):
                yield self.words["goal_without_day"].format(what=_text(goal))
            if wording.ref(goal) not in served:
                yield self.words["goal_without_measure"].format(what=_text(goal))
        for one in self._open_measures():
            if not one.get("performer"):
                yield self.words["measure_without_anybody"].format(what=_title(one))

    def _unanswered(self) -> Iterator[str]:
        """Messages that nobody has answered."""
        said = [m for m in self.of("Communication") if reading.category_of(m) == {"melding"}]
        answered = {str(r.get("reference")) for m in said for r in m.get("inResponseTo") or ()}
        for one in sorted(said, key=lambda m: str(m.get("sent"))):
            if wording.ref(one) not in answered and not one.get("inResponseTo"):
                topic = str((one.get("topic") or {}).get("text") or self.words["none"])
                yield self.words["unanswered"].format(what=topic, day=wording.day(one.get("sent")))

    def _plan_gaps(self) -> Iterator[str]:
        for point in completeness.assess(self.plan, self.members, frozenset({"plan", "maal", "tiltak"})):
            yield from dict.fromkeys(
                getattr(gap, self.language) for gap in point.gaps if gap.resource is None
            )


def _due(goal: Resource) -> str:
    return str(next((t["dueDate"] for t in goal.get("target") or () if t.get("dueDate")), ""))


def _end(measure: Resource) -> str:
    return str((measure.get("occurrencePeriod") or {}).get("end") or "")[:10]


def _text(goal: Resource) -> str:
    return str((goal.get("description") or {}).get("text") or "")


def _title(measure: Resource) -> str:
    return str((measure.get("code") or {}).get("text") or "")


def _places(meeting: Resource) -> Iterator[Resource]:
    return (p for p in meeting.get("participant") or () if (p.get("actor") or {}).get("type") == "Location")


def _attendance(participant: Resource) -> str:
    stated = next((str(e.get("valueCode")) for e in wording.extensions(participant, "oppmoete")), None)
    return stated or str(participant.get("status"))


def _takes_part(one: Resource, on: str) -> bool:
    return str((one.get("period") or {}).get("end") or "9999")[:10] >= on
