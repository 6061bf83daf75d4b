"""What `check` says of how we are let in at each system: are the secrets there and fit, does a token come,
how long does our certificate last. Shows where secrets are kept, never what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from adapters.contract import NoToken
from adapters.tokens.addresses import is_safe
from adapters.tokens.cached import Cached
from adapters.tokens.faults import host
from gateway.access.tokens_out import token_source
from gateway.config import System, secret
from gateway.errors import ConfigurationError
from gateway.operating.faults import expected, fault
from gateway.operating.findings import Found

REFERENCES: Final = {
    "token_ref": "token",
    "secret_ref": "secret",
    "key_ref": "key",
    "dpop_key_ref": "DPoP key",
    "certificate_ref": "certificate",
    "certificate_key_ref": "certificate key",
}
SOON: Final = timedelta(days=30)  # before a certificate ends


def references(system: System) -> dict[str, str | None]:
    """Where the secrets of a system are kept, by what they are."""
    given = system.credentials
    return {f"{name} of {system.id}": getattr(given, key) for key, name in REFERENCES.items()}


def without_connection(system: System) -> Iterator[Found]:
    """What can be known without asking anybody."""
    about = f"credentials of {system.id}"
    given = system.credentials
    if system.url is not None and not is_safe(system.url):
        yield Found("warning", about, "what goes there, secrets too, can be read on its way: use https")
    if not all(map(_readable, references(system).values())):
        return  # that is told of by itself
    try:
        token_source(system)
    except (ConfigurationError, OSError) as error:
        yield Found("error", about, expected(error) or fault(error))
        return
    if given.certificate_ref is not None:
        yield _lasting(about, secret(given.certificate_ref))
    if given.trust is not None and given.trust.purpose in ("ETREAT", "BTG"):
        text = (
            f'every call says "{given.trust.purpose}": emergency access is for single acts of named persons'
        )
        yield Found("warning", about, text)


def with_connection(system: System) -> Found | None:
    """Whether a token comes; None where none is fetched."""
    about = f"token for {system.id}"
    try:
        source = token_source(system)
        if not isinstance(source, Cached):
            return None
        seconds = asyncio.run(source.seconds_left())
    except NoToken as error:
        return Found("error", about, error.detail)
    except (ConfigurationError, OSError) as error:
        return Found("error", about, expected(error) or fault(error))
    given = system.credentials
    giver = host(given.issuer or given.token_url or system.url or "")
    bound = ", bound to our key (DPoP)" if given.bound else ""
    return Found("ok", about, f"{giver} gave one, to be used for {max(1, round(seconds / 60))} min{bound}")


def _readable(reference: str | None) -> bool:
    try:
        return reference is None or bool(secret(reference))
    except (ConfigurationError, OSError):
        return False


def _lasting(about: str, pem: str) -> Found:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    ends = certificate.not_valid_after_utc
    left = ends - datetime.now(UTC)
    text = f"our certificate counts until {ends:%Y-%m-%d}"
    if left <= timedelta(0):
        return Found("error", about, f"our certificate ended on {ends:%Y-%m-%d}")
    return Found("warning" if left < SOON else "ok", about, text)
