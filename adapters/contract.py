"""What an adapter is: it speaks one kind of system's transport and nothing else.

It hands on and writes records as JSON; it knows nothing of consent, lenses or the store. Every call is
one attempt under the caller's total deadline (an asyncio.timeout around it); short retries inside it
(tenacity) repeat only what is safe to repeat.

    AdapterError
    ├── Refused        this record is wrong for the recipient (400, 422, 404 on update): hold the item
    ├── Stale          the recipient's copy has changed since we saw it (412): merge and resend
    ├── Gone           the recipient no longer has what we think it has (404, 410 on update): write it anew
    ├── Busy           not now (429, 409, 503 with Retry-After): try later, after `retry_after` seconds
    ├── Unavailable    the recipient is down or will not let us in (connection, 5xx, 401, 403): breaker
    │   └── NoToken    what lets us in there could not be had (adapters/tokens/): breaker, nothing was sent
    ├── UnknownOutcome the bytes may have gone, no answer came: it may or may not have been stored
    └── TakenOver      the caller no longer owns the run (`Write.leave`): this attempt did not begin
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, Protocol, runtime_checkable

Record = dict[str, Any]


class AdapterError(Exception):
    """Root. Messages never hold personal content; `detail` is the recipient's own code or a safe phrase.
    unsure: an attempt of the same call, before the one that ended so, may have been taken."""

    unsure: bool = False

    def __init__(self, detail: str, *, status: int | None = None) -> None:
        self.detail = detail
        self.status = status
        super().__init__(detail)


class Refused(AdapterError):
    """The recipient says this record is wrong. The item is held; the rest goes on."""


class Stale(AdapterError):
    """The recipient's copy is newer than what we last saw. `current` is it, with its version."""

    def __init__(self, detail: str, *, current: Incoming, status: int | None = 412) -> None:
        super().__init__(detail, status=status)
        self.current = current


class Gone(AdapterError):
    """The recipient does not know the id we update."""


class Busy(AdapterError):
    """Asked to wait."""

    def __init__(self, detail: str, *, retry_after: float | None = None, status: int | None = None) -> None:
        super().__init__(detail, status=status)
        self.retry_after = retry_after


class Unavailable(AdapterError):
    """The recipient as a whole cannot be reached or will not let us in.

    unreached: no connection came about, so nothing was sent.
    """

    def __init__(self, detail: str, *, status: int | None = None, unreached: bool = False) -> None:
        super().__init__(detail, status=status)
        self.unreached = unreached


TURNED_AWAY: Final = frozenset({401, 403, 408, 429, 503})  # of one who has not looked at what was sent


class NoToken(Unavailable):
    """What lets us in could not be had, so nothing was sent to the recipient.

    code: stable name for programs; the sentence is for whoever runs the gateway, and names the system and
    what to do, never a secret or another's answer. retry_after: the issuer asked to wait this long (seconds).
    """

    def __init__(self, code: str, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {sentence}", unreached=True)
        self.code = code
        self.sentence = sentence
        self.retry_after = retry_after


class UnknownOutcome(AdapterError):
    """No answer after the bytes may have left (timeout, reset)."""


class TakenOver(AdapterError):
    """`Write.leave` said no before an attempt: nothing of it left. Earlier attempts of the same call ended
    with an answer that says they were not taken (429, 502, 503, 504) or found no connection; `leave.left`
    tells which."""


def always() -> bool:
    """The check of a caller that owns what it does."""
    return True


class Leave:
    """Leave for the bytes of one write to go: asked right before each attempt, and told when some went.

    ours: the run-number check; must not block. left: whether some of them may have reached the recipient, in
    any attempt, whatever it answered.
    """

    def __init__(self, ours: Callable[[], bool] = always) -> None:
        self._ours = ours
        self.left = False

    def __call__(self) -> bool:
        """Whether they may go now."""
        return self._ours()


@dataclass(frozen=True, slots=True)
class Write:
    """One record to write.

    key: the gateway's own id of the item (a hub reference, "Goal/3f…"); stable over retries.
    record: the record in the recipient's own form, references already in the recipient's ids.
    remote_id: the recipient's id of it ("e-m1"; "Goal/17" at a FHIR server); None before the first write.
    version: the recipient's version last seen (ETag content, without W/ and quotes); None if unknown.
    attempt: id of this attempt, for the recipient's log (Idempotency-Key).
    source: name of the system the change came from, for display.
    notice: True for a withdrawal in error or a notice that sharing has ended.
    expected: what the recipient held as far as we know (the link's held value); None when it never told.
      Where the recipient's version cannot be compared, a copy that equals neither this nor `record` is Stale.
    leave: asked before every attempt, and told what left.
    record_id: the id that the record itself carries, as its mapping reads it; None where it carries none.
    """

    key: str
    record: Record
    remote_id: str | None
    version: str | None
    attempt: str
    source: str | None = None
    notice: bool = False
    expected: Record | None = None
    leave: Leave = field(default_factory=Leave)
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The recipient has it."""

    remote_id: str
    version: str | None
    record: Record | None = None  # what the recipient says it now holds, when it says so


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record read from a system. received: when the system says it changed, if it does. place: file and
    line, for one that lay in a file."""

    record: Record
    remote_id: str | None = None
    version: str | None = None
    received: datetime | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that lay in a file and could not be taken in: file and line, field, and a plain sentence that
    never holds the value."""

    place: str
    field: str
    reason: str


@runtime_checkable
class Told(Protocol):
    """An adapter whose system can be told what was refused."""

    async def tell(self, refusals: tuple[Refusal, ...]) -> None:
        """Tell it, before the cursor moves. Repeating the same tells nothing new."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and where to go on. cursor is opaque; `more` says whether to ask again at once.

    whole: these are all the records that the system has (or, of a list that is read from its beginning, the
    last of them). omitted: what it says it has left out, (id, reason).
    """

    records: tuple[Incoming, ...]
    cursor: str | None
    more: bool = False
    unreadable: tuple[tuple[str, str], ...] = ()  # (name of file or line, reason) of what could not be read
    gone: tuple[str, ...] = ()  # ids of records that the system says it has deleted
    whole: bool = False
    omitted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `stafettbro check`. level: ok, warning, error."""

    level: str
    text: str


class Again(Enum):
    """Why a request that was answered 401 may be made once more."""

    NONCE = "nonce"  # the system has named a nonce that our proofs must carry
    SHOWN = "shown"  # what we showed is dropped; another may be let in


class TokenSource(Protocol):
    """Where an adapter gets the headers that let it in. Made ready before anything is written as sending."""

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How connections are encrypted, and with which certificate of ours; None: the ordinary way."""

    async def ready(self) -> None:
        """Have what is needed at hand. Raises NoToken."""

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """Authorization and the like, for one request and no other. Raises as `ready`."""

    def heard(
        self, url: str, used: Mapping[str, str], status: int, headers: Mapping[str, str]
    ) -> Again | None:
        """What the system answered to a request that showed `used`; why it may be made once more, if so."""


class Adapter(Protocol):
    """One connected system. Its docstring states its grade (bronze, silver, gold) and what is missing."""

    async def prepare(self) -> None:
        """Fetch what a write needs beforehand (token, metadata). Raises Unavailable."""

    async def find_person(self, identifiers: tuple[tuple[str, str], ...]) -> str | None:
        """The recipient's own id of this person; None if it has none. Raises Refused when several match.
        Systems that know persons only through their log or plan return None."""

    async def create_person(self, person: Record, key: str) -> str:
        """Create the person (only where the route says so). Returns the recipient's id."""

    async def find_item(self, key: str) -> str | None:
        """The system's own id of what we created there under this key (a hub reference); None if it has
        nothing of it. Raises Refused where that cannot be told. Asked of systems that make the ids."""

    async def write(self, write: Write) -> Written:
        """Create or update one record so that a repeat makes no duplicate."""

    async def read(self, remote_id: str) -> Incoming | None:
        """The record as the system holds it now; None if it has none."""

    async def changes(self, cursor: str | None) -> Page:
        """What has changed since the cursor, for systems we poll. May repeat what was seen before."""

    async def check(self) -> tuple[Finding, ...]:
        """Whether configuration and connection work."""

    async def close(self) -> None:
        """Release connections."""
