"""What child and guardian decide, told to the gateway at once, and whether a withdrawal can be answered."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.exchange import closing
from tests.simulation.installation import START, TENANT
from tests.simulation.ledger import Narrowing, Standing
from tests.simulation.operations import Op
from tests.simulation.world import Record, World


@dataclass
class Deciding:
    """Consents and protection in one world."""

    world: World
    _seen: tuple[int, int] = (0, 0)  # the database's own count of changes, and how many waited

    def do_consent(self, op: Op) -> None:
        """A consent is given, or given anew with another reach."""
        child = self.world.children[op["child"] % len(self.world.children)]
        now = self.world.installation.clock()
        until = now + timedelta(days=op["days"]) if op["days"] else None
        record = child.samtykke(op["name"], op["giver"], op["services"], op["categories"])
        if until is not None:
            record["til"] = until.isoformat()
        self._consented(child, record, Standing(self.world.seconds, op["name"], op["giver"],
            frozenset(op["services"]), frozenset(op["categories"]), until))  # fmt: skip

    def do_refuse(self, op: Op) -> None:
        """Somebody says no to something, whatever was permitted before; a later yes lifts it."""
        child = self.world.children[op["child"] % len(self.world.children)]
        record = child.nektelse(op["name"], op["giver"], op["services"], op["categories"])
        no = Standing(self.world.seconds, op["name"], op["giver"], frozenset(op["services"]),
            frozenset(op["categories"]), refuses=True)  # fmt: skip
        self._consented(child, record, no)
        self.world.ledger.narrowings.append(Narrowing(child.number, self.world.seconds))

    def do_withdraw(self, op: Op) -> None:
        """It is taken back."""
        child = self.world.children[op["child"] % len(self.world.children)]
        known = self.world.ledger.known(child.number, op["name"])
        there = self.world.native["stafettlogg"].records.get(f"{child.log}-{op['name']}")
        if known is None or known.gone or there is None:  # lost there in a restore
            return
        record = copy.deepcopy(there[1])
        record["trukket"] = {
            "tidspunkt": self.world.installation.clock().isoformat(),
            "av": record["giver"][0],
        }
        gone = Standing(self.world.seconds, known.name, known.giver, known.services, known.categories,
            known.until, gone=True)  # fmt: skip
        self._consented(child, record, gone)

    def _consented(self, child: Any, record: Record, standing: Standing) -> None:
        """Consents are told at once, by a clock that is right: the ledger goes by when the gateway knows."""
        native = self.world.native["stafettlogg"]
        native.save({**record, "endret": self.world.installation.clock().isoformat()}, push=False)
        _, body = native.records[record["id"]]
        (answer,) = self.world.hand_in("stafettlogg", [(body, None)])
        assert answer.status.value in ("stored", "unchanged", "conflict"), answer
        before = self.world.ledger.known(child.number, standing.name)
        self.world.ledger.consent(child.number, standing)
        if before is not None and before.reaches_beyond(standing):
            self.world.ledger.narrowings.append(Narrowing(child.number, self.world.seconds))

    def do_shield(self, op: Op) -> None:
        """The child's address becomes strictly protected, or is so no more."""
        child = self.world.children[op["child"] % len(self.world.children)]
        native = self.world.native["stafettlogg"]
        record = copy.deepcopy(native.records[child.log][1])
        on = record["barn"]["adressebeskyttelse"] == "ugradert"
        record["barn"]["adressebeskyttelse"] = "strengtFortrolig" if on else "ugradert"
        native.save({**record, "endret": native.now()}, push=False)
        self.world.hand_in("stafettlogg", [(native.records[child.log][1], None)])
        self.world.ledger.shielded.setdefault(child.number, []).append((self.world.seconds, on))
        if on:
            self.world.ledger.narrowings.append(Narrowing(child.number, self.world.seconds))

    def close_narrowings(self) -> None:
        """Ask, as the front door does, whether a withdrawal can be answered."""
        world = self.world
        waiting = [one for one in world.ledger.narrowings if one.closed is None]
        if not waiting or not self._moved(len(waiting)):
            return
        for one in waiting:
            child = next(c for c in world.children if c.number == one.child)
            person = world.person(child)
            (row,) = world.rows("SELECT facts_no FROM person WHERE id = ?", person)
            epoch = closing.Epoch(TENANT, person, row["facts_no"], START + timedelta(seconds=one.at))
            with world.installation.service.store.read(TENANT) as connection:
                if closing.look(connection, epoch, world.installation.clock()).closed:
                    one.closed = world.seconds

    def _moved(self, waiting: int) -> bool:
        """Whether anything was written since this was last asked: until then nothing has ended. (What ends by
        the clock alone is what was handed out to who fetched it; nobody fetches here.)"""
        before, self._seen = self._seen, (self.world.rows("PRAGMA data_version")[0][0], waiting)
        return before != self._seen
