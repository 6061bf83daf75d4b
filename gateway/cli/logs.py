"""How a serving process writes its log: one line per event, as text or JSON. The last line of defence for
personal content: of what others log, only the first line is kept, and of an exception its type and places."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

OURS = "stafettbro"
LONGEST = 300  # characters kept of a line that is not ours
_NUMBER = re.compile(r"SB\d{4}\b")

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def message_of(record: logging.LogRecord) -> str:
    """The one line of a record."""
    text = record.getMessage().partition("\n")[0]
    if record.name.partition(".")[0] != OURS:
        text = text[:LONGEST]
    if record.exc_info and record.exc_info[0] is not None:
        text = f"{text} [{raised(record.exc_info)}]"
    return text


def raised(info: ExceptionInfo) -> str:
    """Type and places of an exception; never its message."""
    kind, _, trace = info
    frames = traceback.extract_tb(trace)[-5:]
    places = ">".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{kind.__name__ if kind else 'none'} at {places}"


def moment(record: logging.LogRecord) -> str:
    """When, in UTC."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class TextLines(logging.Formatter):
    """2026-11-21T12:00:00.000+00:00 INFO stafettbro SB0001 gateway started"""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return f"{moment(record)} {record.levelname} {record.name} {message_of(record)}"


class JsonLines(logging.Formatter):
    """{"time": …, "level": "INFO", "logger": "stafettbro", "event": "SB0001", "message": …}"""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        message = message_of(record)
        number = _NUMBER.match(message)
        line: dict[str, Any] = {"time": moment(record), "level": record.levelname, "logger": record.name}
        if number:
            line["event"] = number[0]
        return json.dumps({**line, "message": message}, ensure_ascii=False)


def start(form: Literal["text", "json"]) -> None:
    """Send our events at INFO and others' warnings to stderr."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"text": {"()": TextLines}, "json": {"()": JsonLines}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {OURS: {"level": "INFO"}},
        }
    )
