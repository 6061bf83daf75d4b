"""Looks at each answer: no 5xx, and nothing that the caller may not see. And, when all is done, at whatever
the gateway has left behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from tests.fuzz.canaries import MARKS, Canaries
from tests.fuzz.configuration import CLIENTS
from tests.fuzz.wire import Answered, Asked

MOST = 50  # findings that are kept whole
TRACES = (b"Traceback (most recent call last)", b'File "/', b"sqlalchemy", b"sqlite3.", b"psycopg")


@dataclass
class Judge:
    """told: how often each caller was told each word it may see; findings: all that is wrong; statuses: by
    operation and status."""

    canaries: Canaries
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    asked: int = 0
    wrong: int = 0

    def look(self, asked: Asked, answer: Answered) -> None:
        """One request and its answer."""
        self.asked += 1
        self.statuses.setdefault(asked.label, Counter())[answer.status] += 1
        if answer.status >= 500 or answer.status == 0:
            self._find(asked, answer, f"answered {answer.status}")
        whole = answer.whole
        for trace in TRACES:
            if trace in whole and trace not in (asked.body or b""):
                self._find(asked, answer, f"tells of the inside: {trace.decode()}")
        for word in self.canaries.in_answer(whole):
            self._read(asked, answer, word)

    def _read(self, asked: Asked, answer: Answered, word: str) -> None:
        if asked.caller in self._may(word):
            self.told[asked.caller, word] += 1
        elif (
            word.encode()
            not in unquote_to_bytes(asked.target) + (asked.body or b"") + repr(asked.headers).encode()
        ):
            self._find(asked, answer, f"told {word}: {self.canaries.told.get(word, 'what another sent')}")

    def _may(self, word: str) -> frozenset[str]:
        for tenant, mark in MARKS.items():
            if word == mark:
                here = {name for name, (own, _, _) in CLIENTS.items() if own == tenant}
                return frozenset(here | ({"mor"} if tenant == "fjordbyen" else set()))
        return self.canaries.may[word]

    def _find(self, asked: Asked, answer: Answered, what: str) -> None:
        self.wrong += 1
        if len(self.findings) < MOST:
            self.findings.append(
                {
                    "what": what,
                    "number": self.asked,
                    "caller": asked.caller,
                    "operation": asked.label,
                    "method": asked.method.decode("latin-1"),
                    "target": asked.target.decode("latin-1"),
                    "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in asked.headers],
                    "body": None if asked.body is None else asked.body[:20_000].decode("latin-1"),
                    "status": answer.status,
                    "answer": answer.body[:4_000].decode("utf-8", "replace"),
                }
            )
