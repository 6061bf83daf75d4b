"""Every log line is one of these events: numbered, with ids and counts beside it, never personal content."""

from __future__ import annotations

import logging
import sys
from enum import Enum
from typing import Any

_logger = logging.getLogger("stafettbro")


class Event(Enum):
    """(number, what happened)."""

    STARTED = (1, "gateway started")
    STOPPED = (2, "gateway stopped")
    REQUEST_FAILED = (10, "a request failed inside the gateway")
    REQUEST_REFUSED = (11, "a request was not let in")
    REQUEST_MISREAD = (12, "a request was not of the form that is asked for")
    WORKER_STARTED = (20, "worker started")
    WORKER_STOPPED = (21, "worker stopped")
    WORKER_FAILED = (22, "worker loop failed and goes on")
    RUN_FAILED = (23, "a lane's run failed and is tried again")
    LANE_TAKEN_OVER = (24, "a lane was taken over from a dead worker")
    LANES_REPAIRED = (25, "the sweeper found lanes left behind and woke them; this should not happen")
    LOCK_LOST = (26, "a worker lost its liveness lock and cancelled its sends; it goes on under a new name")
    JOURNAL_REPLAYED = (27, "consents that the database did not know were taken in again from the journal")
    SEALING_FAILED = (28, "the audit could not be chained or its head not be signed; it is tried again")
    POLL_FAILED = (30, "a system could not be asked for changes")
    POLL_REFUSED = (31, "a polled record was not taken in")
    POLL_VANISHED = (32, "a system has deleted records; what was said stays, and is flagged as missing there")
    SNAPSHOT_MISSING = (33, "a system left out records that it made; what was said stays, and is flagged")
    SNAPSHOT_DOUBTFUL = (34, "what a system says is all it has is not believed; nothing is flagged for it")
    NOT_ISOLATED = (35, "tenants are not yet held apart by the database: `stafettbro database isolate`")
    NUDGED = (37, "a nudge by e-mail was handed to the mail server, or could not be")
    NUDGES_FAILED = (36, "nudges by e-mail failed and go on")
    RECIPIENT_DOWN = (38, "a recipient cannot be reached or lets us in no more; it is tried now and then")
    RECIPIENT_BACK = (39, "a recipient answers again")
    COURIER_FAILED = (40, "the courier failed and goes on")
    COUNTING_FAILED = (41, "figures could not be counted or written; they are kept and it is tried again")
    LOGGED_IN = (50, "a person logged in")
    LOGIN_REFUSED = (51, "a login was refused")
    LOGGED_OUT = (52, "a person logged out")
    PAGE_REFUSED = (53, "a page was refused")
    ACCESS_ENDED = (54, "the access of a person or a client was ended")
    ACCESS_GIVEN_BACK = (55, "the access of a person or a client was given back")


def log(event: Event, *, level: int = logging.INFO, trace: bool = False, **ids: Any) -> None:
    """Write one event. `ids` are ids, counts and safe codes. With `trace`: where the current exception was
    raised (its type and place, not its message, which may hold content)."""
    number, text = event.value
    if trace:
        ids["error"], ids["at"] = _where()
    detail = " ".join(f"{name}={value}" for name, value in ids.items() if value is not None)
    _logger.log(level, "SB%04d %s%s", number, text, f" {detail}" if detail else "")


def _where() -> tuple[str, str]:
    kind, _, trace = sys.exc_info()
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return (kind.__name__ if kind else "none"), ">".join(places[-4:])
