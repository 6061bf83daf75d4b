"""Short retries in place: only of what is safe to repeat, only after answers that say nothing was done, and
only as long as the caller's deadline allows. Longer waits belong to the lane."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from adapters.contract import (
    TURNED_AWAY,
    AdapterError,
    Busy,
    NoToken,
    TakenOver,
    Unavailable,
    UnknownOutcome,
    always,
)

T = TypeVar("T")
PASSING: Final = frozenset({502, 503, 504})
GAVE_UP: Final = frozenset({502, 504})  # a gateway's word: the server behind it may have done it


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may go on: seconds in all, attempts at most, first and longest wait in seconds."""

    deadline: float = 10.0
    attempts: int = 3
    first: float = 0.2
    longest: float = 2.0


async def patiently(
    call: Callable[[], Awaitable[T]],
    patience: Patience,
    *,
    repeatable: bool,
    still_ours: Callable[[], bool] = always,
    reads: bool = False,
) -> T:
    """The call's result; repeated while that is safe, useful and within the deadline.

    repeatable: whether a repeat leaves the same state (reads, conditional writes, writes with a key).
    reads: nothing changes there, whatever becomes of it.
    Raises what the last attempt raised, or TakenOver when `still_ours` says no before an attempt; but
    UnknownOutcome where that would mean that nothing was taken and an earlier attempt may have been.
    """
    unsure: AdapterError | None = None

    async def attempt() -> T:
        nonlocal unsure
        try:
            if not still_ours():
                raise TakenOver("the run was taken over")
            return await call()
        except AdapterError as error:
            error.unsure = unsure is not None
            if unsure is not None and _sent_nothing(error):
                raise UnknownOutcome(unsure.detail, status=unsure.status) from error
            if not reads and isinstance(error, Unavailable) and error.status in GAVE_UP:
                unsure = error
            raise

    retrying = AsyncRetrying(
        retry=retry_if_exception(_passing),
        wait=_Wait(patience),
        stop=stop_before_delay(patience.deadline)
        | stop_after_attempt(patience.attempts if repeatable else 1),
        reraise=True,
    )
    try:
        return await retrying(attempt)
    except AdapterError as error:
        if unsure is not None and _turned_away(error):
            raise UnknownOutcome(unsure.detail, status=unsure.status) from error
        raise


async def seen_after(differs: AdapterError, read: Awaitable[T]) -> T:
    """What a read shows after a write that did not fit what is there. Raises UnknownOutcome where it cannot
    be read and an attempt of that write may have been taken: then that may be what it did not fit."""
    try:
        return await read
    except (Busy, Unavailable) as error:
        if differs.unsure:
            raise UnknownOutcome(error.detail, status=error.status) from error
        raise


def _sent_nothing(error: AdapterError) -> bool:
    return isinstance(error, TakenOver) or (isinstance(error, Unavailable) and error.unreached)


def _turned_away(error: AdapterError) -> bool:
    """Whether it says nothing of what an attempt before it has done."""
    return isinstance(error, Busy) or (isinstance(error, Unavailable) and error.status in TURNED_AWAY)


def _passing(error: BaseException) -> bool:
    """True for what a moment may heal: no connection, a gateway that found nobody, a request to wait."""
    if isinstance(error, Busy):
        return error.status in (429, 503)
    if isinstance(error, NoToken):
        return False  # its source has just said that it does not ask again for a while
    return isinstance(error, Unavailable) and (error.unreached or error.status in PASSING)


class _Wait:
    """Full jitter; where the recipient named a time, that time and a little jitter after it."""

    def __init__(self, patience: Patience) -> None:
        self._plain = wait_random_exponential(multiplier=patience.first, max=patience.longest)
        self._jitter = wait_random_exponential(multiplier=patience.first / 2, max=patience.first)

    def __call__(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Busy) else None
        if asked is None:
            return self._plain(state)
        return asked + self._jitter(state)
