"""A client at the provider that is configured like HelseID: asks for tokens as HelseID demands it, for itself
or for a person who logs in. Written for these tests, which try more than the gateway's own clients."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc.jwk import ECKey, Key, RSAKey

from tests.access.possession import b64, signed

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BACK = "https://client.example/back"


def new_key(algorithm: str) -> Key:
    """A key that signs with this algorithm."""
    if algorithm.startswith("ES"):
        return ECKey.generate_key("P-256", {"alg": algorithm, "use": "sig", "kid": "k1"})
    return RSAKey.generate_key(2048, {"alg": algorithm, "use": "sig", "kid": "k1"})


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token."""
    header, claims, _ = token.split(".")
    read = (json.loads(base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))) for one in (header, claims))
    return next(read), next(read)


@dataclass
class Client:
    """One client. algorithm: of its assertions and proofs; bound: whether its tokens are bound to its key."""

    name: str
    organization: str = "359797117"
    algorithm: str = "ES256"
    bound: bool = True
    people: bool = False
    provider: str = ""
    nonce: str | None = None
    own: Key = field(init=False)
    proving: Key = field(init=False)

    def __post_init__(self) -> None:
        self.own, self.proving = new_key(self.algorithm), new_key(self.algorithm)

    def registered(self) -> dict[str, Any]:
        """As the provider knows it."""
        known: dict[str, Any] = {
            "client_id": self.name,
            "organization": self.organization,
            "token_endpoint_auth_signing_alg": self.algorithm,
            "dpop_bound_access_tokens": self.bound,
            "jwks": {"keys": [self.own.as_dict(private=False)]},
        }
        code = {"grant_types": ["authorization_code"], "response_types": ["code"], "redirect_uris": [BACK]}
        return known | (code if self.people else {})

    def token(self, scope: str) -> str:
        """For itself."""
        return self._redeemed({"grant_type": "client_credentials", "scope": scope})

    def token_of(self, who: str, level: str, scope: str) -> str:
        """For a person who logs in at this level."""
        verifier = secrets.token_urlsafe(32)
        challenge = b64(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "response_type": "code", "redirect_uri": BACK, "scope": f"openid {scope}", "nonce": "n",
            "code_challenge": challenge, "code_challenge_method": "S256", "client_id": self.name,
        }  # fmt: skip
        pushed = self._post("/request", asked)
        assert pushed.status_code == 201, pushed.text
        with httpx.Client(base_url=self.provider, follow_redirects=False, trust_env=False) as browser:
            there = browser.get(
                "/auth", params={"client_id": self.name, "request_uri": pushed.json()["request_uri"]}
            )
            resumed = browser.post(there.headers["location"], data={"who": who, "acr": level})
            back = browser.get(resumed.headers["location"]).headers["location"]
        assert "code=" in back, back
        (code,) = parse_qs(urlsplit(back).query)["code"]
        return self._redeemed(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": BACK,
                "code_verifier": verifier,
            }
        )

    def proof(self, method: str, address: str, nonce: str | None, token: str | None = None) -> str:
        """A proof of its key."""
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": address, "iat": int(time.time())}
        claims |= {"nonce": nonce} if nonce else {}
        claims |= {"ath": b64(hashlib.sha256(token.encode()).digest())} if token else {}
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": _public(self.proving)}
        return signed(header, claims, self.proving, self.algorithm)

    def _redeemed(self, fields: dict[str, str]) -> str:
        answer = self._post("/token", fields)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["token_type"] == ("DPoP" if self.bound else "Bearer")
        token: str = found["access_token"]
        return token

    def _post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """With a proof, twice at most: the first answer may bring the nonce."""
        for _ in range(2):
            address = self.provider + path
            headers = {"DPoP": self.proof("POST", address, self.nonce)} if self.bound else {}
            answer = httpx.post(address, data=fields | self._shown(), headers=headers, trust_env=False)
            self.nonce = answer.headers.get("dpop-nonce", self.nonce)
            if answer.json().get("error") != "use_dpop_nonce":
                break
        return answer

    def _shown(self) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": self.name, "sub": self.name, "aud": self.provider, "jti": str(uuid.uuid4()),
            "iat": now, "nbf": now, "exp": now + 10,
        }  # fmt: skip
        header = {"alg": self.algorithm, "typ": "client-authentication+jwt", "kid": "k1"}
        made = signed(header, claims, self.own, self.algorithm)
        return {"client_id": self.name, "client_assertion_type": KIND, "client_assertion": made}


def _public(key: Key) -> dict[str, Any]:
    return {
        name: value for name, value in key.as_dict(private=False).items() if name not in ("kid", "use", "alg")
    }
