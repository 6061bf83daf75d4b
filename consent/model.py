"""The values a consent decision is made of. Plain, frozen, complete: no database, clock or network.

Source of the rules: shared law.md (pbrl, hpl, fvl, opplæringslova, the local handlingsveileder).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from consent.decision import Decision, Outcome, Plan, Reason
from consent.particulars import (
    Basis,
    Circumstance,
    Emergency,
    Finding,
    Kind,
    Objection,
    Override,
    Withholding,
)

__all__ = [
    "Basis",
    "Category",
    "Channel",
    "Circumstance",
    "Consent",
    "Decision",
    "Emergency",
    "Facts",
    "Finding",
    "Item",
    "Kind",
    "Objection",
    "Outcome",
    "Override",
    "Participant",
    "Plan",
    "Reason",
    "Recipient",
    "Regime",
    "Request",
    "Settings",
    "Withholding",
]


class Category(StrEnum):
    """Consent categories (domain.md). An item without one is denied."""

    PLAN = "plan"
    BEKYMRING = "bekymring"
    MAAL = "maal"
    TILTAK = "tiltak"
    EVALUERING = "evaluering"
    LYSGLIMT = "lysglimt"
    NOTAT = "notat"
    MELDING = "melding"
    MOETE = "moete"
    DOKUMENT = "dokument"
    HENVISNING = "henvisning"
    SAMTYKKE = "samtykke"  # goes only to the recipients it names


class Channel(StrEnum):
    """How an item would leave."""

    PUSH = "push"
    PULL = "pull"
    READ = "read"
    EXPORT = "export"
    PAGE = "page"
    LIVE = "live"


class Regime(StrEnum):
    """Secrecy regimes of organizations."""

    HEALTH = "health"
    CHILD_WELFARE = "child-welfare"
    EDUCATION = "education"
    ADMINISTRATION = "administration"
    SOCIAL = "social"
    POLICE = "police"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Item:
    """What would be told. ids are the hub's references ("Goal/…").

    categories: all that must be consented to (minutes as a document need both moete and dokument);
      empty means unknown, and denies.
    labels: sperre (NORS, NORU, NORN_FORANS, NORN_UNGDOM). sensitivity: PSY, SDV, ETH, HIV, R.
    third_persons: references of participants it tells about.
    author_organization: organization number of the author's organization; None when unknown.
    others: organizations of others who have written in it since; None among them where one is unknown. It is
      then nobody's own, and whatever holds for one of them holds for it.
    frame: the log or plan ("CarePlan/…") it belongs to.
    recorded: when it was first written, if known (a consent may reach only items from `applies_from` on).
    by_health_personnel: all who have written in it are known to be health personnel (G2).
    outside: it is known to belong to no log or plan; a missing `frame` alone says nothing.
    """

    id: str
    categories: frozenset[str]
    labels: frozenset[str] = frozenset()
    sensitivity: frozenset[str] = frozenset()
    third_persons: frozenset[str] = frozenset()
    author_organization: str | None = None
    frame: str | None = None
    recorded: datetime | None = None
    consent_id: str | None = None  # for a consent record itself: which one it is
    type: str = ""  # its resource or record type, for the caller
    source: str | None = None  # the system it lay in, for the caller; it decides nothing
    by_health_personnel: bool = False
    outside: bool = False
    others: frozenset[str | None] = frozenset()

    @property
    def writers(self) -> frozenset[str | None]:
        """Organizations of all who have written in it."""
        return self.others | {self.author_organization}


@dataclass(frozen=True, slots=True)
class Recipient:
    """The system that would receive, and everyone who can read there.

    organizations: organization numbers of its audience for this child (every organization with an active
      participant there; for one organization's own system, that organization).
    participants: references of single readers (guardians, the child) who can read there.
    honours: the labels it provably respects.
    filters: it provably shows each reader only what that one may see (configured, and shown by a contract
    test).
    """

    system: str
    organizations: frozenset[str]
    participants: frozenset[str] = frozenset()
    honours: frozenset[str] = frozenset()
    filters: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One question: may this item go to this recipient, this way, for this purpose, at this time?

    redacts: the caller applies the decision's plan before anything is told. Where it does not, what could go
    only after a redaction is denied. basis: of the route it would take. emergency: a named person's act.
    """

    item: Item
    sender: str | None  # system the item lay in
    recipient: Recipient
    channel: str
    time: datetime  # aware
    purpose: str = "samordning"
    redacts: bool = False
    basis: Basis | None = None
    emergency: Emergency | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """One participant of a log or plan. `person`: an opaque key that is equal for the same natural person
    in two logs or plans (never a national id); None when known only by name."""

    id: str  # hub reference
    frame: str  # "CarePlan/…"
    role: str  # rolle code
    service: str | None = None  # tjeneste code
    organization: str | None = None  # organization number
    responsibility: str | None = None  # foreldreansvar code
    start: date | None = None
    end: date | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent record. Recipients are tjeneste codes, organization numbers or participant references."""

    id: str  # hub reference
    frame: str
    decision: str  # samtykker, nekter, motsetterSeg
    givers: frozenset[str]  # participant references
    recipients: frozenset[str]
    categories: frozenset[str]
    except_recipients: frozenset[str] = frozenset()
    except_items: frozenset[str] = frozenset()  # hub references
    about: str | None = None  # participant reference; None: the child
    purpose: str = "samordning"
    start: date | datetime | None = None
    end: date | datetime | None = None
    applies_from: date | datetime | None = None
    withdrawn: datetime | None = None
    recorded: datetime | None = None  # when the giver acted; later acts lift earlier exceptions
    changed: datetime | None = None  # when what it refuses or excepts was last written; None: as recorded
    labels: frozenset[str] = frozenset()  # sensitivity labels it names
    in_error: bool = False
    understood: bool = True  # False: some part could not be read; it permits nothing, its exceptions stand
    withdrawn_by: str | None = None  # participant reference; a refusal is lifted only for this giver
    form: str | None = None  # skriftlig, muntlig, digital
    items: frozenset[str] = (
        frozenset()
    )  # a permit that names items reaches these alone, and lifts "not this one"
    only_labelled: bool = False  # it reaches nothing but items that carry one of its labels


@dataclass(frozen=True, slots=True)
class Settings:
    """What a municipality may choose (W8 of law.md)."""

    consent_age: int = 16  # from this age the young person alone suffices
    joint_age: int = 15  # from this age guardians and the young person
    demands_writing: bool = False
    ordinary: frozenset[str] = frozenset()  # categories whose sharing is ordinary: one guardian suffices (W3)
    anonymous_discussion: bool = True  # whether the municipality offers it (G6)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of the person that a decision may rest on. Missing means unknown, and denies.

    patient: the reference of the person itself ("Patient/…"). agencies: organization number -> the agency it
    is part of (G3). places, released: see Plan (B1).
    """

    born: date | None
    address_protection: str | None  # ugradert, klientadresse, fortrolig, strengtFortrolig; None unknown
    participants: tuple[Participant, ...] = ()
    consents: tuple[Consent, ...] = ()
    regimes: dict[str, str] = field(default_factory=dict)  # organization number -> Regime
    settings: Settings = field(default_factory=Settings)
    patient: str | None = None
    circumstances: tuple[Circumstance, ...] = ()
    findings: tuple[Finding, ...] = ()
    objections: tuple[Objection, ...] = ()
    overrides: tuple[Override, ...] = ()
    withheld: tuple[Withholding, ...] = ()
    agencies: dict[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
