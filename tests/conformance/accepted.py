"""The warnings that stay, and why: accepted.txt read, and put beside what the validator says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tests.conformance.hl7 import Finding

LIST: Final = Path(__file__).with_name("accepted.txt")
_PLACES: Final = re.compile(r"\[\d+\]|/\*.*?\*/")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One line of the list."""

    message_id: str
    where: str
    contains: str
    reason: str

    def fits(self, finding: Finding) -> bool:
        """Whether it is this finding that is accepted."""
        return (
            finding.severity == "warning"
            and finding.message_id == self.message_id
            and fnmatchcase(_PLACES.sub("", finding.location), self.where)
            and self.contains in finding.message
        )


def accepted() -> list[Accepted]:
    """The list. Every line has all its parts."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    read = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    assert all(len(parts) == 4 and all(parts) for parts in read)
    return [Accepted(*parts) for parts in read]


def judged(findings: Iterable[Finding]) -> tuple[list[Finding], list[Accepted]]:
    """Errors and warnings that nothing accepts; and the lines that fit nothing."""
    unused = accepted()
    listed = list(unused)
    left = []
    for finding in findings:
        fitting = [one for one in listed if one.fits(finding)]
        unused = [one for one in unused if one not in fitting]
        if not fitting and finding.severity != "information":
            left.append(finding)
    return left, unused
