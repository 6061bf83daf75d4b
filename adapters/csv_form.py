"""CSV as one system writes it: rows to records of texts, and records to the same bytes again. Every cell is a
text; what a cell means is none of its business.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from adapters.contract import Record

Line = tuple[int, Record | None, str]  # line in the file, the record or why there is none


class Unreadable(Exception):
    """A file or line that cannot be read. `reason` is a plain Norwegian sentence."""

    def __init__(self, line: int | None, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}")


class Unwritable(Exception):
    """A record that this form cannot hold. `column` and a plain Norwegian reason, never the content."""

    def __init__(self, column: str, reason: str) -> None:
        self.column, self.reason = column, reason
        super().__init__(f"{column}: {reason}")


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How the files are written. columns: in order; without them those of the first record."""

    delimiter: str = ";"
    encoding: str = "utf-8-sig"
    columns: tuple[str, ...] = ()
    line_end: str = "\r\n"
    quote_all: bool = False

    def text(self, data: bytes) -> str:
        """The file as text. Raises Unreadable."""
        return decoded(data, self.encoding)

    def lines(self, text: str) -> Iterator[Line]:
        """Each row of the text. Raises Unreadable where no row can be told from the next."""
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        start = 2
        try:
            header = next(rows, None)
            if header is None or len(set(header)) != len(header):
                raise Unreadable(1, "Den første linjen må gi hver kolonne et eget navn.")
            start = rows.line_num + 1
            for row in rows:
                if row:
                    yield _row(header, row, start)
                start = rows.line_num + 1
        except csv.Error as error:
            raise Unreadable(rows.line_num, "Linjen er ikke gyldig CSV.") from error

    def bytes(self, records: Iterable[Record]) -> bytes:
        """A whole file with these records. Raises Unwritable."""
        listed = list(records)
        columns = self.columns or tuple(listed[0] if listed else ())
        columns += tuple(dict.fromkeys(name for record in listed for name in record if name not in columns))
        out = io.StringIO(newline="")
        quoting: Literal[0, 1] = csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL
        written = csv.writer(out, delimiter=self.delimiter, lineterminator=self.line_end, quoting=quoting)
        written.writerow(columns)
        for record in listed:
            written.writerow([self._cell(name, record.get(name)) for name in columns])
        return out.getvalue().encode(self.encoding)

    def _cell(self, column: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, (str, int, Decimal)):
            raise Unwritable(column, "Verdien er sammensatt og får ikke plass i en celle.")
        text = str(value)
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError as error:
            reason = f"Teksten har tegn som ikke finnes i {self.encoding}."
            raise Unwritable(column, reason) from error
        return text


def _row(header: list[str], row: list[str], number: int) -> Line:
    if len(row) != len(header):
        return number, None, f"Linjen har {len(row)} felter, den første linjen har {len(header)}."
    return number, dict(zip(header, row, strict=True)), ""


def decoded(data: bytes, encoding: str) -> str:
    """The text of a file. Raises Unreadable, which names the line."""
    try:
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, f"Filen er ikke lagret som {encoding}.") from error
