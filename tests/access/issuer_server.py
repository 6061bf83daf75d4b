"""A token issuer on loopback for these tests: real keys, real HTTP; counts how often its keys are fetched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key

NOW = 1_795_000_000.0
AUDIENCE = "stafettbro"


class Issuer:
    """Keys to sign with and the documents it publishes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key: Key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
        self.published: list[dict[str, Any]] = [self.key.as_dict(private=False)]
        self.named = url
        self.jwks_url = url + "/jwks"
        self.answers = True
        self.fetches = 0

    def claims(self, **changes: Any) -> dict[str, Any]:
        """A valid access token's claims; a change to None removes one."""
        standard = {
            "iss": self.url,
            "aud": AUDIENCE,
            "client_id": "logg",
            "exp": int(NOW) + 600,
            "iat": int(NOW),
            "scope": "records.write timeline.read",
        }
        return {k: v for k, v in (standard | changes).items() if v is not None}

    def token(self, header: dict[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        """A signed token."""
        full = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"} | (header or {})
        kept = {k: v for k, v in full.items() if v is not None}
        return jwt.encode(kept, self.claims(**claims), key or self.key, algorithms=[full["alg"]])

    def document(self, path: str) -> dict[str, Any] | None:
        """What it answers at a path."""
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.named, "jwks_uri": self.jwks_url}
        if path == "/jwks":
            self.fetches += 1
            return {"keys": self.published}
        return None


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = issuer.document(self.path) if issuer.answers else None
            body = json.dumps(document).encode()
            self.send_response(200 if document else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
