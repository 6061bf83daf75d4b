"""What a folder's owner is told of a file that was not taken in whole: `inn/feil/<file>.feil.json`, with
line, column and reason of each fault, and never its content.
"""

from __future__ import annotations

from pathlib import Path

from adapters import jsontext
from adapters.contract import Record, Refusal
from adapters.folder_disk import digest, distinct, write_whole


def fault(line: int | None, reason: str) -> Record:
    """One fault, as it stands in a report."""
    return {"linje": line, "grunn": reason}


class Reports:
    """The reports on the files of one folder."""

    def __init__(self, inn: Path) -> None:
        self._inn = inn

    def add(self, path: Path, data: bytes, faults: list[Record]) -> None:
        """Add to the report on a file; what is in it already stands once."""
        report = self._inn / "feil" / f"{distinct(path, digest(data))}.feil.json"
        known = jsontext.decode(report.read_bytes())["feil"] if report.is_file() else []
        fresh = [one for one in faults if one not in known]
        write_whole(report, jsontext.encode({"fil": path.name, "feil": [*known, *fresh]}))

    def tell(self, refusals: tuple[Refusal, ...]) -> None:
        """Add refused rows to the reports on their files; a file that is gone by now needs none."""
        by_file: dict[str, list[Record]] = {}
        for one in refusals:
            name, _, line = one.place.rpartition(":")
            told = {**fault(int(line), one.reason), "felt": one.field}
            by_file.setdefault(Path(name).name, []).append(told)
        for name, faults in by_file.items():
            path = self._inn / name
            if path.is_file():
                self.add(path, path.read_bytes(), faults)
