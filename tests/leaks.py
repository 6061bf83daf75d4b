"""Looks for words where nothing personal may stand in clear: in every value of every table, and in raw files
as they lie on a disk. Each word in the forms in which it may hide; it opens what is compressed, no seal."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, inspect

from tests.databases import as_role

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_HEX = re.compile(rb"\\x((?:[0-9a-f]{2}){4,})")
_MOST_OPENED = 1 << 22


@cache
def forms(word: str) -> tuple[bytes, ...]:
    """How a word may stand somewhere: as it is, escaped, in hexadecimal, in base64 wherever it begins."""
    plain = word.encode()
    wholes = [base64.b64encode(b"\x00" * before + plain) for before in range(3)]
    parts = [one[-(-n * 8 // 6) : (n + len(plain)) * 8 // 6] for n, one in enumerate(wholes)]
    return plain, json.dumps(word)[1:-1].encode(), plain.hex().encode(), *parts


def found(words: Iterable[str], value: bytes) -> list[str]:
    """Those of the words that stand in a value, in any form; in what is compressed too."""
    if value[:1] == b"\x78":
        try:
            return found(words, zlib.decompress(value))
        except zlib.error:
            pass
    return [word for word in words if any(form in value for form in forms(word))]


def values(url: str) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, past all roles."""
    engine = create_engine(url if url.startswith("sqlite") else as_role(url, "postgres"))
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings():
                for name, value in row.items():
                    binary = isinstance(value, bytes | memoryview)
                    yield f"{table}.{name}", bytes(value) if binary else str(value).encode()
    engine.dispose()


def leaks(url: str, words: Iterable[str]) -> list[tuple[str, str]]:
    """(table.column, word) of each word that stands in a database."""
    known = list(words)
    return sorted({(place, word) for place, value in values(url) for word in found(known, value)})


def in_raw(words: Iterable[str], data: bytes) -> set[str]:
    """Those of the words that stand anywhere in a file: in clear, in what zlib compressed, in what PostgreSQL
    compressed (pglz breaks a word that stands there for the first time with a byte after every eighth), and
    in the hexadecimal values of a dump."""
    known = list(words)
    told = set(found(known, data))
    told |= {word for word in known if _broken(word.encode()).search(data)}
    for inner in (*_opened(data), *(bytes.fromhex(one[1].decode()) for one in _HEX.finditer(data))):
        told.update(found(known, inner))
    return told


def in_files(words: Iterable[str], paths: Iterable[Path]) -> list[tuple[str, str]]:
    """(file name, word) of each word that stands in these files."""
    known = list(words)
    read = ((path.name, path.read_bytes().rstrip(b"\x00")) for path in paths)
    return sorted({(name, word) for name, data in read if data for word in in_raw(known, data)})


def _opened(data: bytes) -> Iterator[bytes]:
    """What begins somewhere in a file and is compressed, as far as it can be opened."""
    for start in _ZLIB.finditer(data):
        reader, made = zlib.decompressobj(), bytearray()
        try:
            for place in range(start.start(), len(data), 512):
                made += reader.decompress(data[place : place + 512], _MOST_OPENED)
                if reader.eof or len(made) >= _MOST_OPENED:
                    break
        except zlib.error:
            pass  # bytes that only look like a beginning; what came out until then is looked at
        if made:
            yield bytes(made)


@cache
def _broken(word: bytes) -> re.Pattern[bytes]:
    """The word with one foreign byte after at most eight of its own, and after each eight that follow."""
    ways = []
    for first in range(1, min(8, len(word) - 1) + 1):
        parts = [word[:first], *(word[n : n + 8] for n in range(first, len(word), 8))]
        ways.append(b"[\\x00-\\xff]".join(re.escape(part) for part in parts))
    return re.compile(b"|".join(ways), re.S)
