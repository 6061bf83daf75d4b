"""What the pages say, in bokmål and nynorsk: one gettext catalog each, with the same ids, read once at start.
Dates, times and lists are written as Norwegians write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

FOLDER: Final = Path(__file__).parent / "catalogs"
OSLO: Final = ZoneInfo("Europe/Oslo")
LANGUAGES: Final = ("nb", "nn")
OF_THE_YOUNG: Final = "ung."  # before the id of a sentence that is said otherwise to a child
MOMENT: Final = "d. MMMM y 'kl.' HH.mm"  # with full stops, as Språkrådet writes; CLDR has colons


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Call it with an id and the values to put in. counted: for one and for several."""

    code: str
    texts: Mapping[str, str]
    counted: Mapping[str, tuple[str, str]]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence. Raises KeyError for an id that no catalog has."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def count(self, key: str, n: int) -> str:
        """The words for so many: 1 opplysning, 2 opplysninger. Raises KeyError."""
        return self.counted[key][n != 1].format(n=n)

    def of(self, group: str, code: str | None) -> str:
        """The word for a code, or the code itself where it is none of ours."""
        return self.texts.get(f"{group}.{code}", code or "")

    def day(self, value: date | datetime | None) -> str:
        """14. mars 2026; of a moment, the day in Norway."""
        if value is None:
            return ""
        on = value.astimezone(OSLO).date() if isinstance(value, datetime) else value
        return format_date(on, "long", locale=self.code)

    def moment(self, value: datetime) -> str:
        """14. mars 2026 kl. 09.05, in Norway."""
        return format_datetime(value, MOMENT, tzinfo=OSLO, locale=self.code)

    def date(self, value: date, pattern: str) -> str:
        """A day by a pattern of CLDR: "d. MMM" is 14. mars, "MMMM y" is mars 2026."""
        return format_date(value, pattern, locale=self.code)

    def number(self, value: int) -> str:
        """12 345, with the space that keeps it on one line."""
        return format_decimal(value, locale=self.code)

    def lasting(self, seconds: int) -> str:
        """About how long, in the largest unit that says enough: 5 min, 3 t, 2 døgn."""
        for unit, size, least in (("days", 86_400, 2 * 86_400), ("hours", 3_600, 2 * 3_600)):
            if seconds >= least:
                return self(f"lasting.{unit}", n=self.number(seconds // size))
        return self("lasting.minutes", n=seconds // 60) if seconds >= 60 else self("lasting.less")

    def several(self, words: list[str]) -> str:
        """a, b og c."""
        return format_list(words, locale=self.code)


def catalog(code: str) -> Catalog:
    """The catalog of a language, as translators keep it. Raises PoFileError for one that cannot be read."""
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def _language(code: str) -> Language:
    messages = [one for one in catalog(code) if one.id and not one.fuzzy]
    texts = {
        one.id: one.string for one in messages if isinstance(one.id, str) and isinstance(one.string, str)
    }
    counted = {one.id[0]: (one.string[0], one.string[1]) for one in messages if isinstance(one.string, tuple)}
    return Language(code, texts, counted)


def _young(words: Language) -> Language:
    """The same, in a child's or young person's own sentences where there are such."""
    own = {
        key.removeprefix(OF_THE_YOUNG): text
        for key, text in words.texts.items()
        if key.startswith(OF_THE_YOUNG)
    }
    return replace(words, texts={**words.texts, **own})


ALL: Final = {code: _language(code) for code in LANGUAGES}
YOUNG: Final = {code: _young(words) for code, words in ALL.items()}


def chosen(cookie: str | None, accepted: str | None) -> Language:
    """The language somebody chose, else the one their browser asks for first, else bokmål."""
    if cookie in ALL:
        return ALL[cookie]
    for part in (accepted or "").split(","):
        code = part.partition(";")[0].strip().lower().partition("-")[0]
        if code in ALL or code == "no":
            return ALL.get(code, ALL["nb"])
    return ALL["nb"]
