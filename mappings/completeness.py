"""The nine points that an individuell plan must hold, and which of them a plan lacks: sentences in bokmål and
nynorsk, never content. Pure, over the resources that a reader has; of others it says nothing.

Source: forskrift om habilitering og rehabilitering, individuell plan og koordinator § 19.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mappings import reading
from mappings.canonical import extension
from mappings.dialects.detail import PERTAINS_TO_GOAL
from mappings.model import Json, Resource

COORDINATORS: Final = frozenset({"koordinator", "barnekoordinator", "stafettholder"})
FAMILY: Final = frozenset({"foresatt", "fosterforelder", "verge", "barn"})


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. resource: where it is missing, if in one item; else in the plan itself."""

    point: str
    field: str
    nb: str
    nn: str
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One of the nine. category: the consent category it rests on; who may not see that is told nothing."""

    letter: str
    category: str
    nb: str
    nn: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """A point and what it lacks. seen: whether the reader may see what it rests on."""

    point: Point
    seen: bool
    gaps: tuple[Gap, ...]


POINTS: Final = (
    Point("a", "maal", "mål, ressurser og behov", "mål, ressursar og behov"),
    Point("b", "plan", "hvem som deltar", "kven som deltek"),
    Point("c", "plan", "hvem som koordinerer", "kven som koordinerer"),
    Point("d", "tiltak", "hva den enkelte bidrar med", "kva den einskilde bidreg med"),
    Point("e", "tiltak", "tiltak, omfang og ansvar", "tiltak, omfang og ansvar"),
    Point("f", "tiltak", "hvordan tiltakene gjennomføres", "korleis tiltaka blir gjennomførte"),
    Point("g", "plan", "periode og tidspunkt for revisjon", "periode og tidspunkt for revisjon"),
    Point("h", "samtykke", "samtykke til planen og til hva deltakerne får vite",
          "samtykke til planen og til kva deltakarane får vite"),
    Point("i", "tiltak", "samarbeid som trengs med andre", "samarbeid som trengst med andre"),
)  # fmt: skip
CATEGORIES: Final = frozenset(point.category for point in POINTS)


def is_plan(resource: Resource) -> bool:
    """Whether this is an individuell plan, or a stafettlogg that the family uses as one."""
    if resource.get("resourceType") != "CarePlan":
        return False
    used = any(e.get("valueBoolean") is True for e in _extensions(resource, "brukes-som-ip"))
    return reading.kind_of(resource) == "individuell-plan" or used


def assess(
    plan: Resource, members: Iterable[Resource], seen: frozenset[str] = CATEGORIES
) -> tuple[Assessed, ...]:
    """All nine points. members: the items of the plan; seen: the categories that the reader may see."""
    own = [one for one in members if not reading.in_error(one)]
    found = list(_gaps(plan, own))
    return tuple(
        Assessed(
            point,
            point.category in seen,
            tuple(g for g in found if g.point == point.letter) if point.category in seen else (),
        )
        for point in POINTS
    )


def _gaps(plan: Resource, members: list[Resource]) -> Iterator[Gap]:
    for look in _LOOKS:
        yield from look(plan, members)


def _goals(plan: Resource, members: list[Resource]) -> Iterator[Gap]:
    if not any(one["resourceType"] == "Goal" for one in members):
        yield Gap("a", "maal", "Planen har ingen mål.", "Planen har ingen mål.")
    if not _says(plan, "ressurser"):
        yield Gap("a", "ressurser", "Ressursene er ikke beskrevet.", "Ressursane er ikkje skildra.")
    if not _says(plan, "behov"):
        yield Gap("a", "behov", "Behovene er ikke beskrevet.", "Behova er ikkje skildra.")


def _who(_plan: Resource, members: list[Resource]) -> Iterator[Gap]:
    people = _participants(members)
    if not any(_role(one) not in COORDINATORS for one in people):
        yield Gap("b", "deltaker", "Ingen deltakere er nevnt.", "Ingen deltakarar er nemnde.")
    coordinators = [one for one in people if _role(one) in COORDINATORS]
    if not coordinators:
        yield Gap("c", "koordinator", "Planen har ingen koordinator.", "Planen har ingen koordinator.")
    for one in coordinators:
        if not any(t.get("value") for t in one.get("telecom") or ()):
            text = "Koordinatoren står uten telefonnummer."
            yield Gap("c", "telefon", text, "Koordinatoren står utan telefonnummer.", _ref(one))


def _contributions(_plan: Resource, members: list[Resource]) -> Iterator[Gap]:
    for one in _participants(members):
        if _role(one) not in FAMILY and not _says(one, "bidrag"):
            text = "Det står ikke hva en deltaker bidrar med."
            yield Gap("d", "bidrag", text, "Det står ikkje kva ein deltakar bidreg med.", _ref(one))


def _measures(_plan: Resource, members: list[Resource]) -> Iterator[Gap]:
    found = [m for m in members if m["resourceType"] == "ServiceRequest" and reading.kind_of(m) == "tiltak"]
    if not found:
        yield Gap("e", "tiltak", "Planen har ingen tiltak.", "Planen har ingen tiltak.")
    for one in found:
        if not one.get("performer"):
            yield Gap(
                "e",
                "ansvarlig",
                "Et tiltak har ingen ansvarlig.",
                "Eit tiltak har ingen ansvarleg.",
                _ref(one),
            )
        if not _says(one, "omfang"):
            yield Gap(
                "e", "omfang", "Omfanget av et tiltak mangler.", "Omfanget av eit tiltak manglar.", _ref(one)
            )
        if not _says(one, "gjennomfoering"):
            text = "Det står ikke hvordan et tiltak gjennomføres."
            yield Gap(
                "f", "gjennomfoering", text, "Det står ikkje korleis eit tiltak blir gjennomført.", _ref(one)
            )
        if not any(e.get("url") == PERTAINS_TO_GOAL for e in one.get("extension") or ()):
            yield Gap(
                "f",
                "maal",
                "Et tiltak hører ikke til noe mål.",
                "Eit tiltak høyrer ikkje til noko mål.",
                _ref(one),
            )


def _times(plan: Resource, _members: list[Resource]) -> Iterator[Gap]:
    period = plan.get("period") or {}
    if not (period.get("start") and period.get("end")):
        yield Gap(
            "g",
            "periode",
            "Perioden er ikke satt med start og slutt.",
            "Perioden er ikkje sett med start og slutt.",
        )
    if not _extensions(plan, "revisjon"):
        yield Gap(
            "g",
            "revisjoner",
            "Ingen tidspunkt for revisjon er satt.",
            "Ingen tidspunkt for revisjon er sette.",
        )


def _consent(plan: Resource, members: list[Resource]) -> Iterator[Gap]:
    given = any(one["resourceType"] == "Consent" and one.get("status") == "active" for one in members)
    if not given and not _says(plan, "samtykketekst"):
        text = "Det står ikke at det er samtykket til planen."
        yield Gap("h", "samtykke", text, "Det står ikkje at det er samtykt til planen.")


def _cooperation(plan: Resource, _members: list[Resource]) -> Iterator[Gap]:
    if not _says(plan, "samarbeidsbehov"):
        text = "Det står ikke om det trengs samarbeid med andre."
        yield Gap("i", "samarbeidsbehov", text, "Det står ikkje om det trengst samarbeid med andre.")


_LOOKS: Final[tuple[Callable[[Resource, list[Resource]], Iterator[Gap]], ...]] = (
    _goals,
    _who,
    _contributions,
    _measures,
    _times,
    _consent,
    _cooperation,
)


def _participants(members: list[Resource]) -> list[Resource]:
    return [one for one in members if one["resourceType"] in ("PractitionerRole", "RelatedPerson")]


def _role(resource: Resource) -> str | None:
    found = reading.participant_of(resource)
    return found.role if found else None


def _says(resource: Resource, name: str) -> bool:
    return any(str(e.get("valueString") or "").strip() for e in _extensions(resource, name))


def _extensions(resource: Resource, name: str) -> list[dict[str, Json]]:
    return [e for e in resource.get("extension") or () if e.get("url") == extension(name)]


def _ref(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
