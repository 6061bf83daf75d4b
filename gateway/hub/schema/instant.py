"""A point in time in the database: always UTC, always aware, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stored(value: datetime | None) -> int | None:
    """As it stands in the database. Raises ValueError for a naive datetime."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a point in time needs an offset")
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


@lru_cache(maxsize=4_096)  # what is stored together carries the same time
def _read(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """Stored as microseconds since 1970 in UTC, so that it orders and compares alike everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Aware datetimes only; a naive one raises ValueError."""
        return stored(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Back to an aware datetime in UTC."""
        return None if value is None else _read(int(value))
