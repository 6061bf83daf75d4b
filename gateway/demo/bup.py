"""The demo system that stands for BUP's own journal: a small FHIR server, and one page for its clinicians.

A process of its own with its own file. It knows nothing of Stafettbro but that someone may call its API.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway import jsontext
from gateway.demo import bup_writing as writing
from gateway.demo import serving
from gateway.demo.bup_page import ACKNOWLEDGED, name_of, patient_page, task_of
from gateway.demo.fhir_rest import FhirServer, router
from gateway.demo.fhir_store import FhirStore, Version, VersionDiffers

TITLE = "BUP"
ORGANIZATION = "343231946"
FAULTS = {
    "versjon": "Målet ble endret av noen andre mens du skrev. Ingenting er lagret; se hva som står der nå.",
    "mangler": "Teksten var tom. Ingenting er lagret.",
    "grunn": "Et avslag må ha en grunn. Ingenting er lagret.",
}


def build(store: FhirStore, base: str, token: str) -> FastAPI:
    """The system as an application. base: address of the FHIR server, without a slash at the end."""
    app = FastAPI(title=f"Demosystem: {TITLE}", docs_url=None, redoc_url=None, openapi_url=None)
    serving.add_pages(app)
    _add_reading(app, store)
    _add_writing(app, store)
    app.include_router(router(FhirServer(store, base), token))
    return app


def _add_reading(app: FastAPI, store: FhirStore) -> None:
    @app.get("/", response_class=HTMLResponse)
    def children(request: Request) -> Response:
        listed = [(one.id, name_of(one.resource)) for one in store.current("Patient")]
        values = {"title": TITLE, "children": listed, "change": store.change()}
        return serving.templates.TemplateResponse(request, "children.html", values)

    @app.get("/barn/{patient_id}", response_class=HTMLResponse)
    def child(request: Request, patient_id: str, feil: str = "") -> Response:
        change = store.change()
        page = patient_page(store, _patient(store, patient_id), ORGANIZATION)
        values = {"title": TITLE, "page": page, "change": change, "fault": FAULTS.get(feil, "")}
        values["achievements"], values["states"] = writing.ACHIEVEMENTS, writing.REFERRAL_STATES
        return serving.templates.TemplateResponse(request, "bup.html", values)

    @app.get("/endring")
    def change() -> dict[str, int]:
        return {"endring": store.change()}


def _add_writing(app: FastAPI, store: FhirStore) -> None:
    @app.post("/barn/{patient_id}/ny")
    async def add(request: Request, patient_id: str) -> Response:
        given, patient = await _given(request), _patient(store, patient_id)
        if not given["tekst"].strip():
            return _back(patient_id, fault="mangler")
        made = _made(store, given, patient.reference)
        return _back(patient_id, store.create(made, shared=False).id)

    @app.post("/barn/{patient_id}/kvittering")
    async def acknowledge(request: Request, patient_id: str) -> Response:
        given, patient = await _given(request), _patient(store, patient_id)
        kind, _, own = given.get("gjelder", "").partition("/")
        status = given.get("tilstand", writing.RECEIVED)
        if kind not in ACKNOWLEDGED or store.read(kind, own) is None or status not in writing.REFERRAL_STATES:
            raise serving.not_found()
        if status == "rejected" and not given["tekst"].strip():
            return _back(patient_id, own, "grunn")
        _say(store, patient.reference, f"{kind}/{own}", status, given["tekst"].strip())
        return _back(patient_id, own)

    @app.post("/barn/{patient_id}/maal/{goal_id}")
    async def edit(request: Request, patient_id: str, goal_id: str) -> Response:
        given = await _given(request)
        goal = store.read("Goal", goal_id)
        if goal is None:
            raise serving.not_found()
        if not given["tekst"].strip():
            return _back(patient_id, fault="mangler")
        try:
            store.update(_changed(goal.resource, given), expected=int(given["versjon"]), shared=False)
        except (VersionDiffers, ValueError):
            return _back(patient_id, goal_id, "versjon")
        return _back(patient_id, goal_id)


def _say(store: FhirStore, patient: str, about: str, status: str, reason: str) -> None:
    old = task_of(store, about)
    said = writing.task(patient, about, status, reason, old.resource if old else None)
    if old is None:
        store.create(said, shared=False)
    else:
        store.update(said, expected=old.version, shared=False)


def _made(store: FhirStore, given: dict[str, str], patient: str) -> dict[str, Any]:
    text, author = given["tekst"], given.get("av", "")
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "maal": lambda: writing.new_goal(patient, author, text, given.get("frist", "")),
        "tiltak": lambda: writing.new_measure(patient, author, text, given.get("maal", "")),
        "svar": lambda: _answer(store, given.get("svarPaa", ""), author, text),
    }
    if given.get("slag") not in makers:
        raise serving.not_found()
    return makers[given["slag"]]()


def _answer(store: FhirStore, message_id: str, author: str, text: str) -> dict[str, Any]:
    message = store.read("Communication", message_id)
    if message is None:
        raise serving.not_found()
    return writing.answer(message.resource, message.reference, author, text)


def _changed(goal: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """Only what differs from what was shown."""
    if given["tekst"] != goal.get("description", {}).get("text", ""):
        goal = writing.with_text(goal, given["tekst"])
    chosen = given.get("oppnaaelse", "")
    if chosen in writing.ACHIEVEMENTS and chosen != writing.achievement_of(goal):
        goal = writing.with_achievement(goal, chosen)
    return goal


def _patient(store: FhirStore, patient_id: str) -> Version:
    found = store.read("Patient", patient_id)
    if found is None:
        raise serving.not_found()
    return found


async def _given(request: Request) -> dict[str, str]:
    form = await request.form()
    given = {key: value.replace("\r\n", "\n") for key, value in form.items() if isinstance(value, str)}
    return {"tekst": "", "versjon": ""} | given


def _back(patient_id: str, card: str = "", fault: str = "") -> Response:
    query = f"?feil={fault}" if fault else ""
    return RedirectResponse(f"/barn/{patient_id}{query}" + (f"#{card}" if card else ""), 303)


def seed(store: FhirStore, resources: list[dict[str, Any]]) -> None:
    """BUP's own patients; only into an empty store."""
    if not store.change():
        for resource in resources:
            store.create(resource, shared=False)


def main() -> None:
    """python -m gateway.demo.bup --port N --file F [--seed PATIENTS].

    The environment holds STAFETTBRO_DEMO_TOKEN: what callers of the FHIR API have to show.
    """
    parser = argparse.ArgumentParser(description="Demosystem: BUP")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--seed", type=Path)
    given = parser.parse_args()
    store = FhirStore(given.file)
    if given.seed is not None:
        seed(store, jsontext.decode(given.seed.read_bytes()))
    base = f"http://{serving.HOST}:{given.port}/fhir"
    serving.serve(build(store, base, os.environ["STAFETTBRO_DEMO_TOKEN"]), given.port)


if __name__ == "__main__":
    main()
