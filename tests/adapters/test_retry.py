"""Short retries: what is repeated, how long it waits, when it stops. Time is a value here."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from adapters.contract import AdapterError, Busy, NoToken, Refused, TakenOver, Unavailable, UnknownOutcome
from adapters.retry import Patience, patiently, seen_after
from adapters.transport import retry_after

pytestmark = pytest.mark.anyio
QUICK = Patience(deadline=10.0, attempts=3, first=0.001, longest=0.002)


class Call:
    """Fails with each of these in turn, then answers."""

    def __init__(self, *errors: AdapterError) -> None:
        self._errors = list(errors)
        self.times: list[float] = []

    async def __call__(self) -> str:
        self.times.append(asyncio.get_running_loop().time())
        if self._errors:
            raise self._errors.pop(0)
        return "done"


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("", unreached=True),
        Unavailable("", status=502),
        Unavailable("", status=504),
        Busy("", status=429),
        Busy("", status=503, retry_after=0.01),
    ],
)
async def test_what_passes_is_tried_again(error: AdapterError) -> None:
    call = Call(error, error)
    assert await patiently(call, QUICK, repeatable=True) == "done"
    assert len(call.times) == 3


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("", status=500),
        NoToken("token-unreached", ""),
        Unavailable("", status=401),
        Unavailable("not JSON"),
        Busy("", status=409),
        Refused("", status=422),
        UnknownOutcome(""),
    ],
)
async def test_everything_else_is_answered_at_once(error: AdapterError) -> None:
    call = Call(error)
    with pytest.raises(type(error)):
        await patiently(call, QUICK, repeatable=True)
    assert len(call.times) == 1


async def test_what_is_not_safe_to_repeat_is_not_repeated() -> None:
    call = Call(Unavailable("", unreached=True))
    with pytest.raises(Unavailable):
        await patiently(call, QUICK, repeatable=False)
    assert len(call.times) == 1


async def test_three_attempts_at_most() -> None:
    call = Call(*[Unavailable("", status=503)] * 9)
    with pytest.raises(Unavailable):
        await patiently(call, QUICK, repeatable=True)
    assert len(call.times) == 3


async def test_the_time_asked_for_is_kept() -> None:
    call = Call(Busy("", status=429, retry_after=0.15))
    await patiently(call, QUICK, repeatable=True)
    assert call.times[1] - call.times[0] >= 0.15


async def test_a_wait_beyond_the_deadline_is_the_callers() -> None:
    call = Call(Busy("", status=429, retry_after=11.0))
    with pytest.raises(Busy) as busy:
        await patiently(call, QUICK, repeatable=True)
    assert busy.value.retry_after == 11.0
    assert len(call.times) == 1


async def test_whose_run_it_is_is_asked_before_the_first_attempt() -> None:
    call = Call()
    with pytest.raises(TakenOver):
        await patiently(call, QUICK, repeatable=True, still_ours=lambda: False)
    assert call.times == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("86401", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0),
    ],
)
def test_reading_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after(httpx.Headers({"Retry-After": text})) == seconds


@pytest.mark.parametrize("status", [502, 504])
async def test_what_may_have_been_taken_is_not_told_as_unsent(status: int) -> None:
    call = Call(Unavailable("gateway", status=status), *[Unavailable("", unreached=True)] * 2)
    with pytest.raises(UnknownOutcome) as told:
        await patiently(call, QUICK, repeatable=True)
    assert told.value.detail == "gateway"
    assert len(call.times) == 2


async def test_what_may_have_been_taken_before_the_run_was_taken_over_is_unknown() -> None:
    answers = iter([True, False])
    call = Call(Unavailable("gateway", status=502))
    with pytest.raises(UnknownOutcome):
        await patiently(call, QUICK, repeatable=True, still_ours=lambda: next(answers))


async def test_a_server_that_turned_us_away_has_not_taken_it() -> None:
    call = Call(Unavailable("", status=503), *[Unavailable("", unreached=True)] * 2)
    with pytest.raises(Unavailable) as told:
        await patiently(call, QUICK, repeatable=True)
    assert told.value.unreached


TURNED = [
    Unavailable("", status=401),
    Unavailable("", status=403),
    Busy("", status=409),
    Busy("", status=429),
]


@pytest.mark.parametrize("error", TURNED, ids=lambda one: str(one.status))
async def test_who_turns_a_repeat_away_says_nothing_of_what_was_taken_before(error: AdapterError) -> None:
    call = Call(Unavailable("gateway", status=502), error, error)
    with pytest.raises(UnknownOutcome) as told:
        await patiently(call, QUICK, repeatable=True)
    assert told.value.detail == "gateway"


@pytest.mark.parametrize("first", [[Unavailable("gateway", status=504)], []], ids=["perhaps", "not"])
async def test_what_cannot_be_looked_at_may_be_what_was_taken_before(first: list[AdapterError]) -> None:
    """A repeat that does not fit: what is there now may be what the first attempt left."""
    with pytest.raises(Refused) as differs:
        await patiently(Call(*first, Refused("", status=412)), QUICK, repeatable=True)
    with pytest.raises(UnknownOutcome if first else Unavailable):
        await seen_after(differs.value, Call(Unavailable("", status=401))())
    assert await seen_after(differs.value, Call()()) == "done"


async def test_a_read_has_taken_nothing() -> None:
    call = Call(Unavailable("gateway", status=502), Unavailable("", status=401))
    with pytest.raises(Unavailable) as told:
        await patiently(call, QUICK, repeatable=True, reads=True)
    assert told.value.status == 401
