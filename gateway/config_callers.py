"""The tables of stafettbro.toml that say who may come in: issuers of tokens, clients, logins of people, and
how much each may ask for."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from gateway.config_model import Model, Name, SecretRef

DEMO_LEVEL: Final = "stafettbro-demo"  # what the demo's login says of a person: they said so themselves


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
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
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
    who: Literal["family", "staff", "operations"]
    issuer: str
    client_id: str
    key_ref: SecretRef | None = None  # private keys (JWK) by which we prove who we are: the first signs
    secret_ref: SecretRef | None = None  # in their place, where the provider takes no key
    assertion_audience: Literal["issuer", "token"] = "issuer"  # what is signed is for: its token address
    pushed: bool = True  # False: the provider has no pushed authorization requests (RFC 9126)
    dpop: bool = False  # HelseID: tokens are bound to a key of each process
    organization: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # HelseID: on whose behalf
    parent_organization: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None  # of a client of several
    acr: Annotated[tuple[str, ...], Field(min_length=1)]  # security levels that are enough
    acr_claim: str = "acr"
    scope: str = "openid"
    algorithms: tuple[Literal["ES256", "ES384", "PS256", "RS256", "EdDSA"], ...] = ("ES256", "PS256", "RS256")
    national_id_claim: str = "pid"
    hpr_claim: str = "helseid://claims/hpr/hpr_number"
    role_claim: str = "roles"  # of operations: one text, or a list of them
    role: Annotated[str, Field(min_length=1, max_length=255)] | None = None  # without it nobody gets in
    content_role: Annotated[str, Field(min_length=1, max_length=255)] | None = None  # may see content too
    idle_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    longest_minutes: Annotated[int, Field(ge=1, le=1440)] = 480

    @model_validator(mode="after")
    def _as_its_provider_takes_it(self) -> Login:
        """Those who decide for a child, and HelseID's people, log in by the strict way alone."""
        if (self.key_ref is None) == (self.secret_ref is None):
            raise ValueError("a login needs `key_ref`, or `secret_ref` where the provider takes no key")
        strict = self.pushed and self.key_ref is not None
        if not strict and (self.who == "family" or self.dpop):
            raise ValueError(
                "`pushed = false` and `secret_ref` are of employees' and operators' logins, without `dpop`"
            )
        return self

    @model_validator(mode="after")
    def _by_role(self) -> Login:
        """Being employed is no right to operate anything: the provider has to say so, by name."""
        if self.who != "operations":
            if self.role is not None or self.content_role is not None:
                raise ValueError('`role` and `content_role` are of a login with who = "operations"')
            return self
        if self.role is None:
            raise ValueError('a login with who = "operations" needs `role`')
        if self.content_role == self.role:
            raise ValueError("`content_role` is a right of its own: it cannot be `role`")
        return self


class Limits(Model):
    """What one caller may take of one process. Times in seconds."""

    requests_per_second: Annotated[float, Field(gt=0, le=100_000)] = 200.0  # of one client, in the long run
    requests_at_once: Annotated[int, Field(ge=1, le=1_000_000)] = 2_000  # of one client, after a pause
    login_steps_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 240  # of one address; a login has two
    connections: Annotated[int, Field(ge=10, le=100_000)] = (
        500  # open at the same time; each is an open file too
    )
    head_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0  # for the head of a request
    body_seconds: Annotated[float, Field(gt=0, le=600)] = 20.0  # for a body, and one more a 4 KiB
