"""A file of records read piece by piece, so that its size does not matter: a JSON list, NDJSON or one object.
Says where each record ends, so that reading can go on from there. Looks into no record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gateway import jsontext
from gateway.cli.outcome import Impossible

CHUNK = 1 << 20
LARGEST = 200 << 20  # bytes of one record
BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_IN_STRING = re.compile(rb'["\\]')
_OUTSIDE = re.compile(rb'["\[\]{},]')


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one record, the offset of the first byte after it, and that of its own first byte."""

    text: bytes
    end: int
    start: int = 0


def pieces(path: Path, offset: int = 0) -> Iterator[Piece]:
    """The records of a file from an offset that an earlier piece ended at. Raises Impossible."""
    with path.open("rb") as file:
        form = _form(path, file)
        file.seek(offset)
        if form == "list":
            yield from _ListReader(file, offset).pieces()
        elif form == "lines":
            yield from _lines(file, offset)
        elif offset == 0:
            text = file.read()
            yield _piece(text, 0, len(text))


def _piece(raw: bytes, start: int, end: int) -> Piece:
    """The record of bytes that begin at `start`, without what surrounds it."""
    text = raw.removeprefix(BOM).lstrip(_SPACE)
    return Piece(text.rstrip(_SPACE), end, start + len(raw) - len(text))


def _form(path: Path, file: IO[bytes]) -> str:
    head = file.read(CHUNK)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Impossible(f"{path}: is UTF-16; save it as UTF-8.")
    start = head.removeprefix(BOM).lstrip(_SPACE)
    if start.startswith(b"["):
        return "list"
    if not start.startswith(b"{"):
        raise Impossible(f"{path}: neither a JSON list, a JSON object nor NDJSON.")
    return "lines" if path.suffix in {".ndjson", ".jsonl"} or _is_json(start.partition(b"\n")[0]) else "one"


def _is_json(line: bytes) -> bool:
    try:
        jsontext.decode(line)
    except (jsontext.DecodeError, UnicodeDecodeError):
        return False
    return True


def _lines(file: IO[bytes], offset: int) -> Iterator[Piece]:
    for line in file:
        piece = _piece(line, offset, offset + len(line))
        offset += len(line)
        if piece.text:
            yield piece


@dataclass(slots=True)
class _ListReader:
    """Splits a JSON list at the commas of its outermost level."""

    file: IO[bytes]
    offset: int  # of the first byte of `buffer`
    buffer: bytes = b""
    start: int = 0  # in the buffer: where the current record begins
    place: int = 0  # in the buffer: all before it has been looked at
    depth: int = field(default=0, init=False)  # 1: directly in the list
    quoted: bool = field(default=False, init=False)

    def pieces(self) -> Iterator[Piece]:
        """Each element of the list."""
        self.depth = 1 if self.offset else 0
        while (found := self._next_sign()) is not None:
            if self._is_cut(found):
                piece = self._cut()
                if piece.text:
                    yield piece
                if self.depth == 0:
                    return
        rest = _piece(self.buffer[self.start :], self.offset + self.start, self.offset + len(self.buffer))
        if rest.text:
            yield rest  # the file ends within a record

    def _next_sign(self) -> bytes | None:
        """The next byte that matters, and `place` after it; None at the end of the file."""
        while True:
            pattern = _IN_STRING if self.quoted else _OUTSIDE
            found = pattern.search(self.buffer, self.place)
            if found and not (found[0] == b"\\" and found.end() == len(self.buffer)):
                self.place = found.end() + (found[0] == b"\\")
                return found[0]
            self.place = found.start() if found else len(self.buffer)
            if not self._fill():
                return None

    def _fill(self) -> bool:
        more = self.file.read(CHUNK)
        self.offset += self.start
        self.buffer = self.buffer[self.start :] + more
        self.place -= self.start
        self.start = 0
        if len(self.buffer) > LARGEST:
            raise Impossible(f"The record at byte {self.offset} is larger than 200 MB.")
        return bool(more)

    def _is_cut(self, sign: bytes) -> bool:
        """Whether a record ends here; keeps count of strings and levels."""
        if sign == b'"':
            self.quoted = not self.quoted
        elif sign in b"[{":
            self.depth += 1
            if self.depth == 1:  # the list itself begins
                self.start = self.place
        elif sign in b"]}":
            self.depth -= 1
            return self.depth == 0
        return sign == b"," and self.depth == 1

    def _cut(self) -> Piece:
        raw = self.buffer[self.start : self.place - 1]
        piece = _piece(raw, self.offset + self.start, self.offset + self.place)
        self.start = self.place
        return piece
