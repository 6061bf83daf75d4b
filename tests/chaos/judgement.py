"""Judges what stands where after the chaos: by the hub's tables, by what each recipient holds, and by its own
log of what it accepted, in order."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select

from gateway.hub.schema.tables import conflict, disclosure, late_edition, resource_version
from tests.chaos.installation import CLINIC, LOG, PAUSE, PLAN, SYSTEMS, Installation
from tests.chaos.load import Load
from tests.end_to_end.plant_standing import found, is_write, item, records
from tests.end_to_end.systems import hub_id

GOALS = {LOG: "maal", PLAN: "hovedmaal"}
ABOUT = "SELECT {} FROM {} WHERE ref LIKE 'Goal/%%'"


@dataclass
class Judgement:
    """What was found, asked for one by one; every list should be empty."""

    made: Installation
    load: Load

    @cached_property
    def history(self) -> dict[str, list[str]]:
        """Item -> what its versions in the hub say, in order."""
        stood = defaultdict(list)
        goals = select(resource_version).where(resource_version.c.ref.like("Goal/%"))
        for row, value in self.made.said(resource_version, goals.order_by(resource_version.c.version)):
            stood[row.ref].append(str(value["description"]["text"]))
        return dict(stood)

    @cached_property
    def put_aside(self) -> str:
        """Everything that stands in conflicts or came as an older edition, as text."""
        found = [one for table in (conflict, late_edition) for one in self.made.said(table, select(table))]
        return "\n".join(str(value) for _, value in found)

    def lost(self) -> list[str]:
        """Edits that were answered, and neither stand in the hub nor stood there nor are in conflict. Of
        those at BUP the hub need not have seen one that BUP itself has changed again since."""
        last = {edit.name: edit.text for edit in self.load.edits if edit.system == CLINIC}
        return [
            edit.text
            for edit in self.load.edits
            if edit.text not in self.history.get(edit.ref, ())
            and f"'{edit.text}'" not in self.put_aside
            and (edit.system != CLINIC or last[edit.name] == edit.text)
        ]

    def differing(self) -> list[str]:
        """Goals that do not stand, once and as the hub has them, at everyone who may see them."""
        out = []
        for system in SYSTEMS:
            there = self._standing(system)
            for name, ref in self.load.refs.items():
                if there.get(name) != [self.history[ref][-1]]:
                    out.append(f"{system}: {self.history[ref][-1]!r} stands as {there.get(name)}")
        return out

    def _standing(self, system: str) -> dict[str, list[str]]:
        peer, there = self.made.recipients[system], defaultdict(list)
        if system == CLINIC:
            texts = [str(one["description"]["text"]) for one in found(peer, "Goal")]
        else:
            texts = [str(one["tekst"]) for one in records(peer) if one["type"] == GOALS[system]]
        for text in texts:
            there[text.rpartition(" ")[2]].append(text)
        return dict(there)

    def out_of_order(self) -> list[str]:
        """Where a recipient accepted an older state of an item after a newer one."""
        out = []
        for name, ref in self.load.refs.items():
            place = {text: number for number, text in enumerate(self.history[ref])}
            for system in SYSTEMS:
                accepted = [place[text] for text in self._accepted(system).get(name, ()) if text in place]
                if accepted != sorted(accepted):
                    out.append(f"{system}: {name}")
        return out

    def resurrected(self) -> list[str]:
        """Items that in the hub itself said again what had been replaced before."""
        out = []
        for ref, said in self.history.items():
            runs = [text for place, text in enumerate(said) if place == 0 or said[place - 1] != text]
            out += [f"{ref}: {text}" for text, times in Counter(runs).items() if times > 1]
        return out

    def _accepted(self, system: str) -> dict[str, list[str]]:
        return self._accepted_by_clinic if system == CLINIC else self._accepted_by(system)

    def _accepted_by(self, system: str) -> dict[str, list[str]]:
        if system not in self._logs:
            by_name = defaultdict(list)
            for one in self.made.recipients[system].accepted():
                if one["record"]["type"] == GOALS[system]:
                    text = str(one["record"]["tekst"])
                    by_name[text.rpartition(" ")[2]].append(text)
            self._logs[system] = dict(by_name)
        return self._logs[system]

    _logs: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @cached_property
    def _accepted_by_clinic(self) -> dict[str, list[str]]:
        """BUP's server keeps a history of each goal; whoever wrote it."""
        peer, by_name = self.made.recipients[CLINIC], {}
        for goal in found(peer, "Goal"):
            address = f"{peer.url}/Goal/{goal['id']}/_history"
            answer = self.made.http.get(address, params={"_count": 1000}, headers=peer.headers, timeout=60)
            texts = [str(e["resource"]["description"]["text"]) for e in answer.json()["entry"]][::-1]
            by_name[texts[-1].rpartition(" ")[2]] = texts
        return by_name

    # --- what left ---------------------------------------------------------------------------------------

    @cached_property
    def arrivals(self) -> dict[str, list[dict[str, Any]]]:
        """What came to each recipient about an item of ours."""
        return {
            name: [one for one in peer.arrivals() if is_write(one)]
            for name, peer in self.made.recipients.items()
        }

    @cached_property
    def disclosures(self) -> list[tuple[Any, ...]]:
        """(id, recipient, state, started, items) of every attempt; started by the recipients' clocks."""
        offset = time.time_ns() - time.monotonic_ns()
        asked = select(disclosure).where(disclosure.c.channel.in_(("push", "notice")))
        return [
            (
                row.id,
                row.recipient,
                row.state,
                row.started.timestamp() * 1e9 - offset,
                {_item(i) for i in items},
            )
            for row, items in self.made.said(disclosure, asked)
        ]

    def untold(self) -> list[str]:
        """Arrivals of which no disclosure was written before, or that are told of as never sent."""
        begun: dict[tuple[str, str], float] = {}
        keys = {}
        for key, to, state, started, items in self.disclosures:
            keys[key] = (state, started)
            for one in items if state != "unsent" else ():
                begun[to, one] = min(begun.get((to, one), started), started)
        out = []
        for name, arrivals in self.arrivals.items():
            for one in arrivals:
                state, started = keys.get(one.get("key"), ("", begun.get((name, item(one)), 2.0**80)))
                if started > one["at"] or state == "unsent":
                    out.append(f"{name}: {one}")
        return out

    def without_ground(self, *, told: bool = False) -> list[str]:
        """Arrivals that began after a withdrawal was answered 200 and before the next consent. told: those of
        them that the answer had named as attempts that may arrive."""
        windows = defaultdict(list)
        for one in self.load.closed:
            windows[one.child.log].append(one)
        of_item = {ref.partition("/")[2]: name for name, ref in self.load.refs.items()}
        named = {key: items for key, _, _, _, items in self.disclosures}
        out = []
        for name, arrivals in self.arrivals.items():
            for arrival in arrivals:
                goal = of_item.get(item(arrival), "")
                for one in windows.get(goal.partition("-")[0], ()):
                    if one.answered < arrival["at"] < one.given:
                        excused = any(item(arrival) in named.get(key, ()) for key in one.listed)
                        out += [f"{name}: {goal}"] if excused is told else []
        return out


def settle(made: Installation, seconds: float) -> tuple[float, list[str]]:
    """Wait until all is quiet and what was last said at BUP has been asked for: how long it took, and what is
    still under way after so many seconds."""
    began = time.monotonic()
    while (left := [*_under_way(made), *_unheard(made)]) and time.monotonic() - began < seconds:
        PAUSE.wait(0.3)
    return time.monotonic() - began, left


def _under_way(made: Installation) -> list[str]:
    """Lanes that have something to do, and attempts that have not ended."""
    asked = """SELECT recipient, state, last_error, count(*)::text, min(next_at)::text FROM lane
    WHERE state <> 'idle' GROUP BY 1, 2, 3
    UNION SELECT recipient, state, channel, count(*)::text, min(started)::text FROM disclosure
    WHERE state = 'sending' GROUP BY 1, 2, 3"""
    return [" ".join(map(str, row)) for row in made.rows(asked)]


def _unheard(made: Installation) -> list[str]:
    """Goals at BUP of which the hub does not hold the version that BUP has."""
    goals = found(made.recipients[CLINIC], "Goal")
    asked = "SELECT ref, version FROM link WHERE system = %s AND ref LIKE 'Goal/%%'"
    known = {ref.partition("/")[2]: version for ref, version in made.rows(asked, CLINIC)}
    return [
        f"{CLINIC} has another version of {hub_id(one)}"
        for one in goals
        if known.get(str(hub_id(one))) != one["meta"]["versionId"]
    ]


def _nanoseconds(at: datetime) -> float:
    """Since 1970."""
    return at.timestamp() * 1e9


def _item(told: dict[str, Any]) -> str:
    return str(told["ref"]).partition("/")[2]
