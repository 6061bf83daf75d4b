"""What two sample people do when the demo is up: they move the same deadline at the same time, each on the
page of their own system, so that the coordinator finds a conflict to decide. Writes as people do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import httpx

from gateway.demo.demo_settings import Layout
from gateway.demo.record_forms import form_of
from gateway.demo.record_rules import INDIVIDUELL_PLAN, STAFETTLOGG, Kind

TITLE: Final = "Observasjon i klasserommet"  # Emma's measure e-t3
LOOKS, PAUSE_SECONDS = 120, 0.5
TRIES, SETTLED = 6, 10  # times they try; looks after which the systems would say the same
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at the page of a demo system. author: the participant who writes there."""

    kind: Kind
    url: str
    token: str
    author: str

    def find(self) -> Record | None:
        """The measure as it stands there, if it has come."""
        found = httpx.get(
            f"{self.url}/records",
            params={"limit": 500},
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
        )
        records = [one["record"] for one in found.raise_for_status().json()["records"]]
        return next((one for one in records if one.get("tittel") == TITLE), None)

    def move(self, record: Record, deadline: str) -> None:
        """Fill in the form with another deadline, and save. Where the page does not answer, nobody writes."""
        form = form_of(self.kind, "tiltak")
        given = {field.name: record.get(field.name, "") for field in form.fields} if form else {}
        given |= {"versjon": str(record["versjon"]), "endretAv": self.author, "frist": deadline}
        with suppress(httpx.HTTPError):
            httpx.post(f"{self.url}/post/{record['id']}", data=given, trust_env=False)


def begin(layout: Layout, today: date, stopped: Callable[[float], bool]) -> threading.Thread:
    """Beside everything else, as soon as both systems have the measure. stopped: waits that many seconds and
    says whether the demo ends."""
    here = threading.Thread(target=_both_write, args=(layout, today, stopped), name="at-once", daemon=True)
    here.start()
    return here


def _both_write(layout: Layout, today: date, stopped: Callable[[float], bool]) -> None:
    ports = layout.ports
    plan = Desk(
        INDIVIDUELL_PLAN,
        layout.url(ports.individuell_plan),
        layout.secret("individuell-plan.token").read_text(),
        "ei-d1",
    )
    log = Desk(
        STAFETTLOGG,
        layout.url(ports.stafettlogg),
        layout.secret("stafettlogg.token").read_text(),
        "e-d1",
    )
    for attempt in range(TRIES):  # now and then one is told of the other's in time, and nothing is contested
        days = (25 + attempt, 13 + attempt)
        if _moved(plan, log, [(today + timedelta(days=own)).isoformat() for own in days], stopped):
            return


def _moved(plan: Desk, log: Desk, deadlines: list[str], stopped: Callable[[float], bool]) -> bool:
    """Both write at once, as soon as both have the measure. Whether that is all: the systems go on saying
    different things, or the demo ends."""
    wrote, looks = False, 0
    for _ in range(LOOKS):
        try:
            found = plan.find(), log.find()
            there = [one for one in found if one is not None]
            if not wrote and len(there) == len(found):
                _at_once(list(zip((plan, log), there, deadlines, strict=True)))
                wrote = True
            elif wrote:
                looks += 1
                if len({one.get("frist") for one in there}) == 1:
                    return False
        except httpx.HTTPError:
            pass  # a system that is busy, or has just ended; the demo itself sees to it
        if looks == SETTLED or stopped(PAUSE_SECONDS):
            return True
    return True


def _at_once(acts: list[tuple[Desk, Record, str]]) -> None:
    threads = [threading.Thread(target=desk.move, args=act) for desk, *act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
