"""What a demo records system demands of a record before it stores it: its own few rules, named by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Record = dict[str, Any]

GOAL = ("tekst", "status")
MEASURE = ("tittel", "status")
SHARED = {
    "deltaker": ("rolle",),
    "tiltak": MEASURE,
    "melding": ("tekst", "tidspunkt"),
    "moete": ("slag", "tid"),
    "dokument": ("tittel", "mimetype", "innhold"),
    "samtykke": ("giver", "mottakere", "kategorier"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of records system this is. frame: the type that holds the others, and the field that names
    it on them; required: per type, the fields that must be there; alone: types that stand by themselves."""

    name: str
    title: str
    frame: str
    member: str
    person: str
    goals: tuple[str, ...]
    required: dict[str, tuple[str, ...]]
    alone: frozenset[str] = frozenset()


STAFETTLOGG = Kind(
    name="stafettlogg",
    title="Stafettlogg",
    frame="stafettlogg",
    member="logg",
    person="barn",
    goals=("maal",),
    required=SHARED
    | {
        "stafettlogg": ("barn", "status"),
        "maal": GOAL,
        "lysglimt": ("tekst",),
        "notat": (),
        "forhold": ("slag",),
        "henvisning": ("til",),
        "overfoering": ("fra", "til"),
    },
)
INDIVIDUELL_PLAN = Kind(
    name="individuell-plan",
    title="Individuell plan",
    frame="plan",
    member="plan",
    person="person",
    goals=("hovedmaal", "delmaal"),
    required=SHARED | {"plan": ("person", "status"), "hovedmaal": GOAL, "delmaal": GOAL},
)
BARNEVERN = Kind(
    name="barnevern",
    title="Barnevern",
    frame="bekymringsmelding",
    member="melding",
    person="barn",
    goals=(),
    required={
        "bekymringsmelding": ("barn", "melder", "grunn", "beskrivelse", "tidspunkt"),
        "melding": ("tekst", "tidspunkt"),
    },
    alone=frozenset({"melding"}),
)
KINDS = {kind.name: kind for kind in (STAFETTLOGG, INDIVIDUELL_PLAN, BARNEVERN)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is wrong, and a sentence for people that does not repeat the value."""

    field: str
    text: str


def faults(kind: Kind, record_id: str, record: object, holds: Callable[[str], bool]) -> list[Fault]:
    """What is wrong with a record. holds: whether a log or plan of this id is here."""
    if not isinstance(record, dict):
        return [Fault("", "Posten er ikke et objekt.")]
    found = []
    if record.get("id") != record_id:
        found.append(Fault("id", "Postens id er en annen enn i adressen."))
    required = kind.required.get(record["type"]) if isinstance(record.get("type"), str) else None
    if required is None:
        return [*found, Fault("type", "Systemet har ingen poster av denne typen.")]
    found += [Fault(f, "Feltet mangler.") for f in required if record.get(f) in (None, "", [])]
    if not _is_time(record.get("endret")):
        found.append(Fault("endret", "Feltet er ikke et tidspunkt med tidssone."))
    frame = record.get(kind.member)
    outside = record["type"] == kind.frame or record["type"] in kind.alone
    if not outside and not (isinstance(frame, str) and holds(frame)):
        found.append(Fault(kind.member, "Loggen eller planen finnes ikke her."))
    return found


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
