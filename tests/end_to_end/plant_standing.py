"""What stands at the plant's recipients, in which order it came, and whether the disclosures tell of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx

from gateway import jsontext
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant
from tests.peers import Peer

EDITION = re.compile(r"Utgave (\d+) av (\S+)")
PAGE = 50


def editions_at(peer: Peer, children: Iterable[Child]) -> dict[str, int]:
    """Goal -> the number of the edition that stands there. Fails where one stands there twice."""
    out: dict[str, int] = {}
    for log, text in _goals(peer, children):
        edition, name = EDITION.fullmatch(text).groups()  # type: ignore[union-attr]
        assert f"{log}-{name}" not in out, f"{log}-{name} stands there twice"
        out[f"{log}-{name}"] = int(edition)
    return out


def assert_in_order(peer: Peer) -> None:
    """No older edition of a goal was stored after a newer one, by the server's own history."""
    for goal in found(peer, "Goal"):
        entries = _get(peer, f"Goal/{goal['id']}/_history?_count=200")["entry"]
        texts = [entry["resource"]["description"]["text"] for entry in entries]
        numbers = [int(EDITION.fullmatch(text).group(1)) for text in texts]  # type: ignore[union-attr]
        assert numbers == sorted(numbers, reverse=True), numbers


def assert_logged(plant: Plant, name: str, *, tries: int = 2) -> None:
    """Every write that reached the recipient stands in the disclosures, as something that left. tries:
    requests that one attempt may be (a create of what is there goes on as an update; short retries)."""
    left, unsent, attempts = Counter[str](), set[str](), set[str]()
    for row, items in plant.disclosures(f"recipient = '{name}'"):
        refs = [told["ref"].partition("/")[2] for told in items]
        if row.state == "unsent":
            unsent.add(row.id)
        else:
            attempts.add(row.id)
            left.update(refs)
    writes = [a for a in plant.recipients[name].arrivals() if is_write(a)]
    assert writes
    assert {item(a) for a in writes} <= left.keys()
    keys = {a["key"] for a in writes if a.get("key")}  # the contract carries each attempt's own id
    assert keys <= attempts, f"told of as unsent: {len(keys & unsent)}"
    for one, count in Counter(item(a) for a in writes).items():
        assert count <= tries * left[one]


def begun(plant: Plant, name: str) -> set[str]:
    """Our ids of what is being sent to a recipient at this moment, by the disclosures."""
    rows = plant.disclosures(f"recipient = '{name}' AND state = 'sending'")
    return {told["ref"].partition("/")[2] for _, items in rows for told in items}


def item(arrival: dict[str, Any]) -> str:
    """Our id of what a write was about: said in it, or the last part of its address."""
    return str(arrival.get("item") or arrival["path"]).rpartition("/")[2]


def is_write(arrival: dict[str, Any]) -> bool:
    """Whether a request tells the recipient something about an item of ours."""
    return arrival["method"] in ("PUT", "POST") and bool(arrival.get("item") or arrival.get("key"))


def found(peer: Peer, kind: str) -> list[dict[str, Any]]:
    """Every resource of a type at a FHIR server."""
    out: list[dict[str, Any]] = []
    while True:
        page = _get(peer, f"{kind}?_count={PAGE}&_offset={len(out)}").get("entry", [])
        out += [entry["resource"] for entry in page]
        if len(page) < PAGE:
            return out


def records(peer: Peer) -> list[dict[str, Any]]:
    """Every record at a records system."""
    return [one["record"] for one in _get(peer, "records?after=0&limit=5000")["records"]]


def _goals(peer: Peer, children: Iterable[Child]) -> list[tuple[str, str]]:
    """(log, text) of each goal."""
    if not peer.url.endswith("/fhir"):
        goals = [one for one in records(peer) if one["type"] == "hovedmaal"]
        return [("b" + goal["plan"].removeprefix("p"), goal["tekst"]) for goal in goals]
    logs = {child.fnr: child.log for child in children}
    owners = {f"Patient/{p['id']}": logs.get(p["identifier"][0]["value"], "") for p in found(peer, "Patient")}
    owned = [(owners[one["subject"]["reference"]], one) for one in found(peer, "Goal")]
    return [(log, goal["description"]["text"]) for log, goal in owned if log]


def _get(peer: Peer, path: str) -> Any:
    answer = httpx.get(f"{peer.url}/{path}", headers=peer.headers, timeout=20, trust_env=False)
    return jsontext.decode(answer.raise_for_status().content)
