"""What the document of a plan says: from the resources that its recipient may see to headings, texts and
tables, as plain values in a fixed order. Pure; equal resources give equal content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.documents import wording
from gateway.documents.sheet import PEOPLE, Content, Sheet, standing
from gateway.documents.words import ROLES, TEXTS
from mappings import completeness
from mappings.model import Json, Resource

TYPES: Final = frozenset({"Goal", "ServiceRequest", "Consent", *PEOPLE, "Patient"})


def content(plan: Resource, members: Iterable[Resource], seen: frozenset[str], language: str) -> Content:
    """The document of a plan. members: its visible items and the visible Patient; seen: the categories that
    the recipient may see."""
    return _Plan(plan, standing(members), language, TEXTS[language]).write(seen)


@dataclass(frozen=True, slots=True)
class _Plan(Sheet):
    def write(self, seen: frozenset[str]) -> Content:
        child, is_plan = self.child(), completeness.is_plan(self.plan)
        sections = [self._about(), self._goals(), self._measures(), self._people(), *self._frame()]
        missing = [self._missing(seen)] if is_plan else []  # of a log nobody demands the nine points
        title = self.words["title" if is_plan else "log_title"]
        return {
            "lang": self.language,
            "title": f"{title} {wording.name(child) or self.words['none'].lower()}",
            "date_label": self.words["date"],
            "top": self.top(child),
            "sections": [*(s for s in sections if s is not None), *missing],
            "limits": self.words["limits"],
        }

    def _about(self) -> Json:
        lines = self.lines(
            ("resources", wording.said(self.plan, "ressurser")), ("needs", wording.said(self.plan, "behov"))
        )
        return wording.section(self.words["about"], lines=lines)

    def _goals(self) -> Json:
        items = [self.goal(goal) for goal in self.of("Goal")]
        return wording.section(self.words["goals"], items=items)

    def _measures(self) -> Json:
        return wording.section(self.words["measures"], items=[self.measure(one) for one in self.measures()])

    def _people(self) -> Json:
        names = ROLES[self.language]
        rows = [
            [
                wording.name(p),
                names.get(wording.role(p) or "", wording.role(p) or ""),
                wording.unit(p),
                wording.phone(p),
                wording.said(p, "bidrag"),
            ]
            for p in self.of(*PEOPLE)
        ]
        header = [self.words[w] for w in ("name", "role", "unit", "phone", "contributes")]
        return wording.section(self.words["participants"], header=header, rows=sorted(rows))

    def _frame(self) -> list[Json]:
        period = self.plan.get("period") or {}
        span = [wording.day(period.get("start")), wording.day(period.get("end"))]
        days = sorted(str(e.get("valueDate")) for e in wording.extensions(self.plan, "revisjon"))
        times = self.lines(
            ("period", " – ".join(span) if any(span) else ""),
            ("revisions", ", ".join(map(wording.day, days))),
        )
        return [
            wording.section(self.words["period"], lines=times),
            self._text("cooperation", "samarbeidsbehov"),
            self._text("consent", "samtykketekst"),
        ]

    def _text(self, heading: str, name: str) -> Json:
        said = wording.said(self.plan, name)
        return wording.section(self.words[heading], texts=[said] if said else [])

    def _missing(self, seen: frozenset[str]) -> Json:
        points = completeness.assess(self.plan, self.members, seen)
        gaps = [getattr(gap, self.language) for one in points for gap in one.gaps]
        texts = [self.words["missing_from"]]
        return {
            "heading": self.words["missing"],
            "texts": texts if gaps else [*texts, self.words["complete"]],
            "bullets": [f"{text} ({count})" if count > 1 else text for text, count in wording.counted(gaps)],
        }
