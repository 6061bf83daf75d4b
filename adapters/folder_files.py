"""The files of a folder drop: bytes to records. A bad line is named with its reason, never its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from adapters import jsontext, record_answers
from adapters.contract import Record
from adapters.csv_form import CsvForm, Line, Unreadable, decoded

__all__ = ["Content", "Unreadable", "reader"]

Form = Literal["json", "ndjson", "csv"]


@dataclass(frozen=True, slots=True)
class Content:
    """The records of one file with the lines they stand in, and the lines that are none. whole: the file says
    that it has all of them; omitted: what it says it leaves out, (id, reason)."""

    records: tuple[tuple[int, Record], ...]
    unreadable: tuple[Unreadable, ...] = ()
    whole: bool = False
    omitted: tuple[tuple[str, str], ...] = ()


Reader = Callable[[bytes], Content]


def reader(form: Form, csv: CsvForm) -> Reader:
    """A function from bytes to Content. It raises Unreadable where nothing of the file can be used."""
    if form == "csv":
        return lambda data: _content(csv.lines(csv.text(data)))
    if form == "ndjson":
        return lambda data: _content(_json_lines(decoded(data, csv.encoding)))
    return lambda data: _json(decoded(data, csv.encoding))


def _content(lines: Iterator[Line]) -> Content:
    records, unreadable = [], []
    for number, record, reason in lines:
        if record is None:
            unreadable.append(Unreadable(number, reason))
        else:
            records.append((number, record))
    return Content(tuple(records), tuple(unreadable))


def _json(text: str) -> Content:
    """A record, a list, or {"uttrekk": "helt", "poster": [...], "utelatt": [{"id", "grunn"}]}: a whole."""
    try:
        found = jsontext.decode(text)
    except jsontext.DecodeError as error:
        raise Unreadable(None, "Filen er ikke gyldig JSON.") from error
    if not isinstance(found, dict) or found.get("uttrekk") != "helt":
        return _content(_json_members(found if isinstance(found, list) else [found]))
    if not isinstance(found.get("poster"), list):
        raise Unreadable(None, "Uttrekket har ingen liste med poster.")
    whole = _content(_json_members(found["poster"]))
    left_out = record_answers.omissions(found.get("utelatt"), reason="grunn")
    return replace(whole, whole=True, omitted=left_out)


def _json_members(found: list[Any]) -> Iterator[Line]:
    for number, record in enumerate(found, 1):
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
