"""REST systems that speak the neutral record format: write so that nothing of theirs is overwritten, read,
poll. openapi/system-contract.yaml says what such a system offers; in short:

- `GET /info`: {"ids": "ours" | "theirs", "versions": true | false}.
- `PUT /records/{id}` with `If-None-Match: *` (new) or `If-Match: "v"`: 200 or 201 and `ETag`; 412 when what
  it has is another version; 422 with problem+json that names the `field`.
- `GET /records/{id}`: the record and `ETag`; 404. `GET /records?after=<cursor>&limit=<n>`:
  {"records": [{"record": {...}, "version": "v"}], "cursor": "...", "more": false}.
- Where the system mints ids (ids: theirs): `POST /records` with `Stafettbro-Item: <our id>`: 201, {"id": ...}
  and `ETag`; `GET /records?item=<our id>` lists what it stored for that id.
- Where it has no versions: no ETag; we look before every write and compare with what it last held.
- Every write carries `Idempotency-Key` (the attempt) and `Stafettbro-Source` (percent-encoded name).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx

from adapters import jsontext
from adapters import record_answers as answers
from adapters.contract import (
    Busy,
    Finding,
    Gone,
    Incoming,
    Page,
    Record,
    Refused,
    Stale,
    TokenSource,
    Unavailable,
    Write,
    Written,
)
from adapters.retry import Patience, patiently, seen_after
from adapters.transport import Answer, Transport, failure, header_text

JSON: Final = "application/json"
FRESH: Final = {"If-None-Match": "*"}


class RestRecords:
    """What every adapter for such a system does; `title` is its name in findings."""

    title = "Systemet"

    def __init__(
        self,
        url: str,
        tokens: TokenSource,
        *,
        ids: Literal["ours", "theirs"] = "ours",
        patience: Patience | None = None,
        page_size: int = 100,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._transport = Transport(url, tokens, timeout=self._patience.deadline, client=client)
        self._ids = ids
        self._page_size = page_size

    async def prepare(self) -> None:
        """Have a token ready."""
        await self._transport.tokens.ready()

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()

    async def find_person(self, identifiers: tuple[tuple[str, str], ...]) -> str | None:  # noqa: ARG002
        """None: such a system knows persons only through their log or plan."""
        return None

    async def create_person(self, person: Record, key: str) -> str:  # noqa: ARG002
        """Raises Refused: a person comes with the log or plan."""
        raise Refused("this kind of system has no persons of their own")

    async def find_item(self, key: str) -> str | None:
        """The id it made for what we created under this key. Raises Refused where several carry it."""
        found = await self._by_item(_our_id(key))
        return None if found is None else found.remote_id

    async def read(self, remote_id: str) -> Incoming | None:
        """The record as the system holds it now; None if it has none."""
        answer = await self._get(_path(remote_id))
        if answer.status in (404, 410):
            return None
        return answers.incoming(_good(answer))

    async def changes(self, cursor: str | None) -> Page:
        """What changed since the cursor, oldest first. May repeat what was seen before."""
        params = {"limit": str(self._page_size), **({"after": cursor} if cursor is not None else {})}
        return answers.page(_good(await self._get("records", params)), cursor)

    async def check(self) -> tuple[Finding, ...]:
        """Whether the system answers, lets us in, and what it lacks."""
        info = _good(await self._get("info")).json()
        _good(await self._get("records", {"limit": "1"}))
        return answers.findings(self.title, info, self._ids)

    async def write(self, write: Write) -> Written:
        """Create or update. Raises Stale with the system's copy when it is not what we last saw."""
        remote_id = write.remote_id
        if remote_id is not None:
            if write.version is not None:
                return await self._replace(write, remote_id, write.version)
            return await self._look_then_write(write, remote_id, await self.read(remote_id))
        if self._ids == "theirs":
            return await self._write_under_their_id(write)
        return await self._write_new(write)

    async def _write_new(self, write: Write) -> Written:
        remote_id = str(write.record.get("id") or _our_id(write.key))
        try:
            return await self._put(write, remote_id, FRESH)
        except _Differs as differs:
            current = await seen_after(differs, self.read(remote_id))
        if current is None:
            raise Busy("the system has just changed", status=412)
        return await self._look_then_write(write, remote_id, current)

    async def _write_under_their_id(self, write: Write) -> Written:
        current = await self._by_item(_our_id(write.key))
        if current is not None and current.remote_id is not None:
            return await self._look_then_write(write, current.remote_id, current)
        return await self._post(write)

    async def _look_then_write(self, write: Write, remote_id: str, current: Incoming | None) -> Written:
        """The content decides: a copy that is neither what we write nor what we expect is someone's edit."""
        if current is None:
            raise Gone("not there any more", status=404)
        if answers.alike(current.record, write.record):
            return Written(remote_id, current.version, current.record)
        if write.expected is None or not answers.alike(current.record, write.expected):
            raise Stale("changed since we saw it", current=current, status=None)
        if current.version is None:
            return await self._put(write, remote_id, {})
        return await self._replace(write, remote_id, current.version)

    async def _replace(self, write: Write, remote_id: str, version: str) -> Written:
        try:
            return await self._put(write, remote_id, {"If-Match": f'"{version}"'})
        except _Differs as differs:
            current = await seen_after(differs, self.read(remote_id))
        if current is None:
            raise Gone("not there any more", status=404)
        if answers.alike(current.record, write.record):
            return Written(remote_id, current.version, current.record)
        raise Stale("changed since we saw it", current=current)

    async def _put(self, write: Write, remote_id: str, condition: Mapping[str, str]) -> Written:
        record = {**write.record, "id": remote_id}
        fresh = condition == FRESH

        async def attempt() -> Written:
            answer = await self._send("PUT", _path(remote_id), write, record, {**_named(write), **condition})
            if answer.status == 412:
                raise _Differs("HTTP 412", status=412)
            if answer.status in (404, 410) and not fresh:
                raise Gone(f"HTTP {answer.status}", status=answer.status)
            return answers.written(_good(answer), remote_id)

        return await self._patiently(attempt, write)

    async def _post(self, write: Write) -> Written:
        record = {name: value for name, value in write.record.items() if name != "id"}
        headers = {**_named(write), "Stafettbro-Item": header_text(_our_id(write.key))}

        async def attempt() -> Written:
            return answers.written(_good(await self._send("POST", "records", write, record, headers)), None)

        return await self._patiently(attempt, write)

    async def _patiently(self, attempt: Callable[[], Any], write: Write) -> Written:
        done: Written = await patiently(attempt, self._patience, repeatable=True, still_ours=write.leave)
        return done

    async def _by_item(self, item: str) -> Incoming | None:
        """What the system stored for our id; Refused when that is more than one record."""
        found = answers.page(_good(await self._get("records", {"item": item})), None).records
        if len(found) > 1:
            raise Refused("several records carry our id")
        return found[0] if found else None

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        async def attempt() -> Answer:
            answer = await self._transport.get(path, params=params, media=JSON)
            wrong = failure(answer)
            if isinstance(wrong, (Busy, Unavailable)):
                raise wrong
            return answer

        return await patiently(attempt, self._patience, repeatable=True, reads=True)

    async def _send(
        self, method: str, path: str, write: Write, record: Record, headers: Mapping[str, str]
    ) -> Answer:
        told = {"Accept": JSON, "Content-Type": JSON, **headers}
        body = jsontext.encode(record)
        return await self._transport.send(method, path, headers=told, content=body, leave=write.leave)


class _Differs(Refused):
    """412: another version, or there is something already."""


def _good(answer: Answer) -> Answer:
    wrong = failure(answer, answers.reasons(answer))
    if wrong is not None:
        raise wrong
    return answer


def _named(write: Write) -> dict[str, str]:
    source = {"Stafettbro-Source": header_text(write.source)} if write.source else {}
    return {"Idempotency-Key": header_text(write.attempt), **source}


def _our_id(key: str) -> str:
    return key.rpartition("/")[2]


def _path(remote_id: str) -> str:
    return f"records/{quote(remote_id, safe='')}"
