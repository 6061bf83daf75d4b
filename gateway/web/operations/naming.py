"""What lanes and messages are called in the operators' addresses: their ids, sealed by the session. Whoever
else has the address learns nothing and finds nothing."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from fastapi import Path

from gateway.access.login_sessions import Session
from gateway.errors import NotFound

FORM: Final = r"^[A-Za-z0-9_-]{23,200}$"
Sealed = Annotated[str, Path(pattern=FORM)]


def sealed(session: Session, kind: str, own: str) -> str:
    """The name of a thing that has an id. kind: of what sort it is; no name counts for another sort."""
    made = _cipher(session).encrypt(own.encode(), [kind.encode()])
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def opened(session: Session, kind: str, given: str) -> str:
    """The id that a name means. Raises NotFound for what this session has not named so."""
    try:
        padded = given + "=" * (-len(given) % 4)
        return _cipher(session).decrypt(urlsafe_b64decode(padded), [kind.encode()]).decode()
    except (InvalidTag, ValueError):
        raise NotFound("Not here") from None


def _cipher(session: Session) -> AESSIV:
    return AESSIV(hmac.new(session.secret, b"operations", hashlib.sha512).digest())
