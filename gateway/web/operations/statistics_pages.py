"""The page of de-identified statistics, and the same as a file: by quarter, what has been published of each
topic (gateway/operating/statistics.py). Nobody is counted here, and no child is looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from consent.days import day
from gateway.hub import published
from gateway.operating import statistics
from gateway.operating.statistics import CELLS, TIME, TOPICS
from gateway.operating.suppression import Shown, Times
from gateway.web.desk import AtDesk
from gateway.web.language import Language
from gateway.web.operations.entrance import DRIFT, Operating
from gateway.web.rendering import HEADERS, PageRoute, language, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
LATE: Final = timedelta(days=1)  # a count that should have been done so long ago
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")  # how what a spreadsheet would execute begins


@dataclass(frozen=True, slots=True)
class Line:
    """What is shown of a topic in one quarter. first: the quarter's first day; since: the day it is as of;
    told: None of times where there are too few children."""

    first: date
    running: bool
    since: date
    told: Shown | Times | None


@router.get("/statistikk")
def shown(request: Request, desk: AtDesk, who: Operating) -> Response:
    """The statistics."""
    service = desk.service
    now = service.clock()
    with service.store.read(who.tenant) as connection:
        due = statistics.due(connection, who.tenant)
        topics = _topics(connection, who.tenant, day(now))
    return page(
        request,
        "operations/statistics",
        session=who.session,
        topics=topics,
        cells=CELLS,
        due=due,
        late=_late(due, now),
    )


@router.get("/statistikk.csv")
def as_file(request: Request, desk: AtDesk, who: Operating) -> Response:
    """The same numbers, no more, as a file for a spreadsheet."""
    with desk.service.store.read(who.tenant) as connection:
        topics = _topics(connection, who.tenant, day(desk.service.clock()))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in _rows(topics, language(request)):
        writer.writerow([plain(cell) for cell in row])
    named = {"Content-Disposition": 'attachment; filename="statistikk.csv"'}
    return Response(text.getvalue().encode("utf-8-sig"), 200, HEADERS | named, "text/csv; charset=utf-8")


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _topics(connection: Connection, tenant: str, today: date) -> dict[str, list[Line]]:
    running = statistics.quarter_of(today)
    return {
        topic: [
            Line(first, first == running, one.since, _read(topic, one.told))
            for first, one in statistics.by_quarter(published.of_topic(connection, tenant, topic), today)
        ]
        for topic in TOPICS
    }


def _read(topic: str, told: Any) -> Shown | Times | None:
    if told is None:
        return None
    return Times(**told) if topic == TIME else Shown(**told)


def _rows(topics: dict[str, list[Line]], t: Language) -> Iterator[tuple[str, ...]]:
    yield tuple(t(f"drift.statistics.file.{one}") for one in ("topic", "quarter", "since", "cell", "number"))
    for topic, lines in topics.items():
        for line in lines:
            head = t(f"drift.topic.{topic}"), quarter(line.first, t), line.since.isoformat()
            for name, number in _cells(topic, line.told):
                hidden = t("drift.statistics.hidden")
                yield (*head, t(f"drift.cell.{topic}.{name}"), hidden if number is None else str(number))


def _cells(topic: str, told: Shown | Times | None) -> Iterator[tuple[str, int | None]]:
    if isinstance(told, Shown):
        yield from told.cells.items()
        yield "whole", told.whole
        return
    for name in ("low", "median", "high") if topic == TIME else ():
        yield name, None if told is None else getattr(told, name)


def quarter(first: date, t: Language) -> str:
    """4. kvartal 2026."""
    return t("drift.statistics.quarter", number=(first.month + 2) // 3, year=first.year)


def _late(due: datetime | None, now: datetime) -> bool:
    return due is not None and now - due > LATE
