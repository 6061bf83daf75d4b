"""A referral as a document: the wish, measures with their effect, the network and the signatures, which are
mandatory, and in plain words what of it is missing. As far as its reader may see; pure.

Source: ../shared/domain.md, `henvisning`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.documents import wording
from gateway.documents.sheet import PEOPLE, Content, Sheet, standing
from gateway.documents.words import ROLES
from gateway.documents.words_of_forms import EFFECTS, REFERRAL
from mappings import reading
from mappings.canonical import ENH
from mappings.model import Json, Resource

TYPES: Final = frozenset({"ServiceRequest", "Observation", *PEOPLE, "Patient"})
PARTS: Final = ("wish", "measures", "network", "signatures")  # the four that are mandatory


def referral(
    plan: Resource, members: Iterable[Resource], one: Resource, language: str, named: Callable[[str], str]
) -> Content:
    """The document of a referral. named: what a service (code) or an organization (number) is called."""
    return _Referral(plan, standing(members), language, REFERRAL[language], one, named).write()


def missing(plan: Resource, members: Iterable[Resource], one: Resource, language: str) -> list[str]:
    """What of its mandatory parts is missing, each as a sentence."""
    return list(_Referral(plan, standing(members), language, REFERRAL[language], one, str).gaps())


@dataclass(frozen=True, slots=True)
class _Referral(Sheet):
    one: Resource
    named: Callable[[str], str]

    def write(self) -> Content:
        child, gaps = self.child(), list(self.gaps())
        lacks = {"heading": self.words["missing"], "bullets": gaps}
        whole = {"heading": self.words["missing"], "texts": [self.words["complete"]]}
        return {
            "lang": self.language,
            "title": f"{self.words['title']} {wording.name(child) or self.words['none'].lower()}",
            "date_label": self.words["date"],
            "top": [*self._parties(), *self.top(child)],
            "sections": [
                lacks if gaps else whole,
                {"heading": self.words["wish"], "texts": [self._wish() or self.words["lacks"]]},
                self._measures(),
                {"heading": self.words["network"], "texts": [self._network() or self.words["lacks"]]},
                self._signatures(),
            ],
            "limits": self.words["limits"],
        }

    def gaps(self) -> Iterator[str]:
        """What is missing of the four."""
        if not self._wish():
            yield self.words["no_wish"]
        tried = self._tried()
        if not tried:
            yield self.words["no_measures"]
        for measure in tried:
            if not self._effects(measure):
                yield self.words["no_effect"].format(what=_title(measure))
        if not self._network():
            yield self.words["no_network"]
        if not self._signed():
            yield self.words["no_signatures"]
        if not self.one.get("requester"):
            yield self.words["no_referrer"]

    # --- who ---------------------------------------------------------------------------------------------

    def _parties(self) -> list[list[str]]:
        others = [
            (e.get("valueReference") or {}).get("reference")
            for e in wording.extensions(self.one, "medhenviser")
        ]
        named = [self._person(ref) for ref in others]
        referrer = self._person((self.one.get("requester") or {}).get("reference"))
        lines = self.lines(("co_referrers", ", ".join(filter(None, named))))
        return [
            [self.words["to"], self._to() or self.words["none"]],
            [self.words["referrer"], referrer or self.words["none"]],
            *lines,
        ]

    def _to(self) -> str:
        found = [one.get("identifier") or {} for one in self.one.get("performer") or ()]
        said = next((str(i["value"]) for i in found if i.get("value") and i.get("system") != ENH), "")
        number = next((str(i["value"]) for i in found if i.get("system") == ENH), "")
        return self.named(number or said) if number or said else ""

    def _person(self, ref: str | None) -> str:
        one = next((p for p in self.of(*PEOPLE) if wording.ref(p) == ref), None)
        return ", ".join(filter(None, [wording.name(one), wording.unit(one)])) if one is not None else ""

    # --- the four parts ----------------------------------------------------------------------------------

    def _wish(self) -> str:
        return str((self.one.get("code") or {}).get("text") or "").strip()

    def _network(self) -> str:
        return wording.said(self.one, "nettverk")

    def _tried(self) -> list[Resource]:
        refs = [str(r.get("reference")) for r in self.one.get("supportingInfo") or ()]
        return [m for m in self.measures() if wording.ref(m) in refs]

    def _measures(self) -> Json:
        items = [self._measure(one) for one in self._tried()]
        texts = [] if items else [self.words["lacks"]]
        return wording.section(self.words["measures"], texts=texts, items=items)

    def _measure(self, one: Resource) -> dict[str, Any]:
        effects = [[self.words["effect"], text] for text in self._effects(one)]
        said = self.measure(one)
        return {
            "title": said["title"],
            "lines": [*said["lines"], *(effects or [[self.words["effect"], self.words["lacks"]]])],
        }

    def _effects(self, measure: Resource) -> list[str]:
        found = [o for o in self.of("Observation") if reading.category_of(o) == {"evaluering"}]
        mine = [
            o
            for o in found
            if wording.ref(measure) in {str(r.get("reference")) for r in o.get("basedOn") or ()}
        ]
        return [text for text in map(self._effect, mine) if text]

    def _effect(self, one: Resource) -> str:
        codes = [c.get("code") for c in (one.get("valueCodeableConcept") or {}).get("coding") or ()]
        result = next((EFFECTS[self.language][c] for c in codes if c in EFFECTS[self.language]), "")
        notes = " ".join(str(n.get("text") or "") for n in one.get("note") or ()).strip()
        return ". ".join(filter(None, [wording.day(one.get("effectiveDateTime")), result, notes]))

    def _signed(self) -> list[tuple[str, str]]:
        """Who has signed, and when, as far as the reader may see who takes part."""
        out = []
        for one in wording.extensions(self.one, "underskrift"):
            sub: dict[str, Any] = {str(e.get("url")): e for e in one.get("extension") or ()}
            who = (sub.get("deltaker", {}).get("valueReference") or {}).get("reference")
            out.append((str(who or ""), str(sub.get("tidspunkt", {}).get("valueDateTime") or "")))
        return [(who, at) for who, at in out if self._person(who)]

    def _signatures(self) -> Json:
        people = {wording.ref(p): p for p in self.of(*PEOPLE)}
        names = ROLES[self.language]
        rows = [
            [wording.name(people[who]), names.get(wording.role(people[who]) or "", ""), wording.day(at)]
            for who, at in self._signed()
        ]
        header = [self.words[w] for w in ("name", "role", "signed")]
        texts = [] if rows else [self.words["lacks"]]
        return wording.section(
            self.words["signatures"],
            texts=texts,
            header=header if rows else [],
            rows=rows,
            widths=[2, 1.4, 1],
        )


def _title(measure: Resource) -> str:
    return str((measure.get("code") or {}).get("text") or "")
