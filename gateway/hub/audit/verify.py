"""Checks a tenant's audit: that every entry, every block and every signed head is what it was, that nothing
is gone, moved or slipped in, and that the log of disclosures says what the audit says. Reads alone; asks for
no key of anybody's data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from gateway.hub.audit import chain, rows, told
from gateway.hub.audit.chain import Block
from gateway.hub.audit.heads import Head

MOST: Final = 100  # faults told of


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. where: "entry 17", "block 3", "disclosure …", "head 4"."""

    where: str
    what: str


@dataclass(slots=True)
class Report:
    """What was found. first: the first entry, block, head or disclosure that is wrong."""

    tenant: str
    blocks: int = 0
    entries: int = 0  # that are chained
    tail: int = 0  # that are not chained yet: what is changed there now is not noticed
    heads: int = 0
    disclosures: int = 0
    before: int = 0  # disclosures from before there was an audit
    faults: list[Fault] = field(default_factory=list)

    def note(self, faults: Iterable[Fault]) -> None:
        """Add these, so many at most."""
        for one in faults:
            if len(self.faults) >= MOST:
                return
            self.faults.append(one)

    @property
    def first(self) -> Fault | None:
        """The first one."""
        return self.faults[0] if self.faults else None


class _Numbers:
    """Which numbers are chained: one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> bool:
        """False where it was there."""
        place, bit = divmod(number, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 4096 - len(self._bits)))
        known = bool(self._bits[place] & (1 << bit))
        self._bits[place] |= 1 << bit
        return not known

    def __contains__(self, number: int) -> bool:
        place, bit = divmod(number, 8)
        return place < len(self._bits) and bool(self._bits[place] & (1 << bit))


def verify(connection: Connection, tenant: str, heads: Iterable[Head | int]) -> Report:
    """Everything of a tenant, in one transaction that reads. heads: every line of the signed file."""
    report, chained = Report(tenant), _Numbers()
    signed = _signed(tenant, heads, report)
    low = _blocks(connection, report, chained, signed)
    for number in rows.every_number(connection, tenant):
        if number in chained:
            continue
        if number <= low:
            report.note([Fault(f"entry {number}", "stands in no block: it was slipped in")])
        else:
            report.tail += 1
    told.check(connection, report, Fault)
    return report


def _signed(tenant: str, heads: Iterable[Head | int], report: Report) -> dict[int, str]:
    """The hash that each block was signed with. What was signed after the copy that a database was put back
    from counts no more."""
    found: dict[int, str] = {}
    for one in heads:
        if isinstance(one, int):
            report.note([Fault(f"head {one}", "was not signed with this key")])
        elif one.tenant == tenant:
            if one.restored:
                found = {number: hash for number, hash in found.items() if number <= one.block}
            if one.block:
                found[one.block] = one.hash
                report.heads += 1
    return found


def _blocks(connection: Connection, report: Report, chained: _Numbers, signed: dict[int, str]) -> int:
    """Each block against the one before, its head and its entries; the number below which none may be
    missing in a block."""
    last: Block | None = None
    for block in rows.blocks(connection, report.tenant):
        report.note(_wrong(block, last, signed.pop(block.number, None)))
        report.note(_entries(connection, block, report, chained))
        report.blocks += 1
        last = block
    report.note(
        Fault(f"block {number}", "was signed and is gone: the chain was cut off") for number in sorted(signed)
    )
    return last.low if last else 0


def _wrong(block: Block, last: Block | None, signed: str | None) -> Iterator[Fault]:
    where = f"block {block.number}"
    if block.number != (last.number if last else 0) + 1:
        yield Fault(f"block {(last.number if last else 0) + 1}", "is gone")
    if not block.whole:
        yield Fault(where, "was changed")
    if block.previous != (last.hash if last else chain.BEGINNING):
        yield Fault(where, "does not follow the block before it")
    if signed is not None and block.hash.hex() != signed:
        yield Fault(where, "is not the one that was signed")


def _entries(connection: Connection, block: Block, report: Report, chained: _Numbers) -> Iterator[Fault]:
    try:
        members = list(block.members())
    except ValueError:
        yield Fault(f"block {block.number}", "was cut off")
        return
    there: dict[int, rows.Stored] = {}
    for start in range(0, len(members), rows.PAGE):
        some = [number for number, _ in members[start : start + rows.PAGE] if number < 2**63]
        there |= rows.of_numbers(connection, report.tenant, some)
    for number, digest in members:
        row = there.get(number)
        if row is None:
            yield Fault(f"entry {number}", "is gone")
        elif not chained.add(number):
            yield Fault(f"entry {number}", f"stands in block {block.number} and in another")
        elif chain.digest_of(row._mapping) != digest:
            yield Fault(f"entry {number}", "was changed")
        else:
            report.entries += 1
