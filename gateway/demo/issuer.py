"""The demo's own token issuer: gives machines access tokens for a client id and a secret (RFC 6749, 4.4).

A stand-in for HelseID or Maskinporten in the demo alone; the gateway checks its tokens like anyone's.
"""

from __future__ import annotations

import argparse
import binascii
import hmac
import os
import time
import uuid
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.demo import serving

LIFETIME_SECONDS = 600


class Client(msgspec.Struct, frozen=True):
    """Someone who may have tokens."""

    secret: str
    scopes: frozenset[str]


class Clients(msgspec.Struct, frozen=True):
    """The clients file: whom the tokens are for, and who may have them."""

    audience: str
    clients: dict[str, Client]


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """An OAuth error answer."""

    error: str
    status: int = 400


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

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        return {
            "issuer": url,
            "jwks_uri": f"{url}/jwks",
            "token_endpoint": f"{url}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    @app.get("/jwks")
    def jwks() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False)]}

    @app.post("/token")
    def token(
        request: Request,
        grant_type: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
        scope: Annotated[str, Form()] = "",
    ) -> JSONResponse:
        try:
            name, secret = _credentials(request) or (client_id, client_secret)
            claims = _claims(known, name, secret, grant_type, scope) | {"iss": url}
        except Refusal as refusal:
            return JSONResponse({"error": refusal.error}, refusal.status, {"Cache-Control": "no-store"})
        text = jwt.encode({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, claims, key)
        answer = {"access_token": text, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS}
        return JSONResponse(answer | {"scope": claims["scope"]}, 200, {"Cache-Control": "no-store"})

    return app


def _credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal("invalid_client", 401) from error
    return name, secret


def _claims(known: Clients, name: str, secret: str, grant_type: str, scope: str) -> dict[str, Any]:
    client = known.clients.get(name)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        raise Refusal("invalid_client", 401)
    if grant_type != "client_credentials":
        raise Refusal("unsupported_grant_type")
    asked = frozenset(scope.split()) or client.scopes
    if not asked <= client.scopes:
        raise Refusal("invalid_scope")
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
