"""What we created at a system that makes the ids and never heard the end of, where it does not go once more:
the system is asked what it calls it before the lane rests. Else what is written in it there would be taken as
something new. Asks by our own id alone; takes nothing in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from adapters.contract import Adapter, Refused
from gateway.config import System
from gateway.hub import links
from gateway.hub.links import Link

KNOWN_OTHERWISE = "known-otherwise"  # the system's record is another item here


def pending(connection: Connection, system: System, person: str, going: Iterable[str]) -> tuple[str, ...]:
    """References of what may be there under an id we do not know. going: what is written once more anyway,
    and is found by that."""
    if system.ids != "theirs" or system.adapter == "fhir":
        return ()
    refs = links.nameless(connection, system.tenant, system.id, person)
    found = links.load(connection, system.tenant, system.id, sorted(set(refs) - set(going)))
    return tuple(sorted(ref for ref, link in found.items() if link.candidates))


async def ask(adapter: Adapter, refs: Iterable[str]) -> dict[str, str | None]:
    """Reference -> what the system calls it; None: it is not there. Raises AdapterError where it cannot be
    asked now; without what it cannot tell."""
    found = {}
    for ref in refs:
        try:
            found[ref] = await adapter.find_item(ref)
        except Refused:
            continue
    return found


def settle(connection: Connection, system: System, told: Mapping[str, str | None]) -> None:
    """The links after what the system told."""
    for ref, link in links.load(connection, system.tenant, system.id, told).items():
        remote_id = told[ref]
        if link.native_id is not None:
            continue  # it has told of it itself meanwhile
        if remote_id is None:
            link.candidates = ()
            links.save(connection, system.tenant, [link])
        else:
            name(connection, system, link, remote_id, None)


def name(connection: Connection, system: System, link: Link, remote_id: str, digest: str | None) -> None:
    """The item is called that there. One that is another item here already stays that: this one is held back,
    until it changes (digest: from what was to be written)."""
    known = links.names(connection, system.tenant, system.id, [remote_id]).get(remote_id)
    if known is None or known.ref == link.ref:
        link.native_id = remote_id
    else:
        link.hold, link.hold_digest, link.candidates = KNOWN_OTHERWISE, digest, ()
    links.save(connection, system.tenant, [link])
