"""Documents of megabytes: kept once in the version, by their hash beside it, and read back to the byte."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest
from sqlalchemy import select

from gateway import jsontext
from gateway.hub import attachments, links
from gateway.hub.merge import merge
from gateway.hub.schema.tables import link
from gateway.intake import Offered
from mappings.model import ITEM
from tests.end_to_end.invented import Child
from tests.intake.conftest import here as here
from tests.intake.world import TENANT, World
from tests.sealed import said

CHILD = Child(1)
LOG = "stafettlogg"


def document(seed: int, size: int = 300_000, **more: Any) -> dict[str, Any]:
    """A record of a document with bytes of its own."""
    content = base64.b64encode(random.Random(seed).randbytes(size)).decode()
    head = {k: v for k, v in CHILD.goal("d1", seed).items() if k not in ("tekst", "status")}
    said = {"type": "dokument", "tittel": "Referat", "slag": "moetereferat", "mimetype": "application/pdf"}
    return {**head, **said, "innhold": content, "tidspunkt": "2026-05-05T08:30:00+02:00", **more}


def row(here: World, ref: str) -> bytes:
    with here.service.store.read(TENANT) as connection:
        kept = connection.execute(select(link).where(link.c.system == LOG, link.c.ref == ref)).one()
        return jsontext.encode(said(connection, link, kept))


def known(here: World, ref: str) -> links.Link:
    with here.service.store.read(TENANT) as connection:
        return links.load(connection, TENANT, LOG, [ref])[ref]


@pytest.fixture
def stored(here: World) -> tuple[World, str]:
    here.take(LOG, *CHILD.log_records())
    (answer,) = here.take(LOG, document(1))
    assert answer.ref is not None
    return here, answer.ref


def test_a_link_keeps_the_hash_and_reads_back_the_bytes(stored: tuple[World, str]) -> None:
    here, ref = stored
    assert len(row(here, ref)) < 3_000
    held = known(here, ref).held.focus[ITEM]["content"][0]["attachment"]["data"]
    assert held == document(1)["innhold"]
    assert here.statuses(LOG, document(1)) == ["unchanged"]


def test_a_version_that_is_no_longer_current_still_gives_its_bytes(stored: tuple[World, str]) -> None:
    here, ref = stored
    with here.service.store.write(TENANT) as connection:
        before = links.load(connection, TENANT, LOG, [ref])[ref]
    assert here.statuses(LOG, document(2)) == ["stored"]
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [before])  # bytes that no current version holds: kept whole
    assert known(here, ref).held == before.held
    assert len(row(here, ref)) > 300_000


def test_a_hash_stays_true_when_the_resource_has_moved_on(stored: tuple[World, str]) -> None:
    here, ref = stored
    with here.service.store.read(TENANT) as connection:
        short = connection.execute(select(link.c.content).where(link.c.ref == ref)).scalar_one()
    assert here.statuses(LOG, document(2)) == ["stored"]
    with here.service.store.write(TENANT) as connection:
        connection.execute(link.update().where(link.c.ref == ref).values(content=short))
    held = known(here, ref).held.focus[ITEM]["content"][0]["attachment"]["data"]
    assert held == document(1)["innhold"]


def test_what_a_record_says_itself_is_never_taken_for_a_hash(stored: tuple[World, str]) -> None:
    here, ref = stored
    mark = {attachments.MARK: [ref, 1, attachments.digest(document(1)["innhold"])]}
    record = document(4, egetFelt={"data": mark})
    assert here.statuses(LOG, record) == ["stored"]
    assert "egetFelt" in str(known(here, ref).held.rest)
    assert here.statuses(LOG, record) == ["unchanged"]
    assert str(known(here, ref).held.rest).count(document(1)["innhold"]) == 0


def test_only_what_is_large_is_shortened(here: World) -> None:
    here.take(LOG, *CHILD.log_records())
    (answer,) = here.take(LOG, document(1, size=300))
    assert document(1, size=300)["innhold"].encode() in row(here, answer.ref or "")


def attached(data: str, **more: Any) -> dict[str, Any]:
    content = [{"attachment": {"data": data, **more}}]
    return {"resourceType": "DocumentReference", "id": "1", "content": content}


def test_bytes_are_the_same_however_a_server_breaks_their_lines() -> None:
    content = base64.b64encode(bytes(range(200))).decode()
    broken = "\r\n".join(content[i : i + 76] for i in range(0, len(content), 76))
    current = attached(content, title="Nytt navn")
    merged = merge(attached(content), attached(broken), current)
    assert merged.value is current
    other = base64.b64encode(bytes(range(199))).decode()
    assert merge(attached(content), attached(other), attached(content)).value == attached(other)


def test_a_document_that_comes_in_by_a_waiting_batch_is_kept_like_any(here: World) -> None:
    offered = [Offered(record) for record in (*CHILD.log_records(), document(1))]
    answers = here.service.intake.take(here.system(LOG), offered)
    ref = answers[-1].ref or ""
    assert len(row(here, ref)) < 3_000
