"""What lets an adapter in: the headers of each kind of credential. Holds secrets in memory only and never
puts them into a message."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.parse import quote

import httpx

from adapters import jsontext
from adapters.contract import TokenSource, Unavailable

LEEWAY: Final = 30.0  # seconds before expiry from which a token is not used any more
UNSTATED: Final = 60.0  # lifetime in seconds of a token that does not tell its own


class Fixed:
    """The same headers every time."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    async def headers(self) -> Mapping[str, str]:
        """The headers."""
        return self._headers

    def forget(self) -> None:
        """There is nothing newer to fetch."""


def none() -> TokenSource:
    """For systems behind a closed network that ask for nothing."""
    return Fixed({})


def bearer(token: str) -> TokenSource:
    """A token that was handed out once."""
    return Fixed({"Authorization": f"Bearer {token}"})


def api_key(key: str, header: str = "X-API-Key") -> TokenSource:
    """A key in a header of the system's own."""
    return Fixed({header: key})


def basic(user: str, password: str) -> TokenSource:
    """User and password (RFC 7617)."""
    return Fixed({"Authorization": _basic(user, password)})


class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749 section 4.4), cached until shortly before the token ends."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        secret: str,
        *,
        scope: str = "",
        authentication: Literal["basic", "post"] = "basic",
        timeout: float = 10.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._authentication = authentication
        self._timeout = timeout
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._token: str | None = None
        self._until = 0.0

    async def headers(self) -> Mapping[str, str]:
        """Authorization with a token that is good for at least a while. Raises Unavailable."""
        async with self._one_at_a_time:
            if self._token is None or self._now() >= self._until:
                await self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Fetch a new token next time."""
        self._token = None

    async def _fetch(self) -> None:
        asked = self._now()
        form = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        headers = {"Accept": "application/json"}
        if self._authentication == "basic":  # each part form-encoded first: RFC 6749 section 2.3.1
            parts = (quote(self._client_id, safe=""), quote(self._secret, safe=""))
            headers["Authorization"] = _basic(*parts)
        else:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        try:
            async with httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client:
                answer = await client.post(self._token_url, data=form, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable("the token address gave no answer", unreached=True) from error
        if answer.status_code != 200:
            raise Unavailable(f"the token address answered {answer.status_code}", status=answer.status_code)
        self._token, lifetime = _granted(answer.content)
        self._until = asked + max(0.0, lifetime - LEEWAY)


def _granted(body: bytes) -> tuple[str, float]:
    try:
        grant = jsontext.decode(body)
    except jsontext.DecodeError as error:
        raise Unavailable("the token address answered something unreadable") from error
    token = grant.get("access_token") if isinstance(grant, dict) else None
    if not isinstance(token, str) or str(grant.get("token_type", "")).lower() != "bearer":
        raise Unavailable("the token address gave no bearer token")
    lifetime = grant.get("expires_in")
    return token, float(lifetime) if isinstance(lifetime, int) else UNSTATED


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
