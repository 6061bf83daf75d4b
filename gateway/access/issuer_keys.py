"""The public keys that an issuer signs its tokens with: fetched from its JWKS, kept for a day.

Beside the way of the data: `tokens_in` asks here for the key of a token. Fetches only from addresses the
configuration or the issuer's own discovery document names, never from anything a token says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from adapters.tokens.addresses import is_safe
from gateway.access.issuer_calls import get_json
from gateway.config import Issuer
from gateway.errors import ConfigurationError, NotReady

KEEP_SECONDS = 24 * 3600.0  # keys older than this are not used
UNKNOWN_KEY_SECONDS = 60.0  # an unknown key id makes us ask again at most this often
FAILURE_SECONDS = 2.0  # after a failed fetch, wait this long before the next
KEY_TYPES = frozenset({"EC", "RSA", "OKP"})  # never "oct": a shared secret is not a public key


class IssuerKeys:
    """One issuer's keys. Safe to share between threads; a fetch happens in one of them at a time."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float]) -> None:
        for address in (issuer.issuer, issuer.jwks_url):
            if address is not None and not is_safe(address):
                raise ConfigurationError(f"issuer {issuer.issuer}: {address} must be https (or this machine)")
        self._issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: tuple[Key, ...] = ()
        self._fetched: float | None = None  # when the keys in hand were fetched
        self._not_before = 0.0  # no new fetch earlier than this

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key for a token's `kid` and `alg`; None when the issuer has none. Raises NotReady."""
        key = self._known(kid, algorithm)
        if key is not None:
            return key
        with self._lock:
            key = self._known(kid, algorithm)
            if key is None and self._clock() >= self._not_before:
                self._fetch()
                key = self._known(kid, algorithm)
            if key is None and not self._fresh():
                raise NotReady("The issuer's keys cannot be fetched now", code="issuer-unavailable")
        return key

    def _fresh(self) -> bool:
        return self._fetched is not None and self._clock() - self._fetched < KEEP_SECONDS

    def _known(self, kid: str | None, algorithm: str) -> Key | None:
        if not self._fresh():
            return None
        fitting = [k for k in self._keys if k.get("alg") in (None, algorithm) and kid in (None, k.kid)]
        return fitting[0] if len(fitting) == 1 else None

    def _fetch(self) -> None:
        now = self._clock()
        try:
            document = get_json(self._keys_url(), self._issuer.jwks_url or self._issuer.issuer)
        except (httpx.HTTPError, ValueError):
            self._not_before = now + FAILURE_SECONDS
            return
        self._keys = usable_keys(document)
        self._fetched = now
        self._not_before = now + UNKNOWN_KEY_SECONDS

    def _keys_url(self) -> str:
        if self._issuer.jwks_url is not None:
            return self._issuer.jwks_url
        document = get_json(
            self._issuer.issuer.rstrip("/") + "/.well-known/openid-configuration", self._issuer.issuer
        )
        url = document.get("jwks_uri")
        if document.get("issuer") != self._issuer.issuer or not isinstance(url, str) or not is_safe(url):
            raise ValueError("the discovery document does not belong to this issuer")
        return url


def usable_keys(document: dict[str, Any]) -> tuple[Key, ...]:
    """The signature keys of a JWKS. Keys we cannot read or must not trust are left out."""
    entries = document.get("keys")
    keys = (_usable_key(entry) for entry in entries) if isinstance(entries, list) else ()
    return tuple(key for key in keys if key is not None)


def _usable_key(entry: Any) -> Key | None:
    if not isinstance(entry, dict) or entry.get("kty") not in KEY_TYPES or entry.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(key, ECKey | RSAKey | OKPKey) or key.is_private:
        return None
    return None if isinstance(key, RSAKey) and key.raw_value.key_size < 2048 else key
