"""The files of a folder drop: bytes to records. A bad line is named with its reason, never its content."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from adapters import jsontext
from adapters.contract import Record


class Unreadable(Exception):
    """A file or line that cannot be read. `reason` is a plain Norwegian sentence."""

    def __init__(self, line: int | None, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}")


@dataclass(frozen=True, slots=True)
class Content:
    """The records of one file, and the lines that are none."""

    records: tuple[Record, ...]
    unreadable: tuple[Unreadable, ...] = ()


Reader = Callable[[bytes], Content]
Line = tuple[int, Record | None, str]


def reader(form: Literal["json", "ndjson", "csv"], delimiter: str, encoding: str) -> Reader:
    """A function from bytes to Content. It raises Unreadable where nothing of the file can be used."""
    if form == "csv":
        return lambda data: _content(_csv_lines(_text(data, encoding), delimiter))
    if form == "ndjson":
        return lambda data: _content(_json_lines(_text(data, encoding)))
    return lambda data: _content(_json_members(_text(data, encoding)))


def _content(lines: Iterator[Line]) -> Content:
    records, unreadable = [], []
    for number, record, reason in lines:
        if record is None:
            unreadable.append(Unreadable(number, reason))
        else:
            records.append(record)
    return Content(tuple(records), tuple(unreadable))


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, f"Filen er ikke lagret som {encoding}.") from error


def _json_members(text: str) -> Iterator[Line]:
    try:
        found = jsontext.decode(text)
    except jsontext.DecodeError as error:
        raise Unreadable(None, "Filen er ikke gyldig JSON.") from error
    for number, record in enumerate(found if isinstance(found, list) else [found], 1):
        good = isinstance(record, dict)
        yield number, record if good else None, "Elementet i listen er ikke en post."


def _json_lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = jsontext.decode(line)
        except jsontext.DecodeError:
            yield number, None, "Linjen er ikke gyldig JSON."
            continue
        yield number, record if isinstance(record, dict) else None, "Linjen er ikke en post."


def _csv_lines(text: str, delimiter: str) -> Iterator[Line]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(rows, None)
        if header is None or len(set(header)) != len(header):
            raise Unreadable(1, "Den første linjen må gi hver kolonne et eget navn.")
        for row in rows:
            if row:
                yield _csv_row(header, row, rows.line_num)
    except csv.Error as error:
        raise Unreadable(rows.line_num, "Linjen er ikke gyldig CSV.") from error


def _csv_row(header: list[str], row: list[str], number: int) -> Line:
    if len(row) != len(header):
        return number, None, f"Linjen har {len(row)} felter, den første linjen har {len(header)}."
    return number, dict(zip(header, row, strict=True)), ""
