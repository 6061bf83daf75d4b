"""Sets the content of a document as a tagged PDF (PDF/UA-1 where its letters allow): the same content and
date give the same bytes. Needs no network, no fonts of the system and no clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib import resources

import typst

from mappings.model import NotExpressible

TEMPLATE = "plan.typ"
KEPT = 32  # documents that stay in memory between two looks at the same content


@lru_cache(maxsize=KEPT)
def pdf(content: str, day: str) -> bytes:
    """The PDF of some content (JSON) as of a day ("2026-11-20")."""
    inputs = {"content": content, "date": ".".join(reversed(day.split("-")))}
    at = datetime.combine(date.fromisoformat(day), time(12), tzinfo=UTC)
    try:
        return _compiled(inputs, at, ["ua-1"])
    except typst.TypstError:  # a letter that the font lacks (an emoji): tagged all the same, but not PDF/UA
        pass
    try:
        return _compiled(inputs, at, [])
    except typst.TypstError:
        raise NotExpressible("Dokumentet lot seg ikke sette opp") from None  # its message would hold content


def _compiled(inputs: dict[str, str], at: datetime, standards: list[typst.PDFStandard]) -> bytes:
    template = resources.files(__package__).joinpath(TEMPLATE).read_bytes()
    return typst.compile(
        template,
        format="pdf",
        sys_inputs=inputs,
        ignore_system_fonts=True,
        pdf_standards=standards,
        timestamp=at,
        pdf_tags=True,
    )
