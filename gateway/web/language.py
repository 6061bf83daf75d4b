"""What the pages say, in bokmål and nynorsk: one catalog each, with the same keys. Dates are written as
Norwegians write them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

FOLDER: Final = Path(__file__).parent / "catalogs"
OSLO: Final = ZoneInfo("Europe/Oslo")
LANGUAGES: Final = ("nb", "nn")


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Call it with a key and the values to put in."""

    code: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence. Raises KeyError for a key that no catalog has."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def of(self, group: str, code: str | None) -> str:
        """The word for a code, or the code itself where it is none of ours."""
        return self.texts.get(f"{group}.{code}", code or "")

    def day(self, value: date | datetime | None) -> str:
        """14. mars 2026."""
        if value is None:
            return ""
        on = value.astimezone(OSLO).date() if isinstance(value, datetime) else value
        return f"{on.day}. {self.texts[f'month.{on.month}']} {on.year}"

    def moment(self, value: datetime) -> str:
        """14. mars 2026 kl. 09.05."""
        local = value.astimezone(OSLO)
        return f"{self.day(local)} kl. {local:%H.%M}"

    def several(self, words: list[str]) -> str:
        """a, b og c."""
        return (
            ", ".join(words[:-1]) + f" {self.texts['and']} {words[-1]}" if len(words) > 1 else "".join(words)
        )


def catalog(code: str) -> dict[str, str]:
    """All texts of a language, by key ("form.title")."""
    return dict(_flat("", tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))))


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        out += _flat(f"{name}.", value) if isinstance(value, dict) else [(name, str(value))]
    return out


ALL: Final = {code: Language(code, catalog(code)) for code in LANGUAGES}


def chosen(cookie: str | None, accepted: str | None) -> Language:
    """The language somebody chose, else the one their browser asks for first, else bokmål."""
    if cookie in ALL:
        return ALL[cookie]
    for part in (accepted or "").split(","):
        code = part.partition(";")[0].strip().lower().partition("-")[0]
        if code in ALL or code == "no":
            return ALL.get(code, ALL["nb"])
    return ALL["nb"]
