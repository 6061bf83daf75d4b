"""The machine side of a demo records system: the contract that a connected system offers to Stafettbro.

Records come and go whole, with an ETag; what a person wrote in the meantime is never overwritten (412).
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response

from gateway import jsontext
from gateway.demo.record_rules import Fault, Kind, faults
from gateway.demo.record_store import RecordStore, Stored, VersionDiffers
from gateway.demo.serving import is_bearer

MAX_BODY = 20 * 1024 * 1024
ETAG = re.compile(r'(?:W/)?"(\d{1,12})"')
ANY = -1


def add_contract(app: FastAPI, kind: Kind, store: RecordStore, token: str) -> None:
    """/info, and /records behind the bearer token."""

    def let_in(request: Request) -> None:
        if not is_bearer(request, token):
            raise HTTPException(401, "Token mangler eller er feil.", {"WWW-Authenticate": "Bearer"})

    records = APIRouter(prefix="/records", dependencies=[Depends(let_in)])

    @app.get("/info")
    def info() -> dict[str, object]:
        return {"system": kind.name, "ids": "ours", "versions": True, "types": sorted(kind.required)}

    @records.get("")
    def changed(
        after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> Response:
        found = store.after(after, limit + 1)
        page = found[:limit]
        answer = {
            "records": [{"record": one.body, "version": str(one.version)} for one in page],
            "cursor": str(page[-1].seq if page else after),
            "more": len(found) > limit,
        }
        return Response(jsontext.encode(answer), media_type="application/json")

    @records.get("/{record_id}")
    def read(record_id: str) -> Response:
        found = store.get(record_id)
        if found is None:
            return _problem(404, "Posten finnes ikke her.")
        return _answer(found, 200)

    @records.put("/{record_id}")
    async def write(request: Request, record_id: str) -> Response:
        if int(request.headers.get("content-length", MAX_BODY + 1)) > MAX_BODY:
            return _problem(413, "Posten er for stor.")
        body = await request.body()
        try:
            record = jsontext.decode(body)
        except jsontext.DecodeError:
            return _problem(400, "Innholdet er ikke JSON.")
        wrong = faults(kind, record_id, record, lambda frame: store.get(frame) is not None)
        if wrong:
            return _problem(422, "Posten kan ikke lagres.", wrong)
        expected = _expected(request, store, record_id)
        if expected is None:
            return _problem(428, "If-Match eller If-None-Match må være med.")
        source = unquote(request.headers.get("stafettbro-source", "")) or "Stafettbro"
        try:
            stored = store.save(record, expected=expected, source=source, push=False)
        except VersionDiffers:
            return _problem(412, "Posten er endret her i mellomtiden.")
        return _answer(stored, 201 if expected == 0 else 200)

    app.include_router(records)


def _expected(request: Request, store: RecordStore, record_id: str) -> int | None:
    """The version the caller means to replace: 0 for none, ANY for one that cannot be; None: not said."""
    if request.headers.get("if-none-match") == "*":
        return 0
    match = request.headers.get("if-match")
    if match is None:
        return None
    if match == "*":
        current = store.get(record_id)
        return current.version if current else ANY
    named = ETAG.fullmatch(match)
    return int(named[1]) if named and int(named[1]) > 0 else ANY


def _answer(stored: Stored, status: int) -> Response:
    headers = {"ETag": f'"{stored.version}"'}
    return Response(jsontext.encode(stored.body), status, headers, media_type="application/json")


def _problem(status: int, title: str, wrong: list[Fault] | None = None) -> Response:
    body: dict[str, object] = {"title": title, "status": status}
    if wrong:
        body["detail"] = wrong[0].text
        body["field"] = wrong[0].field
        body["errors"] = [{"field": fault.field, "text": fault.text} for fault in wrong]
    return Response(jsontext.encode(body), status, media_type="application/problem+json")
