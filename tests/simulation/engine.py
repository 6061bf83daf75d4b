"""Carries out the operations of a run one by one, then lets the faults stop and time go on until all is quiet."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.exchange import closing, steering
from tests.simulation.installation import CLINICS, START, TENANT
from tests.simulation.ledger import Narrowing, Standing, Word, words_in
from tests.simulation.operations import Op
from tests.simulation.processes import Process
from tests.simulation.world import Record, World

EDITED = ("maal", "hovedmaal", "tiltak", "lysglimt", "notat", "melding")
STATUSES = {"maal": ("aktiv", "naadd", "delvisNaadd"), "tiltak": ("paagaar", "paaVent", "gjennomfoert")}
ROUNDS = 400
WRITES = 0.85  # of events of requests, those of deliveries where there are any
AT_ONCE = 0.7  # of turns of asking, those that go well and at once
BEGINNING = 3  # rounds
LATE = 0.6  # of stopped workers, those that were stopped right before a request left
QUIET = 160.0  # seconds in which nothing moves: a whole turn of asking of a worker that died, and one more


class Restless(AssertionError):
    """It does not come to rest."""


@dataclass
class Engine:
    """Drives one world."""

    world: World

    def run(self, ops: list[Op]) -> None:
        """Every operation, then rest."""
        for op in ops:
            self.step(op)
        self.rest()

    def begin(self, given: list[Op]) -> None:
        """The consents that stand from the beginning, and everyone has what there is."""
        for op in given:
            self.do_consent(op)
        for _ in range(BEGINNING):
            while self.world.workers[0].claim():
                self._drain()
            self.world.installation.clock.forward(1.0)

    def step(self, op: Op) -> None:
        """One operation."""
        world = self.world
        world.installation.clock.forward(op["dt"])
        world.say(
            f"{op['n']:4} {op['do']} {json.dumps({k: v for k, v in op.items() if k not in ('n', 'do', 'dt')})}"
        )
        world.counts[op["do"]] += 1
        getattr(self, f"do_{op['do']}")(op)
        world.network.tidy()
        self._close_narrowings()

    # --- people ------------------------------------------------------------------------------------------

    def do_create(self, op: Op) -> None:
        """Somebody writes a new record in a log or plan."""
        child = self.world.children[op["child"] % len(self.world.children)]
        kind = op["kind"]
        if op["system"] == "individuell-plan" and kind in ("lysglimt", "notat"):
            kind = "maal"
        own = f"{op['system'][0]}-n{op['n']}"
        record = self._new(kind, own, op, child)
        self._write(op["system"], record, child.number, kind, f"ord{op['n']}x")

    def _new(self, kind: str, own: str, op: Op, child: Any) -> Record:
        plan = op["system"] == "individuell-plan"
        frame = {"plan": f"p{child.number}"} if plan else {"logg": child.log}
        writer = f"p{child.number}-koord" if plan else f"{child.log}-skole"
        word = f"ord{op['n']}x"
        body: Record = {"id": own, **frame, "endretAv": writer}
        native = self.world.native[op["system"]]
        if kind == "maal":
            return {
                "type": "hovedmaal" if plan else "maal",
                **body,
                "tekst": f"Et {word} her",
                "status": "aktiv",
            }
        if kind == "tiltak":
            goals = [r["id"] for _, r in native.records.values() if r["type"] in ("maal", "hovedmaal")]
            goals = [
                g
                for g in goals
                if native.records[g][1].get("logg", native.records[g][1].get("plan")) in frame.values()
            ]
            some = [goals[int(op["pick"] * len(goals))]] if goals else []
            return {"type": "tiltak", **body, "maal": some, "tittel": "Tiltak", "beskrivelse": f"Et {word} her",
                    "status": "paagaar", "ansvarlig": writer}  # fmt: skip
        when = {"tidspunkt": native.now()}
        if kind == "melding":
            return {"type": "melding", **body, "emne": "Hei", "tekst": f"Et {word} her", **when}
        return {"type": kind, **body, "tekst": f"Et {word} her", **when}

    def _write(
        self, system: str, record: Record, child: int, kind: str, text: str, root: str | None = None
    ) -> None:
        native = self.world.native[system]
        record = {**record, "endret": native.now()}
        native.save(record, push=True)
        self._note(text, child, kind, system, root)

    def _note(self, text: str, child: int, kind: str, system: str, root: str | None) -> None:
        category = "maal" if kind == "hovedmaal" else kind
        self.world.ledger.write(Word(text, child, category, system, self.world.seconds), root)
        self.world.counts["edits"] += 1

    def _picked(self, op: Op) -> Record | None:
        records = self.world.native[op["system"]].records
        own = sorted(
            n for n, (_, r) in records.items() if r["type"] in EDITED and "feilregistrert" not in r
            and words_in(repr(r).encode())
        )  # fmt: skip
        return copy.deepcopy(records[own[int(op["pick"] * len(own))]][1]) if own else None

    def do_edit(self, op: Op) -> None:
        """Somebody changes a record in a log or plan, whoever made it."""
        record = self._picked(op)
        if record is None:
            return
        old, text = sorted(words_in(repr(record).encode()))[0], f"ord{op['n']}x"
        kind = "maal" if record["type"] == "hovedmaal" else record["type"]
        statuses = STATUSES.get(kind)
        if statuses and op["field"]:
            record["status"] = statuses[op["n"] % len(statuses)]
        if op["field"] == 1 and statuses:
            self._keep(op["system"], record)
            return
        known = self.world.ledger.words[old]
        record = json.loads(json.dumps(record, default=str).replace(old, text))
        self._write(op["system"], record, known.child, known.category, text, known.text)

    def _keep(self, system: str, record: Record) -> None:
        native = self.world.native[system]
        native.save({**record, "endret": native.now()}, push=True)

    def do_bad(self, op: Op) -> None:
        """Somebody writes what other systems refuse; the next edit of it mends that."""
        record = self._picked(op)
        if record is not None and "tekst" in record:
            self._keep(op["system"], {**record, "tekst": f"{record['tekst']} UGYLDIG"})

    def do_error(self, op: Op) -> None:
        """Something is registered in error where it was made."""
        record = self._picked(op)
        if record is not None and record["id"].startswith(op["system"][0]):
            at = self.world.native[op["system"]].now()
            self._keep(op["system"], {**record, "feilregistrert": {"tidspunkt": at, "grunn": "feil barn"}})

    def do_clinic(self, op: Op) -> None:
        """Somebody at a clinic changes what came from us, or writes a goal."""
        clinic, text = self.world.clinics[op["system"]], f"ord{op['n']}x"
        child = self.world.children[op["child"] % len(self.world.children)]
        if op["new"]:
            patient = next(
                (p for p in clinic.resources if p.startswith("Patient/") and self._is(clinic, p, child)), None
            )
            if patient is not None:
                clinic.save({"resourceType": "Goal", "lifecycleStatus": "active", "subject": {"reference": patient},
                             "description": {"text": f"Et {text} her"}})  # fmt: skip
                self._note(text, child.number, "maal", op["system"], None)
            return
        own = sorted(
            r for r, (_, b) in clinic.resources.items() if words_in(json.dumps(b, default=str).encode())
        )
        if not own:
            return
        body = json.dumps(clinic.resources[own[int(op["pick"] * len(own))]][1], default=str)
        old = sorted(words_in(body.encode()))[0]
        known = self.world.ledger.words[old]
        clinic.save(json.loads(body.replace(old, text)))
        self._note(text, known.child, known.category, op["system"], known.text)

    def _is(self, clinic: Any, patient: str, child: Any) -> bool:
        return any(i["value"] == child.fnr for i in clinic.resources[patient][1].get("identifier", []))

    def do_admit(self, op: Op) -> None:
        """A clinic gets a patient."""
        child = self.world.children[op["child"] % len(self.world.children)]
        clinic = self.world.clinics[op["system"]]
        if not any(p.startswith("Patient/") and self._is(clinic, p, child) for p in clinic.resources):
            clinic.save(child.patient())

    # --- consent -----------------------------------------------------------------------------------------

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

    def do_withdraw(self, op: Op) -> None:
        """It is taken back."""
        child = self.world.children[op["child"] % len(self.world.children)]
        known = self.world.ledger.known(child.number, op["name"])
        if known is None or known.gone:
            return
        record = copy.deepcopy(self.world.native["stafettlogg"].records[f"{child.log}-{op['name']}"][1])
        record["trukket"] = {
            "tidspunkt": self.world.installation.clock().isoformat(),
            "av": record["giver"][0],
        }
        gone = Standing(self.world.seconds, known.name, known.giver, known.services, known.categories,
            known.until, gone=True)  # fmt: skip
        self._consented(child, record, gone)

    def _consented(self, child: Any, record: Record, standing: Standing) -> None:
        """Consents are told at once, by a clock that is right: when the gateway knows of them is what the ledger
        goes by."""
        native = self.world.native["stafettlogg"]
        native.save({**record, "endret": self.world.installation.clock().isoformat()}, push=False)
        _, body = native.records[record["id"]]
        (answer,) = self.world.hand_in("stafettlogg", [(body, None)])
        assert answer.status.value in ("stored", "unchanged"), answer
        self.world.ledger.consent(child.number, standing)
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

    def _close_narrowings(self) -> None:
        """Ask, as the front door does, whether a withdrawal can be answered."""
        world = self.world
        for one in world.ledger.narrowings:
            if one.closed is not None:
                continue
            child = next(c for c in world.children if c.number == one.child)
            person = world.person(child)
            (row,) = world.rows("SELECT facts_no FROM person WHERE id = ?", person)
            epoch = closing.Epoch(TENANT, person, row["facts_no"], START + timedelta(seconds=one.at))
            with world.installation.service.store.read(TENANT) as connection:
                if closing.look(connection, epoch, world.installation.clock()).closed:
                    one.closed = world.seconds

    # --- between the systems and the gateway ---------------------------------------------------------------

    def do_push(self, op: Op) -> None:
        """A log or plan tells the gateway of what was written there."""
        native = self.world.native[op["system"]]
        waiting, native.outbox = native.outbox, []
        if op["how"] == "one":
            native.outbox = waiting[1:]
            waiting = waiting[:1]
        if op["how"] == "twice":
            waiting = waiting + waiting
        if op["how"] == "shuffled":
            random.Random(op["n"]).shuffle(waiting)
        if waiting:
            self.world.hand_in(op["system"], waiting)

    def _worker(self, op: Op) -> Process | None:
        worker = self.world.workers[op["worker"]]
        return None if worker.paused else worker

    def do_claim(self, op: Op) -> None:
        """A worker looks for something to do."""
        worker = self._worker(op)
        if worker is not None:
            self.world.counts["runs"] += worker.claim()

    def do_job(self, op: Op) -> None:
        """One database step of some worker's runs."""
        ready = [w for w in self.world.workers if w.loop.jobs and not w.paused]
        if ready:
            worker = ready[op["worker"] % len(ready)]
            worker.loop.run_job(int(op["pick"] * len(worker.loop.jobs)))

    def do_net(self, op: Op) -> None:
        """One event of some request's way."""
        able = [
            f
            for f in self.world.network.flights
            if not f.gone and (f.left is not None or not self.world.workers[f.process].paused)
        ]
        if able:
            told = [f for f in able if f.attempt is not None] if op["pick"] < WRITES else []
            flight = (told or able)[op["n"] % len(told or able)]
            self.world.network.step(flight, op["fate"])
            self._settle()

    def _settle(self) -> None:
        for worker in self.world.workers:
            if not worker.paused:
                worker.loop.settle()

    def do_poll(self, op: Op) -> None:
        """A worker asks the clinics."""
        worker = self._worker(op)
        if worker is None or not worker.poll() or op["pick"] > AT_ONCE:
            return
        while asking := [
            f for f in self.world.network.flights if f.process == worker.number and not f.attempt
        ]:
            self.world.network.step(asking[0], "ok")
            worker.loop.settle()
            while worker.loop.jobs:
                worker.loop.run_job(0)
            if all(f.gone for f in asking):
                return

    def do_house(self, op: Op) -> None:
        """A worker keeps house."""
        worker = self._worker(op)
        if worker is not None:
            worker.keep_house()

    def do_sweep(self, op: Op) -> None:
        """A worker sweeps."""
        worker = self._worker(op)
        if worker is not None:
            worker.sweep()

    def do_kill(self, op: Op) -> None:
        """A worker dies, and its supervisor starts another."""
        worker = self.world.workers[op["worker"]]
        worker.kill()
        self.world.network.tidy()
        worker.start()

    def do_pause(self, op: Op) -> None:
        """A worker is stopped."""
        self.world.workers[op["worker"]].paused = True

    def do_resume(self, op: Op) -> None:
        """It goes on: where it was stopped right before bytes went, they go first, however late it is."""
        worker = self.world.workers[op["worker"]]
        for flight in list(self.world.network.flights):
            about_to = worker.paused and flight.process == worker.number and flight.left is None
            if about_to and op["pick"] < LATE and not flight.abandoned:
                self.world.network.leave(flight)
                self.world.network.arrive(flight)
        worker.paused = False
        self._settle()

    def do_tick(self, op: Op) -> None:
        """Time passes."""
        self.world.installation.clock.forward(op["seconds"])
        self._settle()

    def do_jump(self, op: Op) -> None:
        """Days pass."""
        self.world.installation.clock.forward(op["days"] * 86400.0)
        self._settle()

    def do_backup(self, op: Op) -> None:
        """A system takes a backup."""
        self._system(op["system"]).remember()

    def do_restore(self, op: Op) -> None:
        """A system is put back to its last backup."""
        if self._system(op["system"]).restore():
            self.world.counts["restored"] += 1
            self.world.restored.add(op["system"])
            self.world.rechecked.discard(op["system"])

    def do_outage(self, op: Op) -> None:
        """A system is not to be reached for a while."""
        self.world.outages[op["system"]] = self.world.seconds + op["seconds"]

    def _system(self, name: str) -> Any:
        return self.world.clinics[name] if name in CLINICS else self.world.native[name]

    # --- the end -----------------------------------------------------------------------------------------

    def rest(self) -> None:
        """No more faults: time goes on until nobody has anything to do."""
        world = self.world
        world.say("---- faults stop")
        world.outages.clear()
        for worker in world.workers:
            worker.paused = False
        last = world.seconds
        for _ in range(ROUNDS):
            begun = world.seconds
            if self._round():
                last = begun
            elif begun - last > QUIET:
                return
        raise Restless(f"does not come to rest: {self._pending()}")

    def _recheck(self) -> None:
        """The operator says that a system was restored: lane by lane, as `stafettbro lanes recheck` does."""
        world = self.world
        for name in sorted(world.restored - world.rechecked):
            store = world.installation.service.store
            ids = [r["id"] for r in world.rows("SELECT id FROM lane WHERE recipient = ? ORDER BY id", name)]
            with store.write(TENANT) as connection:
                done = [steering.recheck(connection, TENANT, one, world.installation.clock()) for one in ids]
            if all(done):
                world.rechecked.add(name)

    def _round(self) -> bool:
        """One round of everything. Whether anything moved."""
        world = self.world
        mark = self._mark()
        self._recheck()
        for name in world.native:
            self.do_push({"system": name, "how": "all"})
        for worker in world.workers[:1]:
            worker.keep_house()
            worker.poll()
        self._drain()
        for worker in world.workers[:1]:
            while worker.claim():
                self._drain()
        self._close_narrowings()
        moved = mark != self._mark() or bool(self._pending())
        self._onward()
        return moved

    def _drain(self) -> None:
        world = self.world
        for _ in range(100_000):
            self._settle()
            world.network.tidy()
            jobs = [w for w in world.workers if w.loop.jobs]
            if jobs:
                jobs[0].loop.run_job(0)
            elif able := [f for f in world.network.flights if not f.gone]:
                world.network.step(able[0], "ok")
            elif any(w.worker._running for w in world.workers):
                world.installation.clock.forward(0.5)
            else:
                return
        raise Restless("a run does not end")

    def _onward(self) -> None:
        """To the next moment at which something is due, of what is waited for."""
        world = self.world
        world.installation.clock.forward(1.0)
        dues = [r["at"] for r in world.rows(
            "SELECT max(coalesce(l.next_at, 0), CASE r.breaker WHEN 'open' THEN coalesce(r.probe_at, 0) ELSE 0 END) AS at"
            " FROM lane l JOIN recipient r ON r.tenant = l.tenant AND r.system = l.recipient WHERE l.state = 'waiting'"
            " AND coalesce(l.last_error, '') <> 'no-such-person'"
        )]  # fmt: skip
        dues += [r["deadline"] for r in world.rows("SELECT deadline FROM lane WHERE state = 'running'")]
        dues += [r["due"] for r in world.rows("SELECT due FROM timer WHERE kind = 'poll'")]
        ahead = min((world.since_start(d) for d in dues), default=world.seconds) - world.seconds
        if ahead > 0:
            world.installation.clock.forward(ahead + 0.001)

    def _mark(self) -> Any:
        """What changes when anything happens that matters."""
        (row,) = self.world.rows("SELECT count(*) AS n FROM resource_version")
        (held,) = self.world.rows(
            "SELECT coalesce(sum(run), 0) AS n FROM lane WHERE coalesce(last_error, '') <> 'no-such-person'"
        )
        return row["n"], held["n"], sum(len(n.outbox) for n in self.world.native.values())

    def _pending(self) -> list[Any]:
        rows = self.world.rows(
            "SELECT recipient, state, last_error FROM lane WHERE state <> 'idle'"
            " AND coalesce(last_error, '') <> 'no-such-person'"
        )
        return [tuple(r) for r in rows]
