"""How a person logs in: OpenID Connect code flow with PKCE and pushed authorization requests, from the
first step to proven identities. Keeps nothing and sees no cookie: what must be remembered in between is a
value.

Sources: OpenID Connect Core 1.0 (5.5 `claims`, 3.1.2.1 `max_age`); RFC 7636 (PKCE), RFC 9126 (PAR), RFC 9207
(issuer in the answer), RFC 9449 (DPoP, which HelseID demands also where the access token is thrown away, as
here).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from adapters.tokens import dpop
from adapters.tokens.dpop import Proofs
from gateway.access.client_proof import ClientProof
from gateway.access.id_tokens import Claims, IdTokens
from gateway.access.issuer_calls import Told, post_form
from gateway.access.login_provider import Addresses, LoginProvider
from gateway.config import Login
from gateway.errors import ConfigurationError, NotReady, Unauthenticated
from mappings.canonical import DNR, FHN, FNR, HPR

AUTHENTICATION_CONTEXT: Final = "acrs"  # Entra ID: the policy that was met, as a list; asked for by `claims`
LONGEST = 4096  # characters of a value in the provider's answer


@dataclass(frozen=True, slots=True)
class Begun:
    """A login on its way. Each value is fresh, and used once. anew: the provider is to ask who it is, even of
    somebody who is logged in there. moment: when it began, in unix seconds."""

    state: str
    nonce: str
    verifier: str
    anew: bool = False
    moment: float = 0.0


Identity = tuple[str, str]  # identifier system, value; of a user: the issuer's name in front
OPERATES: Final = "operations"  # the right to see how the gateway stands, and to steer it
SEES_CONTENT: Final = "content"  # the right to see what stands in a message


@dataclass(frozen=True, slots=True)
class Proven:
    """Who came back from the provider. identities: by what the person may be known. rights: of
    operators alone. name: of employees and operators, what the provider calls them."""

    identities: tuple[Identity, ...]
    rights: frozenset[str] = frozenset()
    name: str | None = None


class PeopleLogin:
    """One provider of one tenant. Safe to share between threads."""

    def __init__(self, login: Login, back: str, clock: Callable[[], float]) -> None:
        """back: the address the provider sends people back to."""
        self.login = login
        self._back = back
        self._clock = clock
        self._provider = LoginProvider(login.issuer, clock, pushed=login.pushed)
        self._proof = ClientProof(login, clock)
        self._tokens = IdTokens(login, clock)
        self._proofs = Proofs(clock=clock) if login.dpop else None

    def begin(self, *, anew: bool = False) -> tuple[Begun, str]:
        """What to remember, and where to send the browser. Raises NotReady."""
        places = self._provider.addresses()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = Begun(state, nonce, verifier, anew, self._clock())
        asked = self._asked(begun)
        if places.par is not None:
            asked = {"request_uri": self._pushed(places.par, asked)}
        query = urlencode({"client_id": self.login.client_id, **asked})
        return begun, f"{places.authorize}{'&' if '?' in places.authorize else '?'}{query}"

    def finish(self, begun: Begun, answer: Mapping[str, str]) -> Proven:
        """Who it is, after the provider's answer was checked and its code redeemed.

        Raises Unauthenticated, NotReady."""
        places = self._provider.addresses()
        code = self._code(begun, answer, places)
        redeemed = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": begun.verifier,
        }
        status, tokens = self._post(places.token, redeemed)
        if status != 200:
            raise _refused("login-code")
        claims = self._tokens.check(tokens.get("id_token"), begun.nonce)
        if begun.anew and places.par is None:  # the browser could have taken the question away
            self._tokens.asked_since(claims, begun.moment)
        return proven(self.login, claims)

    def end(self) -> str | None:
        """Where one logs out at the provider too, if it says so. Never waits for long, never raises."""
        try:
            return self._provider.addresses().end
        except NotReady:
            return None

    def _pushed(self, par: str, asked: dict[str, str]) -> str:
        """What stands for the request that the provider has got from us. Raises NotReady."""
        status, answer = self._post(par, asked)
        reference = answer.get("request_uri")
        if status != 201 or not isinstance(reference, str):
            raise NotReady("Innloggingstjenesten tok ikke imot oss.", code="login-refused-us")
        return reference

    def _asked(self, begun: Begun) -> dict[str, str]:
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "redirect_uri": self._back,
            "scope": self.login.scope,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if begun.anew:
            asked |= {"prompt": "login"} | ({} if self.login.pushed else {"max_age": "0"})
        if self._proofs is not None:  # the code is then worth nothing without our key
            asked["dpop_jkt"] = self._proofs.thumbprint
        return asked | self._level()

    def _level(self) -> dict[str, str]:
        """How the security level is asked for; where there is no way, the provider decides."""
        if self.login.acr_claim == "acr":
            return {"acr_values": " ".join(self.login.acr)}
        if self.login.acr_claim != AUTHENTICATION_CONTEXT:
            return {}
        wanted = {AUTHENTICATION_CONTEXT: {"essential": True, "value": self.login.acr[0]}}
        return {"claims": json.dumps({"id_token": wanted})}

    def _code(self, begun: Begun, answer: Mapping[str, str], places: Addresses) -> str:
        state = answer.get("state", "")
        if not hmac.compare_digest(state.encode(), begun.state.encode()):
            raise _refused("login-state")
        if ("iss" in answer or places.names_itself) and answer.get("iss") != self.login.issuer:
            raise _refused("login-issuer")
        if "error" in answer:
            raise _refused("login-denied")
        code = answer.get("code", "")
        if not 0 < len(code) <= LONGEST:
            raise _refused("login-code")
        return code

    def _post(self, url: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Once more with the provider's nonce, and once more with our next key, where it asks for that."""
        nonces, turn = 0, 0
        while True:
            told = self._called(url, fields, turn)
            error = told.body.get("error")
            if error == dpop.WANTED and nonces == 0:
                nonces += 1
            elif error == "invalid_client" and turn == 0:
                turn += 1
            else:
                return told.status, told.body

    def _called(self, url: str, fields: dict[str, str], turn: int) -> Told:
        proof = {dpop.HEADER: self._proofs.proof("POST", url)} if self._proofs else {}
        try:
            shown = self._proof.at(url, turn)
            told = post_form(url, self.login.issuer, {**fields, **shown.fields}, {**shown.headers, **proof})
        except (httpx.HTTPError, ValueError, ConfigurationError, OSError) as error:
            raise NotReady("Innloggingstjenesten svarer ikke.", code="login-unavailable") from error
        if self._proofs is not None:
            self._proofs.told(url, told.headers.get(dpop.NONCE_HEADER), resource=False)
        return told


def user(issuer: str, subject: str) -> Identity:
    """The identity of a user at a provider (`bruker` of a participant)."""
    return f"user {issuer}", subject


def proven(login: Login, claims: Claims) -> Proven:
    """What of the claims counts at this login. Raises Unauthenticated for somebody without its role."""
    if login.who != "operations":
        called = _name(claims) if login.who == "staff" else None
        return Proven(identities(login, claims), name=called)
    said = _roles(claims.get(login.role_claim))
    if login.role not in said:
        raise _refused("login-role")
    rights = {OPERATES} | ({SEES_CONTENT} if login.content_role in said else set())
    return Proven(identities(login, claims), frozenset(rights), _name(claims))


def _name(claims: Claims) -> str | None:
    name = claims.get("name")
    return name[:80] if isinstance(name, str) else None


def _roles(value: object) -> frozenset[object]:
    """A claim's values. One text is one role: a provider that means several gives a list."""
    return frozenset(one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def identities(login: Login, claims: Claims) -> tuple[Identity, ...]:
    """Everything of the claims by which a participant may be known; an HPR number is of staff alone. Whoever
    operates the gateway is nobody's participant, whatever the provider tells of them."""
    found = [user(login.issuer, claims["sub"])]
    if login.who == "operations":
        return tuple(found)
    national = claims.get(login.national_id_claim)
    if isinstance(national, str) and len(national) == 11 and national.isdecimal():
        found += [(system, national) for system in (FNR, DNR, FHN)]
    health = claims.get(login.hpr_claim)
    if login.who == "staff" and isinstance(health, str) and health.isdecimal() and len(health) <= 9:
        found.append((HPR, health))
    return tuple(found)


def _refused(code: str) -> Unauthenticated:
    return Unauthenticated("Innloggingen kunne ikke bekreftes.", code=code)
