"""The tables of stafettbro.toml that say who is connected and what may flow between whom: data controllers,
organizations, systems, routes, referrals."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gateway.config_model import Model, Name
from gateway.credentials import Credentials

Category = Literal[
    "plan", "bekymring", "maal", "tiltak", "evaluering", "lysglimt", "notat", "melding", "moete", "dokument",
    "henvisning",
]  # fmt: skip

ResourceType = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]{1,63}$")]


class Tenant(Model):
    """One data controller, usually a municipality."""

    id: Name
    name: str
    consent_age: Literal[15, 16] = 16  # law.md W8
    demands_writing: bool = False
    ordinary: frozenset[Category] = frozenset()  # what one guardian may share alone (W3)
    partial_consent_days: Annotated[int, Field(ge=1, le=365)] = 14  # then the coordinator is reminded
    coordinating_unit: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # sees logs that nobody holds
    deadline_days: tuple[Annotated[int, Field(ge=1, le=365)], ...] = (14, 3)  # reminders before a deadline
    child_welfare: Name | None = None  # system of the service that reports of concern go to (G5)
    nudge: bool = False  # whether those who coordinate are told by e-mail that something waits for them
    anonymous_discussion: bool = False  # whether it offers the anonymous discussion (G6)


class Organization(Model):
    """An organization whose secrecy regime we know. Those we do not know are denied what needs one."""

    number: Annotated[str, Field(pattern=r"^\d{9}$")]
    name: str
    regime: Literal["health", "child-welfare", "education", "administration", "social", "police", "private"]
    agency: Name | None = None  # the agency it is part of (law.md G3)


class System(Model):
    """One connected system."""

    id: Name
    tenant: Name
    adapter: Literal["stafettlogg", "individuell-plan", "fhir", "folder"]
    mapping: str = ""  # "stafettlogg", "individuell-plan", "fhir" or the path of a mapping file
    organization: Annotated[str, Field(pattern=r"^\d{9}$")]  # who runs it
    url: str | None = None
    folder: Path | None = None
    folder_format: Literal["json", "ndjson", "csv"] = "json"
    folder_delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ";"  # of a CSV file
    folder_encoding: str = "utf-8-sig"  # of a CSV file; "cp1252" is Windows-1252
    credentials: Credentials = Credentials()
    audience: Literal["organization", "participants"] = "organization"  # who can read there
    readers: frozenset[Literal["guardians", "child"]] = frozenset()  # families who can read there
    honours: frozenset[Literal["NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM"]] = frozenset()
    deliver: Literal["push", "pull", "none"] = "push"
    activities: Literal["reference", "inline"] = (
        "reference"  # of a FHIR server: measures beside the plan or in it
    )
    receives: Literal["resources", "document"] = "resources"  # of a FHIR server: the plan as one document
    document_language: Literal["nb", "nn"] = "nb"
    poll_seconds: float | None = None  # ask the system for changes this often; None: it calls us
    poll_by: Literal["lastUpdated", "history", "patient"] = "lastUpdated"  # how a FHIR server is asked
    snapshot: bool = False  # its files, or its list read from the beginning, hold all that it has
    acknowledges: bool = False  # it says of what it got that it has taken it
    acknowledge_within_hours: Annotated[float, Field(gt=0, le=8760)] = 72.0  # then the coordinator is told
    types: tuple[ResourceType, ...] = ()  # what a FHIR server is asked for; none: what logs and plans have
    takes: tuple[ResourceType, ...] = ()  # what is written to a FHIR server; none: everything
    ids: Literal["ours", "theirs"] = "ours"  # does the system accept our id for what we create there
    states_facts: bool = False  # of a FHIR server: its participants, consents and circumstances count
    slots: Annotated[int, Field(ge=1, le=256)] = 4
    rate_per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None  # records; None: no limit
    burst: Annotated[int, Field(ge=1, le=100_000)] | None = None  # records at once; None: those of a second
    backfill_share: Annotated[float, Field(gt=0, le=1)] = 0.5  # of slots and rate, behind live traffic
    send_deadline_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    probe_seconds: Annotated[float, Field(gt=0)] = 30.0  # while it is down: first wait before a probe
    probe_max_seconds: Annotated[float, Field(gt=0)] = 900.0

    @model_validator(mode="after")
    def _complete(self) -> System:
        if self.adapter == "folder" and self.folder is None:
            raise ValueError("a folder system needs `folder`")
        if self.adapter != "folder" and self.deliver == "push" and not self.url:
            raise ValueError("a system we deliver to needs `url`")
        if self.adapter != "fhir" and (self.activities != "reference" or self.receives != "resources"):
            raise ValueError("`activities` and `receives` are of a FHIR server")
        if self.rate_per_second is not None and self.deliver != "push":
            raise ValueError("`rate_per_second` is of a system that we deliver to")
        if self.burst is not None and self.rate_per_second is None:
            raise ValueError("`burst` needs `rate_per_second`")
        if self.snapshot and (self.adapter == "fhir" or not (self.folder or self.poll_seconds)):
            raise ValueError("`snapshot` is of a folder, or of a records system that is polled")
        if self.acknowledges and self.deliver == "none":
            raise ValueError("a system that gets nothing acknowledges nothing")
        if self.deliver == "pull" and self.ids == "theirs":
            raise ValueError('a system that pulls keeps our ids: `ids` must be "ours"')
        return self

    @property
    def mapping_name(self) -> str:
        """The mapping to use; by default the one named as the adapter."""
        return self.mapping or ("stafettlogg" if self.adapter == "folder" else self.adapter)


class Ground(Model):
    """A ground other than consent on which a route may carry items (law.md G2, G3)."""

    rule: Literal["G2", "G3"]
    categories: Annotated[frozenset[Category], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]  # why it is relevant and necessary
    role: Annotated[str, Field(min_length=1)]  # who answers for it
    limb: Literal["agency", "purpose", "task"] | None = None  # of G3: which of its cases

    @model_validator(mode="after")
    def _limbed(self) -> Ground:
        if (self.rule == "G3") != (self.limb is not None):
            raise ValueError("`limb` says which case of G3 it is, and belongs to G3 alone")
        return self


class Route(Model):
    """What one system may get from another. Consent decides item by item; without a route nothing goes."""

    source: Name
    recipient: Name
    create_person: bool = False  # create the patient at the recipient where it has none
    open: bool = True
    purpose: Literal["samordning", "behandling"] = "samordning"
    grounds: tuple[Ground, ...] = ()  # beside consent


class ReferralRule(Model):
    """Who may refer to a recipient, and from when to when. All that is stated must hold of the referrer."""

    recipient: Annotated[str, Field(pattern=r"^([a-z][A-Za-z]{1,39}|\d{9})$")]  # tjeneste or organization
    services: frozenset[str] = frozenset()  # the referrer's tjeneste is one of these
    professions: frozenset[str] = frozenset()  # Volven 9060: LE doctor, PS psychologist
    health_personnel: bool = False  # the referrer has an HPR number
    since: date | None = None
    until: date | None = None  # the last day

    def holds(self, today: date) -> bool:
        """Whether it holds on this day."""
        return (self.since is None or self.since <= today) and (self.until is None or today <= self.until)
