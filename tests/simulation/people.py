"""What people do in their own systems: write, change, register in error; at logs, plans and clinics."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from tests.simulation.ledger import Word, words_in
from tests.simulation.operations import Op
from tests.simulation.world import Record, World

EDITED = ("maal", "hovedmaal", "tiltak", "lysglimt", "notat", "melding")
STATUSES = {"maal": ("aktiv", "naadd", "delvisNaadd"), "tiltak": ("paagaar", "paaVent", "gjennomfoert")}


@dataclass
class People:
    """Those of one world."""

    world: World

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
            return {"type": "tiltak", **body, "maal": some, "tittel": "Tiltak", "status": "paagaar",
                    "beskrivelse": f"Et {word} her", "ansvarlig": writer}  # fmt: skip
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
        self._say_anew(op, record, old, text)

    def _say_anew(self, op: Op, record: Record, old: str, text: str) -> None:
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
            old, text = sorted(words_in(repr(record).encode()))[0], f"ord{op['n']}x"
            self._say_anew(op, {**record, "tekst": f"{record['tekst']} UGYLDIG"}, old, text)

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
                subject = {"reference": patient}
                words = {"description": {"text": f"Et {text} her"}}
                clinic.save(
                    {"resourceType": "Goal", "lifecycleStatus": "active", "subject": subject, **words}
                )
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
