"""What must hold after every run. Each reads the world and names what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gateway import jsontext
from gateway.exchange.differences import REFERS_TO_HELD
from gateway.exchange.selection import Selection, by_item
from gateway.exchange.unanswered import KNOWN_OTHERWISE
from gateway.hub import versions
from gateway.hub.links import UNDER_WAY
from mappings.references import references
from tests.simulation.installation import CLINICS, NATIVE, SYSTEMS, TENANT
from tests.simulation.ledger import Word, words_in
from tests.simulation.world import World


def faults(world: World) -> list[str]:
    """Everything that is wrong, each with the name of its check."""
    found = [("ground", one) for one in world.ledger.breaches]
    for check in CHECKS:
        found += [(check.__name__, one) for one in check(world)]
    return [f"{name}: {one}" for name, one in found]


def held_by(world: World, system: str) -> dict[str, dict[str, Any]]:
    """What a system holds, by its own ids."""
    if system in CLINICS:
        return {ref: body for ref, (_, body) in world.clinics[system].resources.items()}
    return {own: body for own, (_, body) in world.native[system].records.items()}


def converged(world: World) -> Iterator[str]:
    """Each system holds of each item what it may see of the current version, word for word."""
    there = {name: held_by(world, name) for name in SYSTEMS}
    service = world.installation.service
    with service.store.read(TENANT) as connection:
        for child in world.children:
            person = world.person(child)
            parts = by_item(versions.of_person(connection, TENANT, person))
            (row,) = world.rows("SELECT facts_no FROM person WHERE id = ?", person)
            facts = service.facts.read(connection, TENANT, person, row["facts_no"])
            for name in SYSTEMS:
                system = world.installation.system(name)
                now = world.installation.clock()
                selection = Selection(system, service.settings, service.mappings[name], facts, "push", now)
                held = {r["ref"]: r for r in world.rows("SELECT * FROM link WHERE system = ?", name)}
                for item, own in parts.items():
                    yield from _one(world, name, item, selection.view(item, own), held.get(item), there[name])


def _one(world: World, name: str, item: str, view: Any, link: Any, there: dict[str, Any]) -> Iterator[str]:
    if view is None or not view.permitted:
        return
    wanted = words_in(_text(view.resources[item]))
    slots = world.installation.service.mappings[name].slots(view.resources[item])
    if not wanted or slots is None:
        return
    if link is not None and link["hold"] is not None:
        yield from _held_back(world, name, item, view, link)
        return
    if link is None or link["native_id"] is None:
        patient = next(iter([r for r in there if r.startswith("Patient/")]), None)
        in_error = "entered-in-error" in _text(view.resources[item]).decode()
        if not in_error and (name in NATIVE or patient is not None) and _knows(world, name, item):
            yield f"{name} has nothing of {item} {sorted(wanted)}"
        return
    body = there.get(link["native_id"])
    if body is None:
        yield f"{name} has lost {item} {sorted(wanted)}"
    elif words_in(_text(body)) != wanted:
        yield f"{name} holds {sorted(words_in(_text(body)))} of {item}, and may see {sorted(wanted)}"


def _held_back(world: World, name: str, item: str, view: Any, link: Any) -> Iterator[str]:
    """What is held back was refused, or refers to what the recipient has not and that is held back too."""
    if link["hold"] == UNDER_WAY:
        yield f"{name} may have {item}, and nobody asks"
    if link["hold"] == KNOWN_OTHERWISE:
        yield f"{name} has {item}, and it is another item here"
    if link["hold"] == REFERS_TO_HELD and link["native_id"] is None:
        own = "SELECT ref FROM link WHERE system = ? AND hold IS NOT NULL AND native_id IS NULL"
        if not references(view.resources[item]) & {row["ref"] for row in world.rows(own, name)}:
            yield f"{name} has nothing of {item}, which waits for nothing"


def _knows(world: World, name: str, item: str) -> bool:
    """Whether the recipient has the person at all."""
    (row,) = world.rows("SELECT person FROM resource WHERE ref = ?", item)
    if name in NATIVE:
        return True
    found = world.rows(
        "SELECT native_id FROM link WHERE system = ? AND ref = ?", name, f"Patient/{row['person']}"
    )
    return bool(found and found[0]["native_id"])


def nothing_lost(world: World) -> Iterator[str]:
    """Each word is in some version, in a conflict, in a late edition, waits, was refused, or is where it
    was written (told of no more: a system that was restored)."""
    known: set[str] = set()
    for table in ("resource_version", "conflict", "late_edition", "waiting_record"):
        for row in world.rows(f"SELECT content FROM {table}"):
            known |= words_in(bytes(row["content"]))
    for text, word in world.ledger.words.items():
        if word.system in CLINICS and (
            word.system in world.ledger.replaced.get(text, ()) or not _admitted(world, word)
        ):
            continue  # a clinic is asked now and then: what it has changed again itself is not seen
        if text in known or "rejected" in world.answered.get(text, ()) or word.system in world.restored:
            continue
        yield f"{text} of {word.system} is nowhere"


def nothing_returns(world: World) -> Iterator[str]:
    """What was edited away never becomes current again, but where a system was restored whose version numbers
    do not tell of it, or no more once they have come as far again: that looks like an edit."""
    last: tuple[str, set[str]] = "", set()
    gone: set[str] = set()
    for row in world.rows("SELECT ref, version, source, content FROM resource_version ORDER BY ref, version"):
        ref, now = row["ref"], words_in(bytes(row["content"]))
        if ref != last[0]:
            last, gone = (ref, set()), set()
        gone |= last[1] - now
        if now & gone and row["source"] not in world.restored:
            yield f"{ref} says {sorted(now & gone)} again in version {row['version']} of {row['source']}"
        gone -= now  # it is what stands now, and what others add to it does not bring it back once more
        last = ref, now


def _admitted(world: World, word: Word) -> bool:
    """Whether the clinic's patient is known to be this child."""
    person = world.person(world.children[word.child - 1])
    return bool(
        world.rows("SELECT 1 FROM link WHERE system = ? AND ref = ?", word.system, f"Patient/{person}")
    )


def in_order(world: World) -> Iterator[str]:
    """Of each item, no recipient got an older version after a newer one."""
    told = {r["id"]: jsontext.decode(r["items"]) for r in world.rows("SELECT id, items FROM disclosure")}
    newest: dict[tuple[str, str], int] = {}
    for one in world.network.arrivals:
        if one.attempt is None or not one.asked.writes or one.status not in (200, 201):
            continue
        attempt, ref = one.attempt
        items = told.get(attempt, [])
        version = next((i["version"] for i in items if i["ref"] == ref), 0)
        if version < newest.get((one.system, ref), 0):
            yield f"{one.system} got version {version} of {ref} after {newest[one.system, ref]}"
        newest[one.system, ref] = max(version, newest.get((one.system, ref), 0))


def all_logged(world: World) -> Iterator[str]:
    """Nothing stands as delivered or unknown that was not attempted, nor as unsent that left, and nothing is
    left open."""
    for row in world.rows("SELECT id, state, error, recipient, items FROM disclosure"):
        if row["state"] == "sending":
            yield f"{row['id']} to {row['recipient']} is still open"
        died = row["error"] in ("worker-died",)
        looked_up = any(i["version"] == 0 for i in jsontext.decode(row["items"]))
        attempted = row["id"] in world.network.attempted or looked_up
        if row["state"] in ("delivered", "unknown") and not attempted and not died:
            yield f"{row['id']} to {row['recipient']} is {row['state']} ({row['error']}), and nothing left"
        if row["state"] == "unsent" and row["id"] in world.network.written:
            yield f"{row['id']} to {row['recipient']} is unsent ({row['error']}), and has left"


def nothing_repaired(world: World) -> Iterator[str]:
    """The sweeper found nothing to do."""
    count = sum(w.repaired + w.worker.counters.repaired for w in world.workers)
    if count:
        yield f"the sweeper woke {count} lanes"


def nothing_failed(world: World) -> Iterator[str]:
    """No run ended in an exception."""
    count = sum(w.failed + w.worker.counters.failed for w in world.workers)
    if count:
        yield f"{count} runs failed inside"
    for worker in world.workers:
        yield from worker.loop.faults


def _text(body: Any) -> bytes:
    return json.dumps(body, default=str).encode()


CHECKS = (
    converged,
    nothing_lost,
    nothing_returns,
    in_order,
    all_logged,
    nothing_repaired,
    nothing_failed,
)
