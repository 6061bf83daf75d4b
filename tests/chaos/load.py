"""What people do meanwhile: they write in the stafettlogg, in the plan and at BUP, and give consents and take
them back. Remembers everything that was answered."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from gateway import jsontext
from tests.chaos.installation import CLINIC, LOG, PLAN, Installation
from tests.end_to_end.invented import START, Child, Record
from tests.end_to_end.systems import FHIR, OURS

LOGGED, PLANNED, SHARED = ("m1", "m2", "m3", "m4"), ("h1", "h2"), ("f1", "f2")


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that was answered 2xx. ref: the item in the hub."""

    ref: str
    name: str
    text: str
    system: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A withdrawal: when it was answered 200, and when the next consent was given (monotonic ns); the
    attempts that may have arrived, by the answer."""

    child: Child
    answered: int
    given: int
    listed: tuple[str, ...]


@dataclass
class Load:
    """All of them, threads of their own until told to stop. withdrawals: children whose consent comes and
    goes; steady: the others."""

    made: Installation
    steady: Sequence[Child]
    changing: Sequence[Child]
    seed: int
    every: float
    edits: list[Edit] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)  # the name of a goal -> the item in the hub
    broken: list[BaseException] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        """Let them work: one writer for each part of the children, one who decides for each who changes."""
        for place, child in enumerate(self.changing):
            self._start(self._give_and_take, child, random.Random(f"{self.seed}-c{place}"))
        for place in range(2):
            chance = random.Random(f"{self.seed}-w{place}")
            self._start(self._write, self.steady[place::2], chance)
        self._start(self._at_clinic, self.steady, random.Random(f"{self.seed}-bup"))

    def end(self) -> None:
        """Everybody finishes what they are doing; all consents are given in the end."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *given: Any) -> None:
        def kept() -> None:
            try:
                work(*given)
            except BaseException as error:  # noqa: BLE001 - told at the end, whatever it was
                self.broken.append(error)

        thread = threading.Thread(target=kept, daemon=True)
        thread.start()
        self._threads.append(thread)

    # --- writing -----------------------------------------------------------------------------------------

    def _write(self, children: Sequence[Child], chance: random.Random) -> None:
        """Each goal has one writer at each system, so that what they write has an order."""
        while not self._ended.wait(chance.uniform(0.0, 2 * self.every)):
            child = chance.choice(children)
            name = chance.choice((*LOGGED, *LOGGED, *PLANNED, *SHARED))
            if name in PLANNED:
                self.hand_in(PLAN, self._planned(child, name))
            else:
                self.hand_in(LOG, self._logged(child, name))

    def hand_in(self, system: str, *records: Record) -> list[dict[str, Any]]:
        """Saved in the system itself, then told to the gateway."""
        peer = self.made.recipients[system]
        self.made.http.post(f"{peer.control}/own", json=records, timeout=30).raise_for_status()
        answers = self.made.hand_in(system, records)
        for record, answer in zip(records, answers, strict=True):
            assert answer["status"] in ("stored", "unchanged", "conflict"), answer
            if "tekst" in record:
                ref, name = str(answer["resource"]), record["tekst"].rpartition(" ")[2]
                self.refs[name] = ref
                self.edits.append(Edit(ref, name, record["tekst"], system))
        return answers

    def _logged(self, child: Child, name: str) -> Record:
        return child.goal(name, (number := next(self._numbers))) | {
            "tekst": f"Utgave {number} av {child.log}-{name}"
        }

    def _planned(self, child: Child, name: str) -> Record:
        number, plan = next(self._numbers), f"p{child.number}"
        changed = (START + timedelta(seconds=number)).isoformat()
        body = {"tekst": f"Utgave {number} av {child.log}-{name}", "status": "aktiv", "endret": changed}
        return {"type": "hovedmaal", "id": f"{plan}-{name}", "plan": plan, "endretAv": f"{plan}-koord"} | body

    def _at_clinic(self, children: Sequence[Child], chance: random.Random) -> None:
        """At BUP they read a goal, change its words and save it, if nobody has changed it meanwhile."""
        while not self._ended.wait(chance.uniform(0.0, 8 * self.every)):
            child, goal = chance.choice(children), chance.choice(SHARED)
            name = f"{child.log}-{goal}"
            ref = self.refs.get(name)
            text = f"Utgave {next(self._numbers)} av {name}"
            if ref is not None and self._saved(ref, text):
                self.edits.append(Edit(ref, name, text, CLINIC))

    def _saved(self, ref: str, text: str) -> bool:
        peer = self.made.recipients[CLINIC]
        try:
            asked = {"identifier": f"{OURS}|{ref.partition('/')[2]}"}
            found = self.made.http.get(f"{peer.url}/Goal", params=asked, headers=peer.headers)
            entries = found.json().get("entry", []) if found.status_code == 200 else []
            if len(entries) != 1:
                return False
            goal = entries[0]["resource"]
            address = f"{peer.url}/Goal/{goal['id']}"
            condition = {"If-Match": f'W/"{goal["meta"]["versionId"]}"', "Content-Type": FHIR}
            body = jsontext.encode({**goal, "description": {"text": text}})
            saved = self.made.http.put(address, content=body, headers={**peer.headers, **condition})
        except httpx.TransportError:
            return False
        return saved.status_code == 200

    # --- consents ----------------------------------------------------------------------------------------

    def _give_and_take(self, child: Child, chance: random.Random) -> None:
        """Again and again: news, a consent that lets it out, and some moment later it is taken back."""
        by = self.made.reference(f"{child.log}-mor")
        answered, listed = self._withdraw(self.made.reference(f"{child.log}-s"), by)
        for number in itertools.count(1):
            given = time.monotonic_ns()
            self.closed.append(Closed(child, answered, given, listed))
            (consent,) = self.hand_in(LOG, child.consent(f"s{number}", number))
            self.hand_in(LOG, *(self._logged(child, name) for name in LOGGED[:2]))
            if self._ended.wait(chance.uniform(0.0, 16 * self.every)):
                return
            answered, listed = self._withdraw(str(consent["resource"]), by)
            self._ended.wait(chance.uniform(0.0, 8 * self.every))

    def _withdraw(self, consent: str, by: str) -> tuple[int, tuple[str, ...]]:
        """Ask until it is closed."""
        path = f"/consents/{consent.partition('/')[2]}/withdraw"
        while True:
            status, answer = self.made.ask("drift", path, {"by": by})
            at = time.monotonic_ns()
            assert status in (200, 202), (status, answer)
            if status == 200:
                return at, tuple(answer["mayHaveArrived"])
