"""stafettbro.toml: who is connected, how, and what may flow between whom. Read once, checked whole.

Secrets are never in the file: a field ending in `_ref` names an environment variable ("env:NAME") or a
file ("file:/run/secrets/name") that holds it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, IPvAnyNetwork, ValidationError, model_validator

from adapters.tokens.addresses import on_this_machine
from gateway.config_callers import DEMO_LEVEL as DEMO_LEVEL
from gateway.config_callers import Client as Client
from gateway.config_callers import Issuer as Issuer
from gateway.config_callers import Limits as Limits
from gateway.config_callers import Login as Login
from gateway.config_model import Model as Model
from gateway.config_model import Name as Name
from gateway.config_model import SecretRef as SecretRef
from gateway.config_model import secret as secret
from gateway.config_services import AuditStream as AuditStream
from gateway.config_services import Keys as Keys
from gateway.config_services import Mail as Mail
from gateway.config_services import Mailbox as Mailbox
from gateway.config_services import User as User
from gateway.config_services import Welfare as Welfare
from gateway.config_services import database_of
from gateway.config_systems import Category as Category
from gateway.config_systems import Ground as Ground
from gateway.config_systems import Organization as Organization
from gateway.config_systems import ReferralRule as ReferralRule
from gateway.config_systems import Route as Route
from gateway.config_systems import System as System
from gateway.config_systems import Tenant as Tenant
from gateway.credentials import Credentials as Credentials
from gateway.credentials import Trust as Trust
from gateway.errors import ConfigurationError

Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}$")]


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
    hosts: tuple[Host, ...] = ()  # other names than that of public_url by which we may be called
    proxies: tuple[IPvAnyNetwork, ...] = ()  # who may say from where somebody comes (X-Forwarded-For)
    limits: Limits = Limits()
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
        hub = database_of(self.database_url)
        welfare = database_of(self.welfare.database_url or f"sqlite:///{self.state_folder / 'welfare.db'}")
        if welfare == hub:
            raise ValueError("welfare.database_url: reports of concern need a database of their own")
        keys = database_of(self.keys.database_url or f"sqlite:///{self.state_folder / 'keys.db'}")
        if keys in (hub, welfare):
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
    def _told_apart(self) -> Settings:
        """What a client has done is known by its name in its tenant, whichever issuer it came from."""
        known: dict[tuple[str, str], Client] = {}
        for client in self.clients:
            other = known.setdefault((client.tenant, client.client_id), client)
            if other.issuer != client.issuer and client.system != other.system:
                raise ValueError(
                    f"client {client.client_id}: two issuers have a client of this name in {client.tenant}; "
                    "both must be the same system, or operators"
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
            if DEMO_LEVEL in login.acr and (self.hosts or not on_this_machine(self.public_url)):
                raise ValueError(f"login {login.id}: the demo's login counts on this machine alone")
        return self

    def tenant(self, tenant_id: str) -> Tenant:
        """The tenant of this id, which must be configured."""
        return next(t for t in self.tenants if t.id == tenant_id)

    def of(self, tenant_id: str) -> Settings:
        """The same with the systems, routes, clients and logins of one tenant alone: what may be told to it.
        Not checked anew, and not to be run."""
        own = {s.id for s in self.systems if s.tenant == tenant_id}
        return self.model_copy(
            update={
                "tenants": tuple(t for t in self.tenants if t.id == tenant_id),
                "systems": tuple(s for s in self.systems if s.id in own),
                "routes": tuple(r for r in self.routes if r.source in own),
                "clients": tuple(c for c in self.clients if c.tenant == tenant_id),
                "logins": tuple(one for one in self.logins if one.tenant == tenant_id),
                "mailboxes": tuple(m for m in self.mailboxes if m.tenant == tenant_id),
            }
        )

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
