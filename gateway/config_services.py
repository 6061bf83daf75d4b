"""The tables of stafettbro.toml about what the gateway works with beside its systems: the mail server, the
stream of the audit, the stores that are kept apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gateway.config_model import Model, Name, SecretRef

Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+$", max_length=254)]


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


def database_of(url: str) -> tuple[str, ...]:
    """Which database an address means, however it is written: other user names, drivers and options, and
    other names of this machine, lead to the same."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return ("sqlite", str(Path(parts.path.removeprefix("/")).resolve()))
    host = (parts.hostname or "localhost").lower()
    here = host in ("localhost", "127.0.0.1", "::1") or host.startswith("%2f")
    return ("localhost" if here else host, str(parts.port or 5432), parts.path.strip("/"))
