"""Checks the log of disclosures against the audit: each row as it was written, about whom, and how it ended.
Reads alone, side by side in the order of their ids, so that it takes no memory however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, func, select

from gateway.hub.audit import pins
from gateway.hub.audit.entries import TOLD, Kind
from gateway.hub.audit.rows import PAGE, as_stored
from gateway.hub.schema.audit import audit
from gateway.hub.schema.tables import disclosure

if TYPE_CHECKING:
    from gateway.hub.audit.verify import Fault, Report

_ROW: Final = as_stored(disclosure)


@dataclass(slots=True)
class _Said:
    """What the audit says of one disclosure, the newest of it. ended: every way it says that it ended."""

    id: str
    person: str | None = None
    begun: bytes | None = None
    ended: tuple[bytes, ...] = ()


def check(connection: Connection, report: Report, fault: type[Fault]) -> None:
    """Note what is wrong."""
    began = _began(connection, report.tenant)
    said, there = _said(connection, report.tenant), _there(connection, report.tenant)
    one, row = next(said, None), next(there, None)
    while one is not None or row is not None:
        if row is not None and (one is None or row.id < one.id):
            if began is not None and row.started >= began:
                report.note([fault(f"disclosure {row.id}", "is not in the audit: it was slipped in")])
            else:
                report.before += 1
            row = next(there, None)
        elif one is not None and (row is None or one.id < row.id):
            report.note([fault(f"disclosure {one.id}", "is in the audit and gone from the log")])
            one = next(said, None)
        elif one is not None and row is not None:
            report.disclosures += 1
            older = began is not None and row.started < began
            report.note(fault(f"disclosure {row.id}", what) for what in _wrong(one, row, older=older))
            one, row = next(said, None), next(there, None)


def _wrong(said: _Said, row: Row[Any], *, older: bool) -> Iterator[str]:
    """older: written before there was an audit, and closed since."""
    begun = said.begun is not None or not older
    if begun and pins.of_begun(row._mapping) != said.begun:
        yield "was changed"
    if begun and said.person != row.person:
        yield "was laid to another person"
    if row.state == pins.OPEN:
        if said.ended or row.closed is not None or row.error is not None:
            yield "was opened again"
    elif pins.of_ended(row._mapping) not in said.ended:
        yield "did not end as it says"


def _began(connection: Connection, tenant: str) -> int | None:
    """When the first entry was written; None where there is none."""
    first = as_stored(audit)[3]
    found = select(func.min(first)).where(audit.c.tenant == tenant)
    return connection.execute(found).scalar()


def _said(connection: Connection, tenant: str) -> Iterator[_Said]:
    """By id, what the audit says of each."""
    subject = audit.c.subject.collate(_bytewise(connection))
    found = (
        select(audit.c.subject, audit.c.kind, audit.c.person, audit.c.pin)
        .where(audit.c.tenant == tenant, audit.c.pin.is_not(None), audit.c.kind.in_(TOLD))
        .order_by(subject, audit.c.number)
        .execution_options(yield_per=PAGE)
    )
    one: _Said | None = None
    for row in connection.execute(found):
        if one is None or one.id != row.subject:
            if one is not None:
                yield one
            one = _Said(row.subject)
        if row.kind == Kind.CLOSED:
            one.ended = (*one.ended, bytes(row.pin))
        else:
            one.person, one.begun = row.person, bytes(row.pin)
    if one is not None:
        yield one


def _there(connection: Connection, tenant: str) -> Iterator[Row[Any]]:
    """By id, the rows there are."""
    found = (
        select(*_ROW)
        .where(disclosure.c.tenant == tenant)
        .order_by(disclosure.c.id.collate(_bytewise(connection)))
        .execution_options(yield_per=PAGE)
    )
    yield from connection.execute(found)


def _bytewise(connection: Connection) -> str:
    return "C" if connection.dialect.name == "postgresql" else "BINARY"
