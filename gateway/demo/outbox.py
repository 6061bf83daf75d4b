"""Sends what people wrote in a demo system to Stafettbro, in order, until the gateway has answered for it.

While the gateway is down the entries wait; an answer lost on the way costs a repeat under the same key.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from gateway import jsontext
from gateway.demo.record_store import RecordStore, Sending

BATCH = 50
LONGEST_WAIT = 15.0  # seconds between tries while the gateway is down
WRONG = (400, 413, 422)  # about what we sent, not about the time
OUTCOMES = ("stored", "unchanged", "conflict", "waiting", "rejected")


class NotSent(Exception):
    """The gateway did not take the batch; it is tried again."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the system gets its tokens and where it sends. target: .../systems/{system}/records."""

    target: str
    token_url: str
    client_id: str
    secret: str
    scope: str = "records.write"


class Outbox:
    """The sender: one thread, woken by every save."""

    def __init__(self, store: RecordStore, access: Access) -> None:
        self._store = store
        self._access = access
        self._http = httpx.Client(timeout=10.0, trust_env=False)
        self._token: tuple[str, float] | None = None
        self._run_id = uuid.uuid4().hex[:12]  # keys of this process never meet those of an earlier store
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._size = BATCH
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.trouble = ""  # why the last try failed, for the page; empty when it went well

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def stop(self) -> None:
        """End after the request under way."""
        self._stopped.set()
        self._wake.set()
        self._thread.join(timeout=12)
        self._http.close()

    def _run(self) -> None:
        pause = 0.5
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                while self.send_some():
                    pause = 0.5
                self.trouble = ""
                self._wake.wait()
            except NotSent as trouble:
                self.trouble = str(trouble)
                self._stopped.wait(pause)
                pause = min(pause * 2, LONGEST_WAIT)

    def send_some(self) -> int:
        """Send the oldest entries as one batch; zero when there are none left. Raises NotSent."""
        entries = self._store.unsent(self._size)
        if not entries or self._stopped.is_set():
            self._size = BATCH
            return 0
        response = self._post(entries)
        if response.status_code == 401:
            self._token = None
        if response.status_code in WRONG:
            return self._narrow(entries, response.status_code)
        if response.status_code != 200:
            raise NotSent(f"Stafettbro svarte {response.status_code}.")
        answers = _answers(response.content, len(entries))
        self._store.settle([(e.seq, *_outcome(a)) for e, a in zip(entries, answers, strict=True)])
        return len(entries)

    def _narrow(self, entries: Sequence[Sending], status: int) -> int:
        """The batch as a whole was refused: find the entry that is to blame by sending one at a time."""
        self._size = 1
        if len(entries) > 1:
            return len(entries)
        self._store.settle([(entries[0].seq, "rejected", f"Stafettbro svarte {status}.")])
        return 1

    def _post(self, entries: Sequence[Sending]) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self._fresh_token()}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"{self._run_id}-{entries[0].seq}-{entries[-1].seq}",
        }
        body = jsontext.encode([entry.body for entry in entries])
        try:
            return self._http.post(self._access.target, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotSent("Stafettbro svarer ikke.") from error

    def _fresh_token(self) -> str:
        if self._token is not None and self._token[1] > time.monotonic():
            return self._token[0]
        form = {"grant_type": "client_credentials", "scope": self._access.scope}
        known_as = httpx.BasicAuth(self._access.client_id, self._access.secret)
        try:
            response = self._http.post(self._access.token_url, data=form, auth=known_as)
            answer = response.raise_for_status().json()
            self._token = (answer["access_token"], time.monotonic() + answer["expires_in"] - 60)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise NotSent("Utstederen av token svarer ikke.") from error
        return self._token[0]


def _answers(content: bytes, count: int) -> list[Any]:
    """One answer per record, in the order sent. Raises NotSent when the gateway's answer is another."""
    try:
        found = jsontext.decode(content)["results"]
    except (jsontext.DecodeError, KeyError, TypeError) as error:
        raise NotSent("Svaret fra Stafettbro er ikke forstått.") from error
    if not isinstance(found, list) or len(found) != count:
        raise NotSent("Svaret fra Stafettbro har ikke ett svar per post.")
    return found


def _outcome(answer: dict[str, Any]) -> tuple[str, str]:
    """(status, reason) as they are kept and shown."""
    status = answer.get("status")
    if status not in OUTCOMES:
        raise NotSent("Svaret fra Stafettbro er ikke forstått.")
    problems = answer.get("problems", []) if status in ("rejected", "conflict") else []
    return status, " ".join(f"{p.get('field', '')}: {p.get('text', '')}".strip(": ") for p in problems)
