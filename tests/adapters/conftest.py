"""Adapters are asynchronous; their tests run on asyncio alone."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The event loop the service uses."""
    return "asyncio"


@pytest.fixture
def unused_address() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"
