"""The floor that throughput is measured against: a bare FastAPI application with one SQLAlchemy insert of the
body it got. Same server, same engine settings as the gateway, and nothing of what the gateway does.

Run as a process: python -m bench.floor DATABASE_URL PORT
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import JSON, Column, Integer, MetaData, Table, insert

from gateway.hub.store import Store

METADATA = MetaData()
ENTRY = Table(
    "entry", METADATA, Column("id", Integer, primary_key=True), Column("body", JSON, nullable=False)
)


def build(store: Store) -> FastAPI:
    """The application: POST /records stores the body and says so."""
    app = FastAPI(openapi_url=None)

    @app.post("/records", status_code=201)
    def post(body: dict[str, Any]) -> dict[str, str]:
        with store.outside(write=True) as connection:
            connection.execute(insert(ENTRY).values(body=body))
        return {"status": "stored"}

    return app


def main(url: str, port: int) -> None:
    """Serve until told to stop."""
    store = Store(url)
    with store.outside(write=True) as connection:
        METADATA.create_all(connection)
    uvicorn.run(build(store), host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
