"""The sample people whom somebody who tries the demo may be: invented, like the children they are about.

Their numbers and seats are those of the samples; this adds what a login knows them by, where the samples do
not say it. Nobody here exists outside the demo.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["family", "staff", "operations"]


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One of them. subject: who they are at the demo's login; who: which login is theirs; seats: the
    participants (`deltaker`) of the sample logs and plans that are this person; roles: of operators."""

    subject: str
    name: str
    line: str  # what people read: who this is, in one sentence
    who: Kind
    national_id: str | None = None
    hpr: str | None = None
    seats: frozenset[str] = frozenset()
    roles: tuple[str, ...] = ()


RUNS: Final = "stafettbro-drift"  # the role of those who operate the gateway
SEES: Final = "stafettbro-innhold"  # and of those of them who may see what stands in a message
PEOPLE: Final = (
    SamplePerson(
        "grete",
        "Grete Koordinator",
        "Koordinator for Emma, og for flere andre barn i kommunen.",
        "staff",
        seats=frozenset({"e-d8", "ei-d1", "ip-d1", "l-d4", "n-d4", "o-d4", "s-d4", "t-d1"}),
    ),
    SamplePerson(
        "kari",
        "Kari Kontaktlærer",
        "Kontaktlæreren til Emma på Solvang barneskole, og stafettholder.",
        "staff",
        seats=frozenset({"e-d1", "ei-d3"}),
    ),
    SamplePerson(
        "siv",
        "Siv Kontaktperson",
        "Kontaktperson i barnevernet, og stafettholder for Jonas.",
        "staff",
        seats=frozenset({"j-d1"}),
    ),
    SamplePerson(
        "berit",
        "Berit Psykolog",
        "Psykolog ved BUP. Emma er pasienten hennes.",
        "staff",
        hpr="9144897",
    ),
    SamplePerson("ingrid", "Ingrid Testesen", "Mor til Emma.", "family", national_id="09898504473"),
    SamplePerson("oyvind", "Øyvind Åge Nygård", "Far til Emma.", "family", national_id="01828303534"),
    SamplePerson("jonas", "Jonas Prøve", "15 år. Bestemmer noe selv.", "family", national_id="02861183354"),
    SamplePerson(
        "didrik",
        "Didrik Driftsansvarlig",
        "Holder systemene i kommunen i gang. Ser ikke hva som står i dem.",
        "operations",
        roles=(RUNS,),
    ),
    SamplePerson(
        "inger",
        "Inger Innsyn",
        "Holder systemene i gang, og har rett til å se innholdet i en melding når noe er galt.",
        "operations",
        roles=(RUNS, SEES),
    ),
)


def of_kind(who: str) -> list[SamplePerson]:
    """Those who log in by this kind of login."""
    return [one for one in PEOPLE if one.who == who]


def person(subject: str) -> SamplePerson | None:
    """The one of this name at the login."""
    return next((one for one in PEOPLE if one.subject == subject), None)


def known_at(issuer: str, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records, where participants say who they are at the demo's login (`bruker`)."""
    subjects = {seat: one.subject for one in PEOPLE for seat in one.seats}
    return [
        {**record, "bruker": {"utsteder": issuer, "subjekt": subjects[record["id"]]}}
        if record["type"] == "deltaker" and record["id"] in subjects
        else record
        for record in records
    ]
