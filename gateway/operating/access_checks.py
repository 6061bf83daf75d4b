"""What `check` says of those who come to us: issuers, clients, logins. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.config import Settings
from gateway.operating.findings import Found

UNCHOSEN = (
    'says nothing of `tokens`, so only bound ones count: write "dpop", or "bearer" where it gives those'
)
UNNAMED = "is empty: all who log in by way of a proxy count as one address, and wait for each other"


def of_callers(settings: Settings) -> Iterator[Found]:
    """What is left to chance, or leads nowhere."""
    for issuer in settings.issuers:
        if "tokens" not in issuer.model_fields_set:
            yield Found("warning", f"issuer {issuer.issuer}", UNCHOSEN)
    for client in settings.clients:
        if not client.scopes:
            yield Found("warning", f"client {client.client_id}", "has no scopes: it may do nothing")
    if settings.logins and not settings.proxies and urlsplit(settings.public_url).scheme == "https":
        yield Found("warning", "proxies", UNNAMED)
