"""An audit with some of everything in it: disclosures that ended in every way, entries with and without a
person, several blocks, signed heads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind, Outcome
from gateway.hub.audit.heads import Head, Heads
from gateway.hub.audit.sealer import Sealer
from gateway.hub.store import Store

TENANT = "fjordbyen"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATES = (disclosures.DELIVERED, disclosures.REFUSED, disclosures.UNKNOWN, None)


class Clock:
    """A second further each time it is asked."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Standing:
    """One tenant's audit, and what may be done with it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.store = Store(url)
        self.heads = Heads(folder / "beside", folder / "key.pem")
        self.clock = Clock()
        self.sealer = self.another_sealer()

    def another_sealer(self) -> Sealer:
        """A sealer of another process; it signs at every round."""
        return Sealer(self.store, self.heads, self.clock, 0.0)

    def tell(self, number: int, state: str | None = disclosures.DELIVERED) -> str:
        """One disclosure, begun and ended; None: it is under way."""
        own = f"{number:08d}-0000-4000-8000-000000000000"
        item = Disclosed(f"Goal/{number}", 1, ("maal",), "consent", ("W8",), (f"Consent/{number % 3}",))
        attempt = Attempt(own, f"child-{number % 4}", (item,))
        now = self.clock()
        with self.store.write(TENANT) as connection:
            disclosures.begin(
                connection, TENANT, [attempt], recipient="bup", channel="push", run=number, epoch=number % 5,
                owner="worker-1", now=now, deadline=now + timedelta(seconds=30),
            )  # fmt: skip
        if state is not None:
            with self.store.write(TENANT) as connection:
                error = None if state == disclosures.DELIVERED else "422"
                disclosures.finish(connection, TENANT, [(own, state, error)], self.clock())
        return own

    def note(self, number: int) -> None:
        """One entry that is about no disclosure."""
        with self.store.write(TENANT) as connection:
            entries.write(
                connection,
                TENANT,
                [
                    Entry(
                        kind=Kind.DECISION if number % 2 else Kind.LOGIN,
                        at=self.clock(),
                        person=f"child-{number % 4}" if number % 2 else None,
                        action="act",
                        outcome=Outcome.REFUSED if number % 5 == 0 else Outcome.DONE,
                        client="klient",
                        subject=f"act-{number}",
                        details={"keys": [number]} if number % 3 else None,
                    )
                ],
            )

    def signed(self) -> list[Head | int]:
        """Every line of the signed file."""
        return list(self.heads.read())

    def close(self) -> None:
        self.store.close()


def filled(url: str, folder: Path, blocks: int = 5, each: int = 8) -> Standing:
    """Some blocks with some entries each."""
    made = Standing(url, folder)
    for block in range(blocks):
        for one in range(each // 2):
            number = block * each + one
            made.tell(number, STATES[number % len(STATES)])
            made.note(number)
        assert made.sealer.round(TENANT)
    return made
