"""What the document says: from the resources that its recipient may see to headings, texts and tables, as
plain values in a fixed order. Pure; equal resources give equal content, without a time of making."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gateway.documents.words import GOAL_STATES, MEASURE_STATES, ROLES, TEXTS, Words
from mappings import completeness, reading
from mappings.canonical import MIDDLE_NAME, extension
from mappings.model import Json, Resource

Content = dict[str, Any]  # JSON that the template lays out
ACHIEVEMENT: Final = ("achieved", "not-achieved", "delvisNaadd")
PEOPLE: Final = ("PractitionerRole", "RelatedPerson")


def content(plan: Resource, members: Iterable[Resource], seen: frozenset[str], language: str) -> Content:
    """The document of a plan. members: its visible items and the visible Patient; seen: the categories that
    the recipient may see."""
    found = sorted((m for m in members if not reading.in_error(m)), key=lambda one: str(one["id"]))
    return _Writer(plan, found, language, TEXTS[language]).write(seen)


@dataclass(frozen=True, slots=True)
class _Writer:
    plan: Resource
    members: list[Resource]
    language: str
    words: Words

    def write(self, seen: frozenset[str]) -> Content:
        child = next((m for m in self.members if m["resourceType"] == "Patient"), {})
        sections = [self._about(), self._goals(), self._measures(), self._people(), *self._frame()]
        return {
            "lang": self.language,
            "title": f"{self.words['title']} {_name(child) or self.words['none'].lower()}",
            "date_label": self.words["date"],
            "top": self._top(child),
            "sections": [*(s for s in sections if s is not None), self._missing(seen)],
            "limits": self.words["limits"],
        }

    def _top(self, child: Resource) -> list[list[str]]:
        one = self._coordinator()
        lines = [
            [self.words["coordinator"], ", ".join(filter(None, [_name(one), _unit(one)]))],
            [self.words["phone"], _phone(one)],
            [self.words["born"], _day(child.get("birthDate"))],
        ]
        return [[label, value or self.words["none"]] for label, value in lines]

    def _coordinator(self) -> Resource:
        """The one the plan names, else whoever has the role."""
        named = next((e for e in _extensions(self.plan, "koordinator")), {})
        ref = (named.get("valueReference") or {}).get("reference")
        people = self._of(*PEOPLE)
        by_name = [p for p in people if _ref(p) == ref]
        by_role = [p for p in people if _role(p) in completeness.COORDINATORS]
        return next(iter([*by_name, *by_role]), {})

    def _about(self) -> Json:
        lines = self._lines(
            ("resources", _said(self.plan, "ressurser")), ("needs", _said(self.plan, "behov"))
        )
        return _section(self.words["about"], lines=lines)

    def _goals(self) -> Json:
        items = [self._goal(goal) for goal in self._of("Goal")]
        return _section(self.words["goals"], items=items)

    def _goal(self, goal: Resource) -> dict[str, Json]:
        codings = (goal.get("achievementStatus") or {}).get("coding") or ()
        reached = next((c["code"] for c in codings if c.get("code") in ACHIEVEMENT), None)
        state = str(reached or goal.get("lifecycleStatus"))
        due = next((t.get("dueDate") for t in goal.get("target") or () if t.get("dueDate")), None)
        own = _said(goal, "egne-ord")
        lines = self._lines(
            ("own_words", f"«{own}»" if own else ""),
            ("status", GOAL_STATES[self.language].get(state, state)),
            ("deadline", _day(due)),
        )
        kind = {"hovedmaal": "main_goal", "delmaal": "part_goal"}.get(reading.kind_of(goal) or "", "goal")
        text = str((goal.get("description") or {}).get("text") or self.words["none"])
        return {"title": f"{self.words[kind]}: {text}", "lines": lines}

    def _measures(self) -> Json:
        found = [m for m in self._of("ServiceRequest") if reading.category_of(m) == {"tiltak"}]
        return _section(self.words["measures"], items=[self._measure(one) for one in found])

    def _measure(self, one: Resource) -> dict[str, Json]:
        note: dict[str, Json] = next(iter(one.get("note") or ()), {})
        state = str(one.get("status"))
        lines = self._lines(
            ("responsible", self._responsible(one) or self.words["none"]),
            ("deadline", _day((one.get("occurrencePeriod") or {}).get("end")) or self.words["none"]),
            ("status", MEASURE_STATES[self.language].get(state, state)),
            ("what", str(note.get("text") or "")),
            ("extent", _said(one, "omfang")),
            ("how", _said(one, "gjennomfoering")),
        )
        return {"title": str((one.get("code") or {}).get("text") or self.words["none"]), "lines": lines}

    def _responsible(self, measure: Resource) -> str:
        refs = [str(p.get("reference")) for p in measure.get("performer") or ()]
        known = {_ref(p): _name(p) for p in self._of(*PEOPLE)}
        return ", ".join(filter(None, (known.get(ref, "") for ref in refs)))

    def _people(self) -> Json:
        names = ROLES[self.language]
        rows = [
            [_name(p), names.get(_role(p) or "", _role(p) or ""), _unit(p), _phone(p), _said(p, "bidrag")]
            for p in self._of(*PEOPLE)
        ]
        header = [self.words[w] for w in ("name", "role", "unit", "phone", "contributes")]
        return _section(self.words["participants"], header=header, rows=sorted(rows))

    def _frame(self) -> list[Json]:
        period = self.plan.get("period") or {}
        span = [_day(period.get("start")), _day(period.get("end"))]
        days = sorted(str(e.get("valueDate")) for e in _extensions(self.plan, "revisjon"))
        times = self._lines(
            ("period", " – ".join(span) if any(span) else ""), ("revisions", ", ".join(map(_day, days)))
        )
        return [
            _section(self.words["period"], lines=times),
            self._text("cooperation", "samarbeidsbehov"),
            self._text("consent", "samtykketekst"),
        ]

    def _text(self, heading: str, name: str) -> Json:
        said = _said(self.plan, name)
        return _section(self.words[heading], texts=[said] if said else [])

    def _missing(self, seen: frozenset[str]) -> Json:
        points = completeness.assess(self.plan, self.members, seen)
        gaps = [getattr(gap, self.language) for one in points for gap in one.gaps]
        texts = [self.words["missing_from"]]
        return {
            "heading": self.words["missing"],
            "texts": texts if gaps else [*texts, self.words["complete"]],
            "bullets": [f"{text} ({count})" if count > 1 else text for text, count in _counted(gaps)],
        }

    def _of(self, *kinds: str) -> list[Resource]:
        return [m for m in self.members if m["resourceType"] in kinds]

    def _lines(self, *given: tuple[str, str]) -> list[list[str]]:
        return [[self.words[word], value] for word, value in given if value]


def _section(heading: str, **parts: list[Any]) -> Json:
    """A section, or nothing where there is nothing in it."""
    filled = {name: part for name, part in parts.items() if part}
    return {"heading": heading, **filled} if filled.keys() - {"header"} else None


def _counted(texts: list[str]) -> list[tuple[str, int]]:
    return [(text, texts.count(text)) for text in dict.fromkeys(texts)]


def _name(resource: Resource) -> str:
    """The name of a person, of one who takes part too."""
    within = [c for c in resource.get("contained") or () if c.get("resourceType") == "Practitioner"]
    names = next((one.get("name") for one in (resource, *within) if one.get("name")), None) or [{}]
    found: dict[str, Any] = names[0]
    middle = next(
        (e.get("valueString") for e in found.get("extension") or () if e.get("url") == MIDDLE_NAME), ""
    )
    parts = [*(found.get("given") or ()), middle or "", found.get("family") or ""]
    return " ".join(filter(None, parts)) or str(found.get("text") or "")


def _phone(resource: Resource) -> str:
    found = [t.get("value") for t in resource.get("telecom") or () if t.get("system") == "phone"]
    return str(next(filter(None, found), ""))


def _unit(resource: Resource) -> str:
    return str((resource.get("organization") or {}).get("display") or "")


def _role(resource: Resource) -> str | None:
    found = reading.participant_of(resource)
    return found.role if found else None


def _said(resource: Resource, name: str) -> str:
    return next((str(e.get("valueString") or "").strip() for e in _extensions(resource, name)), "")


def _extensions(resource: Resource, name: str) -> list[dict[str, Json]]:
    return [e for e in resource.get("extension") or () if e.get("url") == extension(name)]


def _ref(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _day(value: Json) -> str:
    """ "2026-11-20…" as it is written here: 20.11.2026."""
    text = str(value or "")[:10]
    return ".".join(reversed(text.split("-"))) if text else ""
