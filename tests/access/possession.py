"""Who comes with a token: a client with a key of its own, what it signs, and what it sends. Every part may be
forged, and nothing is refused here."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, Key

Headers = list[tuple[str, str]]


def b64(value: object) -> str:
    """One part of a JWT; bytes stay as they are."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(header: object, payload: object, key: Key, algorithm: str = "ES256") -> str:
    """A JWS over exactly these bytes, whatever its header says."""
    said = f"{b64(header)}.{b64(payload)}"
    made = jws.JWSRegistry.algorithms[algorithm].sign(said.encode(), key)
    return f"{said}.{b64(made)}"


def kept(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is None."""
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Sent:
    """A request on its way: its address, headers in order, and body."""

    method: str
    address: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True)
class Holder:
    """A client that holds a bound token. base: the gateway's public address; nonce: the newest it was given;
    token: valid, bound to `key`; header, claims: the token's; issuer: the key it was signed with; neighbour:
    another issuer, whose tokens are bearer tokens; bearer: one of them; stale: a nonce that was good once."""

    base: str
    nonce: str
    key: ECKey
    token: str
    header: dict[str, Any]
    claims: dict[str, Any]
    issuer: Key
    neighbour: str
    bearer: str
    stale: str
    method: str = "GET"
    path: str = "/"
    thief: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def at(self, method: str, path: str) -> Holder:
        """The same client, about to ask here."""
        return replace(self, method=method, path=path)

    def reissued(self, header: dict[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        """A token as the issuer would have signed it, with other claims; None takes one away."""
        said = kept(self.header | (header or {}))
        return signed(said, kept(self.claims | claims), key or self.issuer, self.header["alg"])

    def proof(
        self, token: str | None = None, header: Any = None, key: Key | None = None, **claims: Any
    ) -> str:
        """A proof for this request and token; what is given takes the place of what is right."""
        own = key or self.key
        said = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        right = {
            "jti": str(uuid.uuid4()),
            "htm": self.method,
            "htu": self.base + self.path,
            "iat": int(time.time()),
            "ath": b64(hashlib.sha256((token or self.token).encode()).digest()),
            "nonce": self.nonce,
        }
        return signed(kept(said | (header or {})), kept(right | claims), own)

    def sent(
        self, token: str | None = None, *proofs: str, scheme: str = "DPoP", address: str | None = None
    ) -> Sent:
        """The request with this token and these proofs; without any, with a right one."""
        shown = token or self.token
        headers = [("authorization", f"{scheme} {shown}")]
        headers += [("dpop", proof) for proof in proofs or (self.proof(shown),)]
        return Sent(self.method, address or self.path, headers)

    def bare(self, *headers: tuple[str, str], address: str | None = None, body: bytes = b"") -> Sent:
        """The request with these headers and no other."""
        return Sent(self.method, address or self.path, list(headers), body)
