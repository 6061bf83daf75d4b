"""The files of a folder drop: bytes to records. A bad line is named with its reason, never its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from adapters import jsontext
from adapters.contract import Record
from adapters.csv_form import CsvForm, Line, Unreadable, decoded

__all__ = ["Content", "Unreadable", "reader"]

Form = Literal["json", "ndjson", "csv"]


@dataclass(frozen=True, slots=True)
class Content:
    """The records of one file with the lines they stand in, and the lines that are none."""

    records: tuple[tuple[int, Record], ...]
    unreadable: tuple[Unreadable, ...] = ()


Reader = Callable[[bytes], Content]


def reader(form: Form, csv: CsvForm) -> Reader:
    """A function from bytes to Content. It raises Unreadable where nothing of the file can be used."""
    if form == "csv":
        return lambda data: _content(csv.lines(csv.text(data)))
    if form == "ndjson":
        return lambda data: _content(_json_lines(decoded(data, csv.encoding)))
    return lambda data: _content(_json_members(decoded(data, csv.encoding)))


def _content(lines: Iterator[Line]) -> Content:
    records, unreadable = [], []
    for number, record, reason in lines:
        if record is None:
            unreadable.append(Unreadable(number, reason))
        else:
            records.append((number, record))
    return Content(tuple(records), tuple(unreadable))


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
