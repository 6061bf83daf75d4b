"""Looks into a hub as its installation sees it: with the keys that it keeps in its state folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table

from gateway.config import Keys
from gateway.hub.content import unpack
from gateway.hub.opened import open_at
from gateway.hub.store import Store
from gateway.keys.keyring import Keyring


def looking(url: str, state: Path) -> Store:
    """The store of an installation with this state folder."""
    return open_at(url, Keyring.of(Keys(), state))


def said(connection: Connection, table: Table, row: Row[Any]) -> Any:
    """What stands in the content of a row, selected with its whole key."""
    own = row._mapping
    key = (own[column.name] for column in table.primary_key)
    return unpack(connection, own["content" if "content" in table.c else "items"], table, *key)
