"""A demo records system: a stafettlogg or an individuell plan, as a process of its own with its own file.

It stands where a vendor's system would: people write on its page, and it talks with Stafettbro over HTTP.
"""

from __future__ import annotations

import argparse
import os
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway import jsontext
from gateway.demo import serving
from gateway.demo.outbox import Access, Outbox
from gateway.demo.record_contract import add_contract
from gateway.demo.record_forms import Form, changed_record, form_of, missing, new_record
from gateway.demo.record_page import child_page, name_of
from gateway.demo.record_rules import KINDS, Kind
from gateway.demo.record_store import RecordStore, Stored, VersionDiffers

TITLES = {"stafettlogg": "stafettloggen", "individuell-plan": "individuell plan", "bup": "BUP"}


def build(kind: Kind, store: RecordStore, outbox: Outbox, token: str) -> FastAPI:
    """The system as an application."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        outbox.start()
        yield
        outbox.stop()

    app = FastAPI(title=f"Demosystem: {kind.title}", lifespan=life, docs_url=None, openapi_url=None)
    serving.add_pages(app)
    add_contract(app, kind, store, token)
    _add_reading(app, kind, store, outbox)
    _add_writing(app, kind, store, outbox)
    return app


def _add_reading(app: FastAPI, kind: Kind, store: RecordStore, outbox: Outbox) -> None:
    @app.get("/", response_class=HTMLResponse)
    def children(request: Request) -> Response:
        listed = [(one.id, name_of(one.body.get(kind.person) or {})) for one in store.frames()]
        return serving.templates.TemplateResponse(
            request, "children.html", {"title": kind.title, "children": listed, "change": store.change()}
        )

    @app.get("/barn/{frame}", response_class=HTMLResponse)
    def child(request: Request, frame: str, feil: str = "") -> Response:
        change = store.change()
        stored = store.of_frame(frame)
        if not stored:
            raise serving.not_found()
        page = child_page(kind, frame, stored, store.last_sendings(frame), lambda s: TITLES.get(s, s))
        values = {"title": kind.title, "page": page, "change": change, "fault": FAULTS.get(feil, "")}
        values |= {"waiting": store.waiting(), "trouble": outbox.trouble}
        return serving.templates.TemplateResponse(request, "records.html", values)

    @app.get("/endring")
    def change() -> dict[str, int]:
        return {"endring": store.change()}

    @app.get("/dokument/{record_id}")
    def document(record_id: str) -> Response:
        found = store.get(record_id)
        if found is None or found.body["type"] != "dokument":
            raise serving.not_found()
        # Always as a download and never by the type it claims: what it holds came from elsewhere.
        headers = {"Content-Disposition": f'attachment; filename="dokument{_ending(found)}"'}
        content = b64decode(found.body["innhold"])
        return Response(content, media_type="application/octet-stream", headers=headers)


FAULTS = {
    "versjon": "Noen andre endret posten mens du skrev. Ingenting er lagret; se hva som står der nå.",
    "mangler": "Et felt som må fylles ut, var tomt. Ingenting er lagret.",
}


def _ending(document: Stored) -> str:
    return {"application/pdf": ".pdf", "text/plain": ".txt"}.get(document.body.get("mimetype", ""), ".bin")


def _add_writing(app: FastAPI, kind: Kind, store: RecordStore, outbox: Outbox) -> None:
    @app.post("/barn/{frame}/{record_type}")
    async def add(request: Request, frame: str, record_type: str) -> Response:
        form, given = form_of(kind, record_type), await _given(request)
        if form is None or store.get(frame) is None:
            raise serving.not_found()
        if missing(form, given):
            return _back(frame, fault="mangler")
        record = new_record(kind, form, frame, given.get("endretAv", [""])[0], given)
        store.save(record, expected=0, source=None, push=True)
        outbox.wake()
        return _back(frame, record["id"])

    @app.post("/post/{record_id}")
    async def edit(request: Request, record_id: str) -> Response:
        before, given = store.get(record_id), await _given(request)
        form = form_of(kind, before.body["type"]) if before else None
        if before is None or form is None:
            raise serving.not_found()
        return _edited(before, form, given)

    def _edited(before: Stored, form: Form, given: dict[str, list[str]]) -> Response:
        frame = before.body[kind.member]
        if missing(form, given):
            return _back(frame, fault="mangler")
        expected = given.get("versjon", [""])[0]
        if expected != str(before.version):
            return _back(frame, before.id, "versjon")
        after = changed_record(form, before.body, given.get("endretAv", [""])[0], given)
        if after != before.body:
            try:
                store.save(after, expected=before.version, source=None, push=True)
            except VersionDiffers:
                return _back(frame, before.id, "versjon")
            outbox.wake()
        return _back(frame, before.id)


async def _given(request: Request) -> dict[str, list[str]]:
    form = await request.form()
    return {key: [v for v in form.getlist(key) if isinstance(v, str)] for key in form}


def _back(frame: str, record_id: str = "", fault: str = "") -> Response:
    query = f"?feil={fault}" if fault else ""
    return RedirectResponse(f"/barn/{frame}{query}" + (f"#{record_id}" if record_id else ""), 303)


def main() -> None:
    """python -m gateway.demo.records_system KIND --port N --file F --gateway URL --issuer URL [--seed F ...].

    The environment holds STAFETTBRO_DEMO_TOKEN (what callers show us) and STAFETTBRO_DEMO_SECRET (ours at
    the issuer).
    """
    parser = argparse.ArgumentParser(description="Demosystem: stafettlogg eller individuell plan")
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--seed", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    store = RecordStore(given.file)
    store.seed([record for path in given.seed for record in jsontext.decode(path.read_bytes())])
    target = f"{given.gateway}/systems/{given.kind}/records"
    secret = os.environ["STAFETTBRO_DEMO_SECRET"]
    access = Access(target, f"{given.issuer}/token", given.kind, secret)
    app = build(KINDS[given.kind], store, Outbox(store, access), os.environ["STAFETTBRO_DEMO_TOKEN"])
    serving.serve(app, given.port)


if __name__ == "__main__":
    main()
