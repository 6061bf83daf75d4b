"""What else may be known of a person or asked about an item, beyond participants and consents: circumstances,
findings, objections, what is withheld, the basis of a route, a named person's act. Plain, frozen values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """Circumstances that move who decides."""

    CARE_ORDER = "omsorgsovertakelse"  # W4
    COMPETENCE = "beslutningskompetanse"  # W5
    GUARDIANSHIP = "vergemaal"
    HEARD = "hoert"  # W6


@dataclass(frozen=True, slots=True)
class Circumstance:
    """holds: whether it is so; None where the record does not say, which denies. about: a participant it
    names (the guardian appointed, someone of the agency that has the care)."""

    kind: str
    holds: bool | None
    about: str | None = None
    start: date | datetime | None = None
    end: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A named, qualified professional finds care necessary: towards these, one guardian suffices (W3)."""

    by: str
    recipients: frozenset[str]  # organization numbers or tjeneste codes
    categories: frozenset[str]
    start: date | datetime | None = None
    end: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """The person objects, or is presumed to, to health care sharing among itself (B2). Empty sets mean
    all."""

    recipients: frozenset[str] = frozenset()  # organization numbers
    categories: frozenset[str] = frozenset()
    presumed: bool = False
    start: date | datetime | None = None
    end: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A named person sets an objection aside for weighty reasons (B2), for these items and recipients
    alone."""

    by: str
    reason: str
    items: frozenset[str]
    recipients: frozenset[str]  # organization numbers
    start: date | datetime | None = None
    end: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Withholding:
    """Items withheld from guardians (B3): weighty reasons at any age, others from 12 to 16."""

    items: frozenset[str]
    weighty: bool
    start: date | datetime | None = None
    end: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a route may carry categories without consent: G2 or G3, with a reason and a responsible role.

    limb (G3 only): agency (within the same), purpose (what it was collected for), task (of the giver).
    """

    ground: str
    categories: frozenset[str]
    reason: str
    role: str
    limb: str | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """A named person's act on one item for one recipient, danger to life or health (G4). Told afterwards."""

    by: str
    reason: str
    item: str
    recipient: str  # the system
