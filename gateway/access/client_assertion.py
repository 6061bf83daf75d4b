"""How we prove at a login provider who we are: a short-lived assertion signed with our private key
(private_key_jwt), a fresh one for each call.

Sources: RFC 7523; HelseID's profile (aud is the issuer, typ client-authentication+jwt, at most 10 s).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from gateway import jsontext
from gateway.config import Login, secret
from gateway.errors import ConfigurationError

LIFETIME_SECONDS = 10
KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CURVES = {"P-256": "ES256", "P-384": "ES384"}


class ClientAssertion:
    """Makes assertions of one client. Raises ConfigurationError where its key is missing or unfit."""

    def __init__(self, login: Login, clock: Callable[[], float]) -> None:
        self._login = login
        self._clock = clock
        self._key = _key(login)
        self._algorithm = _algorithm(login, self._key)

    def fields(self) -> dict[str, str]:
        """The form fields of one call."""
        now = int(self._clock())
        name = self._login.client_id
        header = {"alg": self._algorithm, "typ": "client-authentication+jwt"}
        if self._key.kid:
            header["kid"] = self._key.kid
        claims = {
            "iss": name,
            "sub": name,
            "aud": self._login.issuer,
            "jti": uuid.uuid4().hex,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
        }
        made = jwt.encode(header, claims, self._key, algorithms=[self._algorithm])
        return {"client_id": name, "client_assertion_type": KIND, "client_assertion": made}


def _key(login: Login) -> ECKey | RSAKey:
    try:
        key = import_key(jsontext.decode(secret(login.key_ref)))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"login {login.id}: {login.key_ref} holds no key (JWK)") from error
    if not isinstance(key, ECKey | RSAKey) or not key.is_private:
        raise ConfigurationError(f"login {login.id}: {login.key_ref} holds no private key of EC or RSA")
    return key


def _algorithm(login: Login, key: ECKey | RSAKey) -> str:
    if isinstance(key, RSAKey):
        chosen = key.get("alg", "RS256")
        fits = chosen in ("RS256", "PS256") and key.raw_value.key_size >= 2048
    else:
        chosen = _CURVES.get(str(key.get("crv")), "")
        fits = bool(chosen)
    if not fits:
        raise ConfigurationError(f"login {login.id}: the key in {login.key_ref} is not strong enough")
    return str(chosen)
