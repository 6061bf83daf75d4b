"""How a request may go, for what guarding costs: as in life, and with one part after the other switched off
around it. For figures alone: no configuration reaches any of this."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api import occasions
from gateway.exchange import disclosures
from gateway.hub.audit import entries

TENANT: Final = "fjordbyen"


@dataclass(frozen=True, slots=True)
class Way:
    """How a request goes. proof: with a bound token and a proof; else with a bearer token seen before, or
    nobody looks who comes. sealed: else content lies in clear. told: else nothing is written of it."""

    proof: bool = True
    bearer: bool = False
    sealed: bool = True
    told: bool = True


WAYS: Final = {
    "whole": Way(),
    "bearer": Way(proof=False, bearer=True),
    "tokens": Way(proof=False),
    "encryption": Way(sealed=False),
    "audit": Way(told=False),
    "together": Way(proof=False, sealed=False, told=False),
}


@contextmanager
def switched(app: Any, way: Way) -> Iterator[None]:
    """With what this way leaves out switched off."""
    with ExitStack() as stack:
        if not (way.proof or way.bearer):
            gate = app.state.desk.gate
            caller = Caller(TENANT, "drift", "logg", "359797117", frozenset(scopes.ALL))
            stack.enter_context(replaced(gate, "recall", lambda *_: caller))
        if not way.told:
            stack.enter_context(replaced(entries, "write", lambda *_: None))
            stack.enter_context(replaced(disclosures, "begin", lambda *_, **_more: None))
            stack.enter_context(replaced(disclosures, "finish", lambda *_: None))
            stack.enter_context(replaced(occasions, "UNWITNESSED", frozenset(scopes.ALL)))
        yield


@contextmanager
def replaced(owner: Any, name: str, other: Any) -> Iterator[None]:
    """Another in its place, until the end of the block."""
    own = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, own)
