"""A vendor's CSV lies in a folder: its goal stands in the hub and in the plan system, and what is changed
there comes back in the vendor's own words, dates and bytes. Both systems are folders.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import service
from gateway.config import Settings
from tests.end_to_end.hub import Hub
from tests.end_to_end.waiting import wait_until
from tests.end_to_end.world import Clock

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SCHOOL, UNIT = "362819482", "359797117"
HEADER = (
    "LoggNr;Radtype;RadNr;Opprettet dato;Sist endret;Endret av;Overskrift;Tekst;Status;Ansvarlig;Frist;"
    "Knyttet til mål"
)
LOG = (
    "4711;LOGG;1;09.02.2026;28.10.2026 09:12;Kari Kontaktlærer;Sofie Prøvesen (31921077435);Nivå 2;Åpen;"
    "Kari Kontaktlærer;;"
)
GOAL = (
    "4711;MÅL;2;04.05.2026;04.05.2026 11:05;Kari Kontaktlærer;Lesing;"
    '"Sofie leser høyt; én gang i uka";Under arbeid;;02.11.2026;'
)
EDITED = (  # whoever wrote it there has no name in this system: the vendor is told of none
    '4711;MÅL;2;04.05.2026;21.11.2026 12:30;;Lesing;"Sofie leser høyt; én gang i uka";Nådd;;20.12.2026;'
)
HEAD = {"endret": "2026-10-01T12:00:00+02:00", "endretAv": "koord"}
PLAN: list[dict[str, Any]] = [
    {"type": "plan", "id": "ip", **HEAD, "status": "aktiv", "koordinator": "koord",
     "person": {"fnr": "31921077435", "navn": {"fornavn": "Sofie", "etternavn": "Prøvesen"},
                "foedt": "2010-12-31", "adressebeskyttelse": "ugradert"}},
    {"type": "deltaker", "id": "koord", "plan": "ip", **HEAD, "rolle": "koordinator",
     "tjeneste": "koordinerendeEnhet", "navn": {"fornavn": "Grete", "etternavn": "Koordinator"},
     "enhet": {"orgnr": UNIT}, "fra": "2026-01-01"},
    {"type": "deltaker", "id": "mor", "plan": "ip", **HEAD, "rolle": "foresatt", "foreldreansvar": "mor",
     "navn": {"fornavn": "Mor", "etternavn": "Prøvesen"}, "fra": "2026-01-01"},
    {"type": "deltaker", "id": "sofie", "plan": "ip", **HEAD, "rolle": "barn", "fnr": "31921077435",
     "navn": {"fornavn": "Sofie", "etternavn": "Prøvesen"}, "fra": "2026-01-01"},
    {"type": "samtykke", "id": "ja", "plan": "ip", **HEAD, "giver": ["mor", "sofie"],
     "mottakere": [SCHOOL, UNIT], "kategorier": ["plan", "maal"], "formaalKode": "samordning",
     "fra": "2026-01-01", "til": "2030-01-01", "form": "skriftlig"},
]  # fmt: skip


def exported(*rows: str) -> bytes:
    """The vendor's file."""
    return "".join(f"{row}\r\n" for row in (HEADER, *rows)).encode("cp1252")


def dropped(folder: Path, name: str, content: bytes) -> None:
    """A file that has long been whole."""
    path = folder / "inn" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(content)
    os.utime(unfinished, (NOW.timestamp() - 9e6,) * 2)
    unfinished.replace(path)


def laid_down(folder: Path, pattern: str) -> list[Path]:
    return sorted((folder / "ut").glob(pattern))


def system(folder: Path, name: str, mapping: str, organization: str) -> dict[str, Any]:
    return {
        "id": name, "tenant": "fjordbyen", "adapter": "folder", "mapping": mapping,
        "folder": str(folder / name), "organization": organization, "poll_seconds": 0.2,
    }  # fmt: skip


@contextmanager
def running(database_url: str, folder: Path) -> Iterator[Hub]:
    """A gateway between the two folders."""
    settings = Settings.model_validate(
        {
            "database_url": database_url,
            "state_folder": str(folder / "state"),
            "tenants": [{"id": "fjordbyen", "name": "Fjordbyen kommune"}],
            "organizations": [
                {"number": SCHOOL, "name": "Solvang barneskole", "regime": "education"},
                {"number": UNIT, "name": "Koordinerende enhet", "regime": "administration"},
            ],
            "systems": [
                system(folder, "leverandoer-x", "leverandoer-x", SCHOOL),
                system(folder, "plan", "individuell-plan", UNIT),
            ],
            "routes": [
                {"source": "leverandoer-x", "recipient": "plan"},
                {"source": "plan", "recipient": "leverandoer-x"},
            ],
        }
    )
    built = service.build(settings, Clock(NOW))
    worker = built.add_worker()
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()), daemon=True)
    thread.start()
    hub = Hub(database_url, settings.state_folder)
    try:
        yield hub
        assert worker.counters.failed == 0
    finally:
        worker.stop()
        thread.join(30)
        hub.close()
        built.close()


def test_a_goal_goes_out_and_its_edit_comes_back_in_the_vendors_cells(
    sqlite_url: str, tmp_path: Path
) -> None:
    vendor, plan = tmp_path / "leverandoer-x", tmp_path / "plan"
    dropped(vendor, "eksport.csv", exported(LOG, GOAL, GOAL.replace("MÅL;2", "KAKE;3")))
    dropped(plan, "plan.json", json.dumps(PLAN).encode())
    with running(sqlite_url, tmp_path):
        wait_until(lambda: bool(laid_down(plan, "Goal-*.json")), "the goal is in the plan")
        (file,) = laid_down(plan, "Goal-*.json")
        goal = json.loads(file.read_bytes())
        assert (goal["tekst"], goal["status"]) == ("Sofie leser høyt; én gang i uka", "aktiv")
        assert goal["evalueringsfrist"] == "2026-11-02"
        assert laid_down(vendor, "*") == [], "nothing echoes"
        (report,) = (vendor / "inn" / "feil").glob("*.json")
        assert json.loads(report.read_bytes())["feil"] == [
            {"linje": 4, "grunn": "Posttypen finnes ikke i dette formatet.", "felt": "Radtype"}
        ]
        changed = {"status": "naadd", "evalueringsfrist": "2026-12-20"}
        stamps = {"endret": "2026-11-21T11:30:00Z", "endretAv": "koord"}
        dropped(plan, "endring.json", json.dumps({**goal, **changed, **stamps}).encode())
        wait_until(lambda: bool(laid_down(vendor, "Goal-*.csv")), "the edit is at the vendor")
    (back,) = laid_down(vendor, "Goal-*.csv")
    assert back.read_bytes() == exported(EDITED)
