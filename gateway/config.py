"""stafettbro.toml: who is connected, how, and what may flow between whom. Read once, checked whole.

Secrets are never in the file: a field ending in `_ref` names an environment variable ("env:NAME") or a
file ("file:/run/secrets/name") that holds it.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from gateway.config_model import Model as Model
from gateway.config_model import SecretRef as SecretRef
from gateway.config_model import secret as secret
from gateway.credentials import Credentials as Credentials
from gateway.credentials import Trust as Trust
from gateway.errors import ConfigurationError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


Category = Literal[
    "plan", "bekymring", "maal", "tiltak", "evaluering", "lysglimt", "notat", "melding", "moete", "dokument",
    "henvisning",
]  # fmt: skip

Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+$", max_length=254)]
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


class Issuer(Model):
    """Someone whose tokens we accept."""

    issuer: str
    audience: str
    tokens: Literal["dpop", "bearer"] = "dpop"  # bound to the client's key, or of whoever holds them
    types: Annotated[tuple[Literal["at+jwt", "jwt", "none"], ...], Field(min_length=1)] = ("at+jwt",)  # `typ`
    algorithms: tuple[Literal["ES256", "ES384", "PS256", "RS256", "EdDSA"], ...] = ("ES256",)
    jwks_url: str | None = None  # None: by discovery
    organizations: Literal["none", "helseid", "maskinporten"] = "none"  # how its tokens name the client's
    scope_prefix: str = ""  # stands before each of our scopes in its tokens
    level_claim: str = "acr"  # what says how well a person is logged in
    levels: tuple[str, ...] = ()  # those that are enough; none: no tokens of persons


class Client(Model):
    """A client known by (issuer, client_id): the token decides which system and tenant may act."""

    issuer: str
    client_id: str
    organization: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # that its tokens must name
    subject: str | None = None  # of tokens about the client itself, where that is not the client_id
    tenant: Name
    system: Name | None = None  # None: an operator, who acts for no system
    scopes: frozenset[str] = frozenset()  # the most it may have, whatever the token says


class Login(Model):
    """An OpenID provider at which people of one tenant log in to the pages."""

    id: Name  # stands in the address that the provider sends people back to
    name: str  # what people read
    tenant: Name
    who: Literal["family", "staff"]
    issuer: str
    client_id: str
    key_ref: SecretRef  # private keys (JWK) by which we prove at the provider who we are: the first signs
    dpop: bool = False  # HelseID: tokens are bound to a key of each process
    organization: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # HelseID: on whose behalf
    parent_organization: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # of a client of several
    acr: Annotated[tuple[str, ...], Field(min_length=1)]  # security levels that are enough
    acr_claim: str = "acr"
    scope: str = "openid"
    algorithms: tuple[Literal["ES256", "ES384", "PS256", "RS256", "EdDSA"], ...] = ("ES256", "PS256", "RS256")
    national_id_claim: str = "pid"
    hpr_claim: str = "helseid://claims/hpr/hpr_number"
    idle_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    longest_minutes: Annotated[int, Field(ge=1, le=1440)] = 480


class Mail(Model):
    """The mail server that carries nudges."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"  # none: only on this machine
    sender: Address
    user: str | None = None
    password_ref: SecretRef | None = None
    ca_file: Path | None = None  # of a server whose certificate no public authority has signed
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20.0
    hour: Annotated[int, Field(ge=0, le=23)] = 7  # of the day in Europe/Oslo

    @model_validator(mode="after")
    def _safe(self) -> Mail:
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError('mail in clear text goes to this machine alone: `security` must be "starttls"')
        if (self.user is None) != (self.password_ref is None):
            raise ValueError("`user` and `password_ref` belong together")
        return self


class User(Model):
    """Somebody as they are known at a login (`bruker` of a participant)."""

    issuer: str
    subject: str


class Mailbox(Model):
    """Where somebody who coordinates is nudged. The address is never told to anybody else."""

    tenant: Name
    address: Address
    language: Literal["nb", "nn"] = "nb"
    user: User | None = None
    hpr: Annotated[str, Field(pattern=r"^\d{1,9}$")] | None = None
    organization: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # all who coordinate on its behalf
    unit: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # a coordinating unit

    @model_validator(mode="after")
    def _one(self) -> Mailbox:
        if sum(one is not None for one in (self.user, self.hpr, self.organization, self.unit)) != 1:
            raise ValueError("whose it is: one of `user`, `hpr`, `organization` and `unit`")
        return self


class AuditStream(Model):
    """Where `stafettbro audit stream` hands the audit on to."""

    form: Literal["json", "syslog"] = "json"
    file: Path | None = None  # of JSON lines; None: stdout
    host: str | None = None  # of a syslog server
    port: Annotated[int, Field(ge=1, le=65535)] = 6514
    tls: bool = True
    ca_file: Path | None = None  # of a server whose certificate no public authority has signed

    @model_validator(mode="after")
    def _somewhere(self) -> AuditStream:
        if (self.form == "syslog") != (self.host is not None):
            raise ValueError('`host` is of form = "syslog", which needs it')
        if not self.tls and self.host not in (None, "localhost", "127.0.0.1", "::1"):
            raise ValueError("the audit goes in clear text to this machine alone: leave `tls` as it is")
        return self


class Welfare(Model):
    """Where reports of concern and anonymous discussions are kept: apart from everything else."""

    database_url: str | None = None  # None: a SQLite file in the state folder
    database_owner_url: str | None = None  # PostgreSQL: as who the tables are made and changed
    key_ref: SecretRef | None = None  # 64 hexadecimal digits; None: a key made in the state folder


class Keys(Model):
    """Where the keys of content are kept, and the key that wraps them: neither in the hub's database nor in
    any copy of it."""

    database_url: str | None = None  # None: a SQLite file in the state folder
    key_ref: SecretRef | None = None  # 64 hexadecimal digits; None: a key made in the state folder
    former_key_refs: tuple[SecretRef, ...] = ()  # still unwrap, until `stafettbro keys rewrap` has run


class Settings(Model):
    """The whole file."""

    public_url: str = "http://127.0.0.1:8420"
    database_url: str = "sqlite:///var/stafettbro.db"
    database_owner_url: str | None = None  # PostgreSQL: as who the tables are made and changed
    state_folder: Path = Path("var")  # liveness locks, generated keys
    journal_folder: Path | None = None  # withdrawn consents, kept beside the database; None: in state_folder
    audit_folder: Path | None = None  # signed heads of the audit's chain; None: in state_folder
    audit_key_file: Path | None = None  # what they are signed with; None: made in state_folder
    audit_head_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60.0  # between two signed heads
    audit_stream: AuditStream = AuditStream()
    identifier_key_ref: SecretRef | None = None  # key of the hashes that national ids are found by
    installation: Name | None = None  # stands in the identifiers by which FHIR servers know our items
    embedded_worker: bool = True  # run the worker inside `serve` (always so on SQLite)
    sweep_seconds: float = 60.0
    answer_deadline_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    tenants: Annotated[tuple[Tenant, ...], Field(min_length=1)]
    organizations: tuple[Organization, ...] = ()
    systems: tuple[System, ...]
    routes: tuple[Route, ...] = ()
    referral_rules: tuple[ReferralRule, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    clients: tuple[Client, ...] = ()
    logins: tuple[Login, ...] = ()
    welfare: Welfare = Welfare()
    keys: Keys = Keys()
    mail: Mail | None = None
    mailboxes: tuple[Mailbox, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Settings:
        """Reports of concern have a store of their own, and go to child welfare and nobody else."""
        if self.welfare.database_url == self.database_url:
            raise ValueError("welfare.database_url: reports of concern need a database of their own")
        if self.keys.database_url in (self.database_url, self.welfare.database_url or self.database_url):
            raise ValueError("keys.database_url: keys are never kept in a database that they open")
        regimes = {o.number: o.regime for o in self.organizations}
        for tenant in self.tenants:
            if tenant.child_welfare is None:
                continue
            system = self.system(tenant.child_welfare)
            about = f"tenant {tenant.id}: child_welfare"
            if system is None or system.tenant != tenant.id:
                raise ValueError(f"{about}: unknown system {tenant.child_welfare}")
            if regimes.get(system.organization) != "child-welfare":
                raise ValueError(f'{about}: {system.organization} is not known as regime = "child-welfare"')
            if system.adapter == "fhir" or not (system.url or system.folder):
                raise ValueError(f"{about}: reports need a records system with `url`, or a folder")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Settings:
        """Whoever is to be nudged can be."""
        tenants = {t.id for t in self.tenants}
        for box in self.mailboxes:
            if box.tenant not in tenants:
                raise ValueError(f"mailboxes: unknown tenant {box.tenant}")
        if self.mail is None and any(t.nudge for t in self.tenants):
            raise ValueError("a tenant with `nudge` needs the table `mail`")
        return self

    @model_validator(mode="after")
    def _held_by(self) -> Settings:
        """What a client's tokens name beside it decides which system may act, so both sides say it."""
        naming = {issuer.issuer: issuer.organizations != "none" for issuer in self.issuers}
        for client in self.clients:
            if client.issuer not in naming:
                raise ValueError(f"client {client.client_id}: unknown issuer")
            if naming[client.issuer] and client.organization is None:
                raise ValueError(f"client {client.client_id}: tokens of this issuer name an `organization`")
            if not naming[client.issuer] and client.organization is not None:
                raise ValueError(
                    f"client {client.client_id}: `organization` needs `organizations` of the issuer"
                )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        tenants = {t.id for t in self.tenants}
        systems = {s.id: s for s in self.systems}
        if len(systems) != len(self.systems):
            raise ValueError("two systems have the same id")
        for system in self.systems:
            if system.tenant not in tenants:
                raise ValueError(f"system {system.id}: unknown tenant {system.tenant}")
        for route in self.routes:
            for end in (route.source, route.recipient):
                if end not in systems:
                    raise ValueError(f"route {route.source} -> {route.recipient}: unknown system {end}")
            if systems[route.source].tenant != systems[route.recipient].tenant:
                raise ValueError(f"route {route.source} -> {route.recipient} crosses tenants")
        for client in self.clients:
            if client.system is not None and client.system not in systems:
                raise ValueError(f"client {client.client_id}: unknown system {client.system}")
            if client.system is not None and systems[client.system].tenant != client.tenant:
                raise ValueError(f"client {client.client_id}: {client.system} belongs to another tenant")
        if len({login.id for login in self.logins}) != len(self.logins):
            raise ValueError("two logins have the same id")
        for login in self.logins:
            if login.tenant not in tenants:
                raise ValueError(f"login {login.id}: unknown tenant {login.tenant}")
        return self

    def tenant(self, tenant_id: str) -> Tenant:
        """The tenant of this id, which must be configured."""
        return next(t for t in self.tenants if t.id == tenant_id)

    @property
    def tenant_ids(self) -> tuple[str, ...]:
        """Every tenant of the installation."""
        return tuple(tenant.id for tenant in self.tenants)

    def system(self, system_id: str) -> System | None:
        """The system of this id, if configured."""
        return next((s for s in self.systems if s.id == system_id), None)

    def recipients_of(self, source: str) -> tuple[System, ...]:
        """Systems with an open route from `source`."""
        names = {r.recipient for r in self.routes if r.open and r.source == source}
        return tuple(s for s in self.systems if s.id in names)

    def route(self, source: str, recipient: str) -> Route | None:
        """The open route between two systems, if any."""
        return next(
            (r for r in self.routes if r.open and r.source == source and r.recipient == recipient), None
        )


def load(path: Path) -> Settings:
    """Read and check the file. Raises ConfigurationError with file, line or key, and the reason."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(p) for p in e['loc']) or 'file'}: {e['msg']}"
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("\n".join(lines)) from error
