"""The gateway's application behind a real server, for tests that need a connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serving(app: ASGIApp, at: socket.socket, **more: Any) -> Iterator[None]:
    """It answers at this socket. more: of uvicorn's configuration."""
    at.listen(128)  # whoever asks before the server has begun waits for it
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", **more))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [at]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)
