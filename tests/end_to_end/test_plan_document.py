"""BUP's system can only store documents: it gets the plan as one PDF, with what it may see and nothing else,
and a new one only when that has changed."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from gateway.hub.schema.tables import disclosure
from tests.end_to_end import world as worlds
from tests.end_to_end.fresh import database
from tests.end_to_end.systems import Systems
from tests.end_to_end.world import InProcess


@pytest.fixture(scope="module")
def emma(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems
) -> Iterator[InProcess]:
    folder = tmp_path_factory.mktemp("document")
    with (
        database(request, "sqlite", folder) as url,
        worlds.in_process(url, folder, systems, receives="document") as world,
    ):
        world.begin("emma")
        yield world


def at_bup(world: InProcess) -> dict[str, Any]:
    """The one document there."""
    (found,) = world.systems.bup.all("DocumentReference")
    return found


def said(world: InProcess) -> str:
    """What it says to a reader."""
    data = base64.b64decode(at_bup(world)["content"][0]["attachment"]["data"])
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


def test_the_plan_arrives_as_a_document_and_nothing_else_does(emma: InProcess) -> None:
    assert at_bup(emma)["type"]["coding"][0]["code"] == "A02-2"
    text = said(emma)
    assert "Individuell plan for Emma Sofie Nygård Testesen" in text
    assert "Koordinator: Grete Koordinator" in text
    assert "Hovedmål: Emma trives og sover godt." in text
    assert "Angstbehandling, ti timer" in text
    assert "har samtykket skriftlig" not in text, "the words about consent are not for BUP"
    kinds = {one["resourceType"] for one in emma.systems.bup.everything()}
    assert kinds == {"Patient", "DocumentReference"}


def test_each_item_in_it_is_accounted_for(emma: InProcess) -> None:
    (items,) = [
        items
        for _, items in emma.hub.said(disclosure, disclosure.c.recipient == "bup")
        if any(item["ref"].startswith("DocumentReference/") for item in items)
    ]
    told = {item["ref"]: item["ground"] for item in items}
    grounds = {n: told[emma.hub.ref("individuell-plan", n)] for n in ("emma-ip", "ei-d1", "ei-m1", "ei-t1")}
    assert grounds == {"emma-ip": "G1", "ei-d1": "G1", "ei-m1": "G1", "ei-t1": "own"}


def test_only_a_change_that_bup_may_see_makes_a_new_document(emma: InProcess) -> None:
    before = at_bup(emma)
    emma.edit("individuell-plan", "emma-ip", samtykkeTekst="Begge har samtykket på nytt.")
    emma.edit("stafettlogg", "e-m1", tekst="Et mål i loggen")
    emma.quiet()
    assert at_bup(emma) == before
    emma.edit("individuell-plan", "ei-m1", tekst="Emma sover hele natta.")
    emma.quiet()
    after = at_bup(emma)
    assert (after["id"], after["identifier"]) == (before["id"], before["identifier"])
    assert after["meta"]["versionId"] != before["meta"]["versionId"]
    assert "Emma sover hele natta." in said(emma)


def test_what_the_archive_adds_stays_and_comes_to_nobody(emma: InProcess) -> None:
    changes = emma.hub.changes()
    emma.systems.bup.save({**at_bup(emma), "description": "Arkivert av Berit"})
    emma.quiet()
    assert emma.hub.changes() == changes
    emma.edit("individuell-plan", "ei-m1", tekst="Emma sover godt.")
    emma.quiet()
    assert at_bup(emma)["description"] == "Arkivert av Berit"
    assert "Emma sover godt." in said(emma)
