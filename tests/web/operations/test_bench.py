"""The mapping bench, the check and the preview of a route: the same functions as the commands; what is pasted
is kept nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.hub.schema.audit import audit
from tests.api.conftest import records
from tests.web.conftest import Pages
from tests.web.person import Page, Person

PASTED = "Sjiraffen Kvitekvit"  # stands nowhere else


def goal(**more: Any) -> dict[str, Any]:
    found = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")
    return {**found, **more}


def tried(operator: Person, **given: str) -> Page:
    form = operator.get("/min-side/drift/proevebenk").form("/proevebenk")
    return operator.post("/min-side/drift/proevebenk", form | {name: [text] for name, text in given.items()})


def test_a_pasted_record_becomes_fhir_and_comes_back(operator: Person) -> None:
    shown = tried(operator, system="logg", post=json.dumps(goal(tekst=PASTED)))
    assert shown.status == 200
    assert "Kommer likt tilbake" in shown.text
    assert '"resourceType": "Goal"' in shown.text
    assert shown.text.count(PASTED) >= 3  # as it was pasted, in FHIR, and with the recipients
    assert "bup" in shown.text
    assert "plan" in shown.text


def test_what_is_pasted_is_kept_nowhere(pages: Pages, operator: Person, tmp_path: Path) -> None:
    tried(operator, system="logg", post=json.dumps(goal(tekst=PASTED)))
    with pages.service.store.read("fjordbyen") as connection:
        said = connection.execute(select(audit).where(audit.c.action.like("%proevebenk"))).all()
    assert said
    assert PASTED not in repr(said)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert files
    assert [one.name for one in files if PASTED.encode() in one.read_bytes()] == []


def test_a_record_that_is_refused_says_why(operator: Person) -> None:
    shown = tried(operator, system="logg", post=json.dumps(goal(status="finnes-ikke")))
    assert "Avvist" in shown.text
    assert "status" in shown.text
    for wrong in ("{", "[1]", '"x"'):
        assert tried(operator, system="logg", post=wrong).status == 422
    assert tried(operator, system="bup", post="{}").status == 422
    assert tried(operator, system="nabologg", post="{}").status == 422


def test_what_cannot_be_done_is_said_in_the_language_of_the_page(operator: Person) -> None:
    said = {
        "": "Det er ingen post her. Lim inn en",
        "[]": "Det er ingen post her. Lim inn en",
        "hei": "Posten er ikke gyldig JSON.",
        "[1]": "En post er et JSON-objekt",
    }
    for post, words in said.items():
        shown = tried(operator, system="logg", post=post)
        assert (shown.status, words in shown.text) == (422, True), post
    assert "Velg systemet" in tried(operator, system="bup", post="{}").text
    for route, words in {
        "fra=&til=": "Velg både",
        "fra=logg&til=": "Velg både",
        "fra=logg&til=logg": "Velg to ulike systemer",
        "fra=logg&til=bup": "ingenting leveres",
    }.items():
        shown = operator.get(f"/min-side/drift/ruter?{route}")
        assert (shown.status, words in shown.text) == (422, True), route


def test_what_a_recipient_has_no_form_for_is_said(operator: Person) -> None:
    shown = tried(operator, system="logg", eksempel="stafettlogg/emma")
    assert shown.status == 200
    assert "Mottakeren har ingen form for dette" in shown.text


def test_markup_in_a_record_is_text(operator: Person) -> None:
    shown = tried(operator, system="logg", post=json.dumps(goal(tekst="<script>alert(1)</script>")))
    assert "<script>" not in shown.html
    assert "alert(1)" in shown.text


def test_the_check_finds_what_the_command_finds(operator: Person) -> None:
    shown = operator.get("/min-side/drift/kontroll")
    assert "Databasen og forbindelsene er ikke prøvd." in shown.text
    assert "mapping of logg" in shown.text
    assert "nabologg" not in shown.text
    after = operator.post("/min-side/drift/kontroll", shown.form("/kontroll"))
    assert "Databasen og forbindelsene er prøvd." in after.text
    assert "on schema" in after.text


def test_a_route_is_seen_before_it_opens(operator: Person) -> None:
    shown = operator.get("/min-side/drift/ruter?fra=logg&til=plan")
    assert shown.status == 200
    assert "poster ville blitt skrevet" in shown.text
    assert "Venter på logg eller plan" in shown.text
    for wrong in ("fra=logg&til=logg", "fra=logg&til=nabologg", "fra=logg&til=bup"):
        assert operator.get(f"/min-side/drift/ruter?{wrong}").status == 422
