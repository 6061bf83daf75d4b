"""What stands in a `content` column: JSON as bytes, in one place, sealed by the key of the person it is about
and bound to the row it stands in (gateway/keys/). Where nobody has sealed the database yet, as it is."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Table

from gateway import jsontext
from gateway.hub.names import keys_of
from gateway.keys.keyring import FORM, SealBroken

TENANT = ""  # as `person`: what is about nobody is sealed by the tenant's key
# Ids and codes of ours: what was told to whom, and who looked. They are held to by digests of their bytes,
# and stay when somebody is erased.
CLEAR = frozenset({"disclosure", "audit"})


def pack(connection: Connection, value: Any, person: str, table: Table, *key: object) -> bytes:
    """A JSON value as it is stored. person: whose key seals it; key: of the row, in the order of the table's
    primary key, the tenant first. Raises KeyDestroyed for a person who was erased."""
    plain = jsontext.encode(value)
    keys = keys_of(connection.dialect)
    if table.name in CLEAR:
        return plain
    if keys is None:
        raise SealBroken("nothing personal is written without keys")
    if not keys.seals:
        return plain
    return keys.seal(str(key[0]), person, _place(table, key), plain)


def unpack(connection: Connection, content: bytes, table: Table, *key: object) -> Any:
    """The JSON value of a content column. Raises SealBroken for what was not sealed for this row,
    KeyDestroyed for what was erased."""
    return jsontext.decode(opened(connection, content, table, *key))


def opened(connection: Connection, content: bytes, table: Table, *key: object) -> bytes:
    """The JSON of a content column as bytes. Raises as `unpack` does."""
    keys = keys_of(connection.dialect)
    if content[:1] == FORM:
        if keys is None:
            raise SealBroken("the database is sealed, and no keys are given")
        return keys.open(str(key[0]), _place(table, key), content)
    if keys is not None and keys.seals and table.name not in CLEAR:
        raise SealBroken(f"a row of {table.name} is not sealed")
    return content


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON value in its packed form, to recognise what was seen before."""
    return hashlib.sha256(jsontext.encode(value)).hexdigest()


def _place(table: Table, key: tuple[object, ...]) -> bytes:
    return "\x00".join((table.name, *map(str, key))).encode()
