"""One row of the tables of forged requests: a name, the code of the refusal, and how the request is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.access.possession import Holder, Sent

Make = Callable[[Holder], Sent]


@dataclass(frozen=True)
class Forged:
    """A request that is right but for one thing. twice: it is right, and shown again."""

    name: str
    code: str
    make: Make
    twice: bool = False

    @property
    def status(self) -> int:
        """What it is answered with."""
        return 403 if self.code == "scope-missing" else 401

    @property
    def error(self) -> str | None:
        """What WWW-Authenticate says (RFC 6750 §3.1, RFC 9449 §7.1 and §9)."""
        if self.code == "token-missing":
            return None
        if self.code == "scope-missing":
            return "insufficient_scope"
        if self.code == "dpop-nonce":
            return "use_dpop_nonce"
        return "invalid_dpop_proof" if self.code.startswith("dpop-") else "invalid_token"

    def fault(self, status: int, headers: Mapping[str, str], body: dict[str, Any]) -> str | None:
        """What is wrong with a refusal; None where nothing is. Names of headers in lower case."""
        said = set(re.findall(r'error="([a-z_]+)"', headers.get("www-authenticate", "")))
        if status != self.status or said != ({self.error} if self.error else set()):
            return f"{status} {said} {body}"
        if body.get("code", self.code) != self.code:  # under /fhir there is an OperationOutcome instead
            return f"{body}"
        if self.code == "dpop-nonce" and not headers.get("dpop-nonce"):
            return "no nonce to go on with"
        return None


BASE: Final = "https://gateway.fjordbyen.example"  # how callers know the gateway
PREFIX: Final = "nhn:stafettbro/"
PERSON: Final = {"sub": "somebody"}
SECURITY_LEVEL: Final = "helseid://claims/identity/security_level"
ORGANIZATION: Final = "helseid://claims/client/claims/orgnr_parent"
EVIL: Final = "https://evil.example"
# What each of these requests says beside: addresses that are not the gateway's, and must not count.
HOST: Final = "inside.example"
FORWARDED: Final = "outside.example"
AROUND: Final = (
    ("host", HOST),
    ("x-forwarded-host", FORWARDED),
    ("x-forwarded-proto", "http"),
    ("forwarded", f"host={FORWARDED};proto=http"),
)
