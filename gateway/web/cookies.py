"""The cookies of the pages: who is logged in, a login under way, the chosen language. Host-only, out of
scripts' reach, and not sent along by other sites' forms.

Over https they carry the __Host- prefix and Secure. Only where the gateway itself is reached over plain http
on this machine (the demo) they carry neither, since browsers disagree about Secure there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Request, Response

SESSION: Final = "stafettbro"
RETURN: Final = "stafettbro-innlogging"
LANGUAGE: Final = "stafettbro-spraak"
YEAR: Final = 365 * 24 * 3600
Name = Literal["stafettbro", "stafettbro-innlogging", "stafettbro-spraak"]


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and sets them. secure: the pages are reached over https."""

    secure: bool

    def read(self, request: Request, name: Name) -> str | None:
        """What the browser holds."""
        return request.cookies.get(self._named(name))

    def give(self, response: Response, name: Name, value: str, seconds: int | None = None) -> None:
        """Let the browser hold it; until it is closed where no time is said."""
        response.set_cookie(
            self._named(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def take(self, response: Response, name: Name) -> None:
        """Let the browser forget it."""
        response.delete_cookie(self._named(name), path="/", secure=self.secure, httponly=True, samesite="lax")

    def _named(self, name: Name) -> str:
        return f"__Host-{name}" if self.secure else name
