"""Names that other systems give their records, as they stand in columns that are looked up by them: hidden,
so that a copy of the database tells none, and the same each time (gateway/keys/keyring.py)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.types import TypeDecorator

from gateway.keys.keyring import Keyring, SealBroken

LENGTH = 1400  # characters: 255 as they are hidden, each of up to four bytes


class NativeId(TypeDecorator[str]):
    """Another system's id of a record, up to 255 characters; only equality can be asked for."""

    impl = String
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(LENGTH)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """As it is stored. Raises SealBroken without keys: it would find nobody, and write it in clear."""
        if value is None:
            return None
        keys = keys_of(dialect)
        if keys is None:
            raise SealBroken("no name of another system is written or looked up without keys")
        return keys.hide(value) if keys.seals else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """As the other system knows it."""
        return shown(dialect, value)


class HiddenNames(NativeId):
    """Several such names in one text, of any length."""

    impl = Text
    cache_ok = True

    def __init__(self) -> None:
        TypeDecorator.__init__(self)


def shown(dialect: Dialect, stored: str | None) -> str | None:
    """A name as the other system knows it, of what stands in a column."""
    keys = keys_of(dialect)
    return stored if stored is None or keys is None or not keys.seals else keys.show(stored)


def give_keys(engine: Engine, keys: Keyring | None) -> None:
    """What is read and written over this engine is opened and sealed with these."""
    engine.dialect.stafettbro_keys = keys  # type: ignore[attr-defined]


def keys_of(dialect: Dialect) -> Keyring | None:
    """The keys of an engine; None where it was given none."""
    found: Keyring | None = getattr(dialect, "stafettbro_keys", None)
    return found
