"""Credentials that were handed out once: nothing, a bearer token, a key in a header, user and password.
Read anew from where they are kept once the system does not accept them, so that they can be changed without
a restart."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from adapters.contract import Again, NoToken
from adapters.tokens.certificate import Tls
from adapters.tokens.faults import About, SecretGone

Secret = Callable[[], str]  # raises SecretGone


class Fixed:
    """The same headers every time."""

    def __init__(self, about: About, make: Callable[[], Mapping[str, str]], tls: Tls | None = None) -> None:
        self._about = about
        self._make = make
        self._tls = tls
        self._headers: dict[str, str] | None = None
        self.tls = tls.to_system if tls else None

    async def ready(self) -> None:
        """Have read the secret. Raises NoToken."""
        self._known()

    async def headers(self, method: str, url: str) -> Mapping[str, str]:  # noqa: ARG002
        """The headers. Raises NoToken."""
        return self._known()

    def heard(
        self,
        url: str,  # noqa: ARG002
        used: Mapping[str, str],
        status: int,
        headers: Mapping[str, str],  # noqa: ARG002
    ) -> Again | None:
        """Not let in: once more, if the secret has been changed since it was read."""
        if status != 401:
            return None
        self._headers = None
        try:
            return None if self._known() == used else Again.SHOWN
        except NoToken:
            return None

    def _known(self) -> dict[str, str]:
        if self._tls is not None:
            self._tls.renew()
        if self._headers is None:
            try:
                self._headers = dict(self._make())
            except SecretGone:
                raise self._about.failure("token-secret") from None
        return self._headers


def none(about: About, tls: Tls | None = None) -> Fixed:
    """For systems that ask for nothing, or for no more than a client certificate."""
    return Fixed(about, dict, tls)


def bearer(about: About, token: Secret, tls: Tls | None = None) -> Fixed:
    """A token that was handed out once."""
    return Fixed(about, lambda: {"Authorization": f"Bearer {token()}"}, tls)


def api_key(about: About, key: Secret, header: str = "X-API-Key", tls: Tls | None = None) -> Fixed:
    """A key in a header of the system's own."""
    return Fixed(about, lambda: {header: key()}, tls)


def basic(about: About, user: str, password: Secret, tls: Tls | None = None) -> Fixed:
    """User and password (RFC 7617)."""
    return Fixed(about, lambda: {"Authorization": basic_header(user, password())}, tls)


def basic_header(user: str, password: str) -> str:
    """The value of Authorization."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
