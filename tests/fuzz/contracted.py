"""Requests made up by Schemathesis from the published contract, those that fit it and those that do not;
every other one with real ids in its path."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from gateway.api.app import assemble
from gateway.api.contract import contract
from tests.fuzz.askers import CALLERS, DECIDING
from tests.fuzz.known import Known
from tests.fuzz.wire import Asked

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
_SAID_BY_US = {"user-agent", "accept-encoding", "connection", "content-length", "host"}
Picked = tuple[str, bool, int]  # caller, real ids in the path, which of them


def document() -> dict[str, Any]:
    """The contract; who calls is ours to choose."""
    told = deepcopy(contract(assemble()))
    for item in told["paths"].values():
        for operation in item.values():
            operation["security"] = []
    return told


def operations(told: dict[str, Any]) -> list[Any]:
    """Those of the contract, in its order."""
    return [found.ok() for found in schemathesis.openapi.from_dict(told).get_all_operations()]


def takes_something(operation: Any) -> bool:
    """Whether there is anything to get wrong."""
    return bool(operation.path_parameters or operation.query or operation.headers or operation.body)


def picked() -> st.SearchStrategy[Picked]:
    """What is not the contract's."""
    return st.tuples(st.sampled_from(CALLERS), st.booleans(), st.integers(0, 1_000_000))


def asked(case: Case, one: Picked, known: Known, url: str) -> Asked | None:
    """The request as it goes on the wire; None where it cannot be written as one."""
    caller, real, which = one
    label = f"{case.method.upper()} {case.operation.path}"
    if real or (caller in DECIDING and case.method.upper() != "GET"):
        case.path_parameters = _places(case, known, caller, which)
    try:
        prepared = requests.Request(**case.as_transport_kwargs(base_url=url)).prepare()
    except (requests.RequestException, UnicodeError, ValueError):
        return None
    body = prepared.body
    if hasattr(body, "read"):
        body = body.read()
    headers = [(k, v) for k, v in prepared.headers.items() if k.lower() not in _SAID_BY_US]
    return Asked(
        caller=caller,
        method=str(prepared.method).encode("latin-1", "replace"),
        target=_target(str(prepared.url)),
        headers=tuple((_bytes(name), _bytes(value)) for name, value in headers),
        body=body.encode() if isinstance(body, str) else body,
        label=label,
    )


def _places(case: Case, known: Known, caller: str, which: int) -> dict[str, Any]:
    free = caller in DECIDING and case.method.upper() != "GET"
    pools = {name: known.values(name, free) for name in case.path_parameters or {}}
    return {name: pool[which % len(pool)] for name, pool in pools.items()}


def _target(url: str) -> bytes:
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path or '/'}{query}".encode("ascii", "replace").replace(b" ", b"%20")


def _bytes(text: Any) -> bytes:
    raw = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogatepass")
    return raw.replace(b"\r", b"").replace(b"\n", b"")
