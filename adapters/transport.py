"""HTTP as every REST adapter needs it: one request, one answer, and every failure as a contract error.

Goes no further than `reach` lets it, has one time for all of a request, and keeps neither bodies nor
addresses in what it raises. What an answer means for a record is the adapter's business.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urljoin

import httpx

from adapters import jsontext, reach
from adapters.contract import (
    AdapterError,
    Again,
    Busy,
    Leave,
    Refused,
    TakenOver,
    TokenSource,
    Unavailable,
    UnknownOutcome,
)
from adapters.tokens.faults import is_of_certificates

LONGEST_WAIT: Final = 86_400.0  # seconds that a system's Retry-After counts for
MORE: Final = 1.0  # seconds beyond those of one step, so that it is told which step took them
MAX_BODY: Final = 32 * 1024 * 1024
_ETAG: Final = re.compile(r'(?:W/)?"([^"\x00-\x1f]{1,128})"')
_HEADER_SAFE: Final = "-_.~"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Only final answers below 300 and those an adapter asked to judge itself."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def version(self) -> str | None:
        """The ETag's content, without W/ and quotes."""
        found = _ETAG.fullmatch(self.headers.get("etag", ""))
        return found.group(1) if found else None

    def json(self) -> Any:
        """The body. Raises Unavailable when it is not JSON."""
        try:
            return jsontext.decode(self.body)
        except jsontext.DecodeError as error:
            raise Unavailable("the answer is not JSON", status=self.status) from error


class Transport:
    """Requests below one base address, with the headers that let us in."""

    def __init__(
        self, url: str, tokens: TokenSource, *, timeout: float, client: httpx.AsyncClient | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.tokens = tokens
        self._base = httpx.URL(self.url)
        self._seconds = timeout
        self._client = client or reach.client(timeout, tokens.tls)

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def same_origin(self, url: str) -> bool:
        """Whether an address lies below our base address; only then it may see our token."""
        return reach.below(self._base, url)

    async def get(self, path: str, *, params: Mapping[str, str] | None = None, media: str) -> Answer:
        """Read. Raises contract errors; an answer that never came is Unavailable, since nothing changed."""
        try:
            return await self.send("GET", path, headers={"Accept": media}, params=params)
        except UnknownOutcome as error:
            raise Unavailable(error.detail) from error

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        leave: Leave | None = None,
    ) -> Answer:
        """One request. `path` is relative to the base, or an address of the same origin.

        A 401 says that nothing was done: the request is then made once more with a fresh nonce, and once more
        with a fresh token, where the token source says that this may help. `leave` is asked before the bytes
        of each; raises TakenOver when it says no.
        """
        url = urljoin(f"{self.url}/", path)
        if not self.same_origin(url):
            raise Unavailable("the address points away from the system")
        leave = leave or Leave()
        tried: set[Again] = set()
        while True:
            request = self._request(method, url, params, content, headers)
            try:
                answer, again = await self._once(request, leave)
            except Unavailable as error:
                if tried and error.unreached:  # what went before this was sent, and turned away
                    raise Unavailable(error.detail, status=401) from error
                raise
            if again is None or again in tried:
                return answer
            tried.add(again)

    async def _once(self, request: httpx.Request, leave: Leave) -> tuple[Answer, Again | None]:
        url = str(request.url)
        used = await self.tokens.headers(request.method, url)
        request.headers.update(used)
        if not leave():
            raise TakenOver("the run was taken over")
        answer = await self._answered(request, leave)
        return answer, self.tokens.heard(url, used, answer.status, answer.headers)

    def _request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> httpx.Request:
        try:
            return self._client.build_request(method, url, params=params, content=content, headers=headers)
        except httpx.InvalidURL as error:
            raise Unavailable("the address cannot be used", unreached=True) from error

    async def _answered(self, request: httpx.Request, leave: Leave) -> Answer:
        before, leave.left = leave.left, True
        try:
            return await self._sent(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            leave.left = before
            why = "the certificate is not believed" if is_of_certificates(error) else "no connection"
            raise Unavailable(why, unreached=True) from error
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            leave.left = before
            raise Unavailable("the address cannot be used", unreached=True) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise UnknownOutcome("no answer") from error

    async def _sent(self, request: httpx.Request) -> Answer:
        async with asyncio.timeout(self._seconds + MORE):
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = await reach.whole(response, MAX_BODY)
            except reach.Unreadable as error:
                raise Unavailable(f"the answer is {error}", status=response.status_code) from error
            finally:
                await response.aclose()
        return Answer(response.status_code, response.headers, body)


def failure(answer: Answer, detail: str = "") -> AdapterError | None:
    """The contract error for an answer that is no success; None below 300. 404, 410 and 412 mean different
    things to different calls: look at them first."""
    status = answer.status
    if status < 300:
        return None
    said = f"HTTP {status}{': ' if detail else ''}{detail}"
    if status in (409, 429) or (status == 503 and "retry-after" in answer.headers):
        return Busy(said, retry_after=retry_after(answer.headers), status=status)
    if status < 400 or status in (401, 403, 408) or status >= 500:
        return Unavailable(said, status=status)
    return Refused(said, status=status)


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds to wait, a day at most, from either form of Retry-After; None without a readable one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:20]), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, (aware - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def header_text(text: str) -> str:
    """Any text as a header value: percent-encoded UTF-8."""
    return quote(text, safe=_HEADER_SAFE)
