"""How we are let in at a system, as `[systems.credentials]` of the configuration says: which kind of
credential, and where its secrets are kept. Checked at load; holds references only, never a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from adapters.tokens.addresses import is_safe
from gateway.config_model import Model, SecretRef

Number = Annotated[str, Field(pattern=r"^\d{9}$")]
Kind = Literal[
    "none",
    "bearer",
    "api-key",
    "basic",
    "mutual-tls",
    "client-credentials",
    "helseid",
    "maskinporten",
    "smart-backend",
]
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "bearer": ("token_ref",),
    "api-key": ("token_ref",),
    "basic": ("client_id", "secret_ref"),
    "mutual-tls": ("certificate_ref",),
    "client-credentials": ("client_id",),
    "helseid": ("issuer", "client_id", "key_ref", "scope"),
    "maskinporten": ("issuer", "client_id", "key_ref", "scope", "organization"),
    "smart-backend": ("client_id", "key_ref", "scope"),
}
FETCHED: Final = frozenset({"client-credentials", "helseid", "maskinporten", "smart-backend"})


class Trust(Model):
    """The care relationship that HelseID's trust framework asks for."""

    purpose: Literal["TREAT", "COC", "ETREAT", "BTG"]
    purpose_details: str  # Volven 9151
    healthcare_service: str  # Volven 8655
    profession: str  # Volven 9060
    legal_entity: Number
    point_of_care: Number
    department: str | None = None  # RESH id
    decision: str | None = None  # the local decision that the access rests on
    decision_by_user: bool = False
    patient_point_of_care: Number | None = None
    patient_department: str | None = None


class Credentials(Model):
    """How we are let in at a system."""

    kind: Kind = "none"
    token_ref: SecretRef | None = None  # bearer, api-key
    header: str = "X-API-Key"  # api-key
    issuer: str | None = None  # who gives tokens; its metadata says where
    token_url: str | None = None  # where it has no metadata
    client_id: str | None = None
    secret_ref: SecretRef | None = None
    key_ref: SecretRef | None = None  # a JWK, or a set of them: the first signs
    authentication: Literal["basic", "post", "key", "certificate"] | None = None  # None: by what is there
    scope: str = ""
    resource: str | None = None  # the API that a token is for
    dpop: bool | None = None  # tokens are bound to a key; None: where the kind demands it
    dpop_key_ref: SecretRef | None = None  # None: a key of each process
    organization: Number | None = None  # on whose behalf
    parent_organization: Number | None = None  # helseid: the one above, for a client of several
    consumer: Number | None = None  # maskinporten: who has delegated to us
    trust: Trust | None = None  # helseid
    certificate_ref: SecretRef | None = None  # our certificate (PEM), with the chain
    certificate_key_ref: SecretRef | None = None  # its key, where that is kept apart
    ca_file: Path | None = None  # who signs the system's certificate, where that is no public authority

    @property
    def bound(self) -> bool:
        """Whether tokens are bound to a key of ours."""
        return self.kind == "helseid" if self.dpop is None else self.dpop

    @model_validator(mode="after")
    def _complete(self) -> Credentials:
        for name in NEEDS.get(self.kind, ()):
            if not getattr(self, name):
                raise ValueError(f'`kind = "{self.kind}"` needs `{name}`')
        if self.kind == "client-credentials":
            self._client()
        for address in (self.issuer, self.token_url):
            if address is not None and not is_safe(address):
                raise ValueError("addresses that give tokens must be https (or this machine)")
        if self.certificate_key_ref and not self.certificate_ref:
            raise ValueError("`certificate_key_ref` belongs to `certificate_ref`")
        return self

    def _client(self) -> None:
        if not (self.issuer or self.token_url):
            raise ValueError("say where tokens are fetched: `issuer` or `token_url`")
        if not (self.secret_ref or self.key_ref or self.certificate_ref):
            raise ValueError("say how we show who we are: `secret_ref`, `key_ref` or `certificate_ref`")
        needed = {"key": self.key_ref, "certificate": self.certificate_ref, None: "nothing more"}
        if not needed.get(self.authentication, self.secret_ref):
            raise ValueError(f'`authentication = "{self.authentication}"` lacks what it shows')

    @model_validator(mode="after")
    def _fitting(self) -> Credentials:
        """What a kind has no use for is a mistake of whoever wrote it."""
        if self.bound and self.kind not in FETCHED:
            raise ValueError(f'`dpop` has no meaning with `kind = "{self.kind}"`')
        if self.dpop_key_ref and not self.bound:
            raise ValueError("`dpop_key_ref` belongs to `dpop`")
        if (self.trust or self.parent_organization) and self.kind != "helseid":
            raise ValueError("`trust` and `parent_organization` are of HelseID")
        if self.organization and self.kind not in ("helseid", "maskinporten"):
            raise ValueError("`organization` of credentials is of HelseID and Maskinporten")
        if self.consumer and self.kind != "maskinporten":
            raise ValueError("`consumer` is of Maskinporten")
        return self
