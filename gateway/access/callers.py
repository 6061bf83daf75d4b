"""Which systems a client may act for, where, and how far, as the configuration says it. Checks no token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.config import Client, Settings
from gateway.errors import ConfigurationError, Forbidden

Holder = tuple[str, str, str | None]  # issuer, client_id, the organization that its tokens name


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. system: the connected system it acts for, None for an operator; organization: who runs
    that system; scopes: those of the token that the configuration also grants; holder: as the configuration
    knows the client."""

    tenant: str
    client_id: str
    system: str | None
    organization: str | None
    scopes: frozenset[str]
    holder: Holder | None = field(default=None, compare=False)


def ceilings(settings: Settings) -> dict[Holder, tuple[Caller, ...]]:
    """The most each client may have, once for each municipality that it works for. Raises
    ConfigurationError."""
    found: dict[Holder, tuple[Caller, ...]] = {}
    for client in settings.clients:
        key, one = (client.issuer, client.client_id, client.organization), _ceiling(settings, client)
        known = found.get(key, ())
        if any(one.tenant == other.tenant for other in known):
            raise ConfigurationError("clients: the same issuer and client_id stand twice in one tenant")
        if known and None in (one.system, known[0].system):
            raise ConfigurationError(f"clients: {client.client_id} of several tenants needs a system in each")
        found[key] = (*known, one)
    return found


def subjects(settings: Settings) -> Mapping[tuple[str, str], frozenset[str]]:
    """By issuer and client: the subjects of tokens that are about the client itself, and no person."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for client in settings.clients:
        key = client.issuer, client.client_id
        own = {client.client_id} | ({client.subject} if client.subject else set())
        found[key] = found.get(key, frozenset()) | own
    return found


def chosen(callers: tuple[Caller, ...], acting: str | None) -> Caller:
    """In which municipality a request is made: never in more than one. Raises Forbidden."""
    if len(callers) == 1:
        return callers[0]
    if acting is None:
        raise Forbidden("This client works in several municipalities: name its system", code="which-system")
    for one in callers:
        if one.system == acting:
            return one
    raise Forbidden("This client acts for other systems", code="other-system")


def _ceiling(settings: Settings, client: Client) -> Caller:
    system = settings.system(client.system) if client.system else None
    organization = system.organization if system else None
    holder = (client.issuer, client.client_id, client.organization)
    return Caller(client.tenant, client.client_id, client.system, organization, client.scopes, holder)
