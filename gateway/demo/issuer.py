"""The demo's own issuer: gives machines access tokens for a client id and a secret (RFC 6749, 4.4), and lets
people log in as one of the sample people (openid_provider.py).

A stand-in for HelseID, Maskinporten and ID-porten in the demo alone; the gateway checks its tokens like
anyone's. It answers on this machine only, and only where it is called by this machine's own address.
"""

from __future__ import annotations

import argparse
import binascii
import hmac
import os
import time
import uuid
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.middleware.trustedhost import TrustedHostMiddleware

from gateway.demo import serving
from gateway.demo.login_clients import LoginClient, LoginClients
from gateway.demo.openid_provider import NO_STORE, Fields, OpenidProvider, Refused, add_login

LIFETIME_SECONDS = 600


class Client(msgspec.Struct, frozen=True):
    """Someone who may have tokens."""

    secret: str
    scopes: frozenset[str]


class Clients(msgspec.Struct, frozen=True):
    """The clients file: whom the tokens are for, who may have them, and where people log in."""

    audience: str
    clients: dict[str, Client]
    logins: dict[str, LoginClient] = {}


def signing_key(folder: Path) -> ECKey:
    """The key in the folder; made on first use, readable by its owner only."""
    path = folder / "issuer-key.json"
    if path.exists():
        return ECKey.import_key(msgspec.json.decode(path.read_bytes()))
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(key.as_dict(private=True)))
    return key


def build(url: str, key: ECKey, known: Clients) -> FastAPI:
    """The issuer as an application. url: its name in tokens, without a slash at the end."""
    app = FastAPI(title="Demoutsteder", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[serving.HOST])  # no other name leads here
    serving.add_pages(app, *{_origin(login.back) for login in known.logins.values()})
    provider = OpenidProvider(url, key, LoginClients(known.logins, url))
    _add_descriptions(app, url, key, provider)
    add_login(app, provider)

    @app.post("/token")
    def token(request: Request, form: Fields) -> JSONResponse:
        try:
            if form.get("grant_type") == "authorization_code":
                return JSONResponse(provider.redeem(form), 200, NO_STORE)
            return JSONResponse(_machine_token(request, form), 200, NO_STORE)
        except Refused as refused:
            return JSONResponse({"error": refused.error}, refused.status, NO_STORE)

    def _machine_token(request: Request, form: dict[str, str]) -> dict[str, Any]:
        named = _credentials(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        claims = _claims(known, *named, form.get("grant_type", ""), form.get("scope", "")) | {"iss": url}
        text = jwt.encode({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, claims, key)
        answer = {"access_token": text, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS}
        return answer | {"scope": claims["scope"]}

    return app


def _add_descriptions(app: FastAPI, url: str, key: ECKey, provider: OpenidProvider) -> None:
    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
        return {
            "issuer": url,
            "jwks_uri": f"{url}/jwks",
            "token_endpoint": f"{url}/token",
            "grant_types_supported": ["client_credentials", "authorization_code"],
            "token_endpoint_auth_methods_supported": methods,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            **provider.described(),
        }

    @app.get("/jwks")
    def jwks() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False)]}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("invalid_client", 401) from error
    return name, secret


def _claims(known: Clients, name: str, secret: str, grant_type: str, scope: str) -> dict[str, Any]:
    client = known.clients.get(name)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        raise Refused("invalid_client", 401)
    if grant_type != "client_credentials":
        raise Refused("unsupported_grant_type")
    asked = frozenset(scope.split()) or client.scopes
    if not asked <= client.scopes:
        raise Refused("invalid_scope")
    now = int(time.time())
    return {
        "aud": known.audience,
        "sub": name,
        "client_id": name,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": uuid.uuid4().hex,
        "scope": " ".join(sorted(asked)),
    }


def main() -> None:
    """python -m gateway.demo.issuer --port N --state FOLDER (with clients.json in it)."""
    parser = argparse.ArgumentParser(description="Demoutsteder av token")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    arguments = parser.parse_args()
    known = msgspec.json.decode((arguments.state / "clients.json").read_bytes(), type=Clients)
    url = f"http://{serving.HOST}:{arguments.port}"
    serving.serve(build(url, signing_key(arguments.state), known), arguments.port)


if __name__ == "__main__":
    main()
