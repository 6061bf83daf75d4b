"""The demo's login for people: an OpenID provider where one says who to be with a click. Stands where
ID-porten and HelseID stand in an installation, and asks for what they ask for; it proves nothing.

It knows the sample people alone, answers the gateway of the same demo alone, and its ID tokens say a level
that no installation accepts. Sources: OpenID Connect Core 1.0; RFC 7636 (PKCE), RFC 9126 (PAR), RFC 9207.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.config_callers import DEMO_LEVEL
from gateway.demo import people, serving
from gateway.demo.login_clients import LoginClients, NotProven
from gateway.demo.people import SamplePerson
from gateway.demo.waiting import Waiting

HPR_CLAIM: Final = "helseid://claims/hpr/hpr_number"
REFERENCE: Final = "urn:ietf:params:oauth:request_uri:"
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
PUSHED_SECONDS, CODE_SECONDS, ID_TOKEN_SECONDS = 600, 60, 60
NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Wish:
    """A login that the gateway asked for: what it will want to see again."""

    client: str
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """An OAuth error answer."""

    error: str
    status: int = 400


class OpenidProvider:
    """Logins under way. clock: seconds since 1970."""

    def __init__(
        self, url: str, key: ECKey, clients: LoginClients, clock: Callable[[], float] = time.time
    ) -> None:
        self.clients = clients
        self._url = url
        self._key = key
        self._clock = clock
        self._wishes: Waiting[Wish] = Waiting(PUSHED_SECONDS, clock)
        self._codes: Waiting[tuple[Wish, SamplePerson]] = Waiting(CODE_SECONDS, clock)

    def described(self) -> dict[str, Any]:
        """What the discovery document says of logins."""
        return {
            "authorization_endpoint": f"{self._url}/hvem",
            "pushed_authorization_request_endpoint": f"{self._url}/par",
            "require_pushed_authorization_requests": True,
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "acr_values_supported": [DEMO_LEVEL],
        }

    def push(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A pushed authorization request: what names it. Raises Refused."""
        client = self._caller(form)
        if form.get("response_type") != "code" or "openid" not in form.get("scope", "").split():
            raise Refused("invalid_request")
        if form.get("redirect_uri") != self.clients.known[client].back:
            raise Refused("invalid_request")
        challenge = form.get("code_challenge", "")
        if form.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
            raise Refused("invalid_request")
        wish = Wish(client, form.get("state", ""), form.get("nonce", ""), challenge)
        if not wish.state or not wish.nonce:
            raise Refused("invalid_request")
        return {"request_uri": REFERENCE + self._wishes.keep(wish), "expires_in": PUSHED_SECONDS}

    def wish(self, client: str, reference: str) -> Wish | None:
        """The login that a browser came with."""
        found = self._wishes.look(reference.removeprefix(REFERENCE))
        return found if found is not None and found.client == client else None

    def chosen(self, client: str, reference: str, subject: str) -> str | None:
        """Where the browser goes with the answer; None where there is nothing to answer any more."""
        who = people.person(subject)
        if self.wish(client, reference) is None or who is None or who.who != self.clients.known[client].who:
            return None
        wish = self._wishes.take(reference.removeprefix(REFERENCE))
        if wish is None:
            return None
        answer = {"code": self._codes.keep((wish, who)), "state": wish.state, "iss": self._url}
        return f"{self.clients.known[client].back}?{urlencode(answer)}"

    def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The tokens for a code. Raises Refused."""
        client = self._caller(form)
        wish, who = self._codes.take(form.get("code", "")) or (None, None)
        if wish is None or who is None or wish.client != client:
            raise Refused("invalid_grant")
        verifier = form.get("code_verifier", "")
        if form.get("redirect_uri") != self.clients.known[client].back or not VERIFIER.fullmatch(verifier):
            raise Refused("invalid_grant")
        if not hmac.compare_digest(create_s256_code_challenge(verifier), wish.challenge):
            raise Refused("invalid_grant")
        opens_nothing = secrets.token_urlsafe(16)
        tokens = {"access_token": opens_nothing, "token_type": "Bearer", "expires_in": ID_TOKEN_SECONDS}
        return tokens | {"id_token": self._id_token(wish, who), "scope": "openid"}

    def _caller(self, form: Mapping[str, str]) -> str:
        try:
            return self.clients.proven(form, int(self._clock()))
        except NotProven as error:
            raise Refused("invalid_client", 401) from error

    def _id_token(self, wish: Wish, who: SamplePerson) -> str:
        now = int(self._clock())
        claims: dict[str, Any] = {"iss": self._url, "aud": wish.client, "nonce": wish.nonce}
        claims |= {
            "sub": who.subject,
            "iat": now,
            "auth_time": now,
            "exp": now + ID_TOKEN_SECONDS,
            "acr": DEMO_LEVEL,
        }
        claims |= {"pid": who.national_id} if who.national_id else {}
        claims |= {HPR_CLAIM: who.hpr} if who.hpr else {}
        claims |= {"roles": list(who.roles), "name": who.name} if who.roles else {}
        return jwt.encode({"alg": "ES256", "kid": self._key.kid, "typ": "JWT"}, claims, self._key)


async def fields(request: Request) -> dict[str, str]:
    """A form, each field once: the first counts."""
    given = await request.form()
    return {name: value for name, value in reversed(given.multi_items()) if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(fields)]


def add_login(app: FastAPI, provider: OpenidProvider) -> None:
    """The addresses of a login, but that of tokens, which is the machines' too."""

    @app.post("/par")
    def push(form: Fields) -> JSONResponse:
        try:
            return JSONResponse(provider.push(form), 201, NO_STORE)
        except Refused as refused:
            return JSONResponse({"error": refused.error}, refused.status, NO_STORE)

    @app.get("/hvem", response_class=HTMLResponse)
    def whom(request: Request, client_id: str = "", request_uri: str = "") -> Response:
        if provider.wish(client_id, request_uri) is None:
            return _page(request, provider, None)
        return _page(request, provider, client_id, request_uri)

    @app.post("/hvem")
    def choose(request: Request, form: Fields) -> Response:
        wish = form.get("client_id", ""), form.get("request_uri", "")
        back = provider.chosen(*wish, form.get("person", ""))
        if back is None:
            return _page(request, provider, None)
        return RedirectResponse(back, 303, NO_STORE)


def _page(request: Request, provider: OpenidProvider, client: str | None, reference: str = "") -> Response:
    known = provider.clients.known
    who = known[client].who if client else ""
    values = {
        "client": client,
        "reference": reference,
        "people": people.of_kind(who),
        "others": [one for one in people.PEOPLE if one.who != who],
        "home": next((one.home for one in known.values()), "/"),
    }
    return serving.templates.TemplateResponse(request, "who.html", values, 200 if client else 400)
