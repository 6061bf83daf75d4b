"""Who somebody is at the pages: a participant by number or user, in one municipality, in the role that the
log says now. No match, no child."""

from __future__ import annotations

from typing import Any

from tests.access.town import MOTHER, ORIGIN, THERE, Town
from tests.api.conftest import records
from tests.api.world import fields

HPR_CLAIM = "helseid://claims/hpr/hpr_number"
SAID = {"endret": "2026-11-21T12:00:00Z"}


def home(town: Town, key: str) -> str:
    """The first page, as one who holds this sees it."""
    answer = town.world.http.get(f"{ORIGIN}/min-side", headers={"Cookie": f"__Host-stafettbro={key}"})
    assert answer.status_code == 200
    return answer.text


def told(town: Town, system: str, client: str, *records_: dict[str, Any]) -> None:
    """A log says this."""
    answer = town.world.post(f"/systems/{system}/records", client, list(records_))
    assert {one["status"] for one in fields(answer)["results"]} == {"stored"}, answer.text


def participant(child: str, own: str) -> dict[str, Any]:
    return next(one for one in records("stafettlogg", child) if one["id"] == own)


def test_a_person_of_two_municipalities_sees_in_each_what_is_there(municipalities: Town) -> None:
    """Emma's mother is a guardian of Amina's in the neighbour's log too. The login is Fjordbyen's."""
    guardian = participant("emma", "e-d2") | SAID | {"id": "a-d9", "logg": "amina-logg", "endretAv": "a-d1"}
    told(municipalities, "nabologg", "nabo", guardian)
    with municipalities.world.service.store.read(THERE) as connection:
        desk = municipalities.world.app.state.web
        desk.participants.catch_up(THERE)
        known = desk.participants.hashes([("urn:oid:2.16.578.1.12.4.1.4.1", MOTHER)])
        assert desk.participants.find(connection, THERE, known), "they are known there"
    page = home(municipalities, municipalities.session(MOTHER))
    assert "Emma" in page
    assert "Amina" not in page


def test_an_employee_is_known_by_number_and_acts_as_the_log_says_now(municipalities: Town) -> None:
    """Child welfare decides for Jonas after a care order: Siv is found by her HPR number, at a login for
    staff alone, and for as long as she works there."""
    siv = participant("jonas", "j-d1") | SAID | {"hpr": "9144927", "endretAv": "j-d1"}
    order = {"type": "forhold", "id": "j-f1", "logg": "jonas-logg", "slag": "omsorgsovertakelse"}
    order |= SAID | {"endretAv": "j-d1", "verdi": True, "fra": "2026-11-01"}
    told(municipalities, "logg", "logg", siv, order)
    own, other = {HPR_CLAIM: "9144927"}, {HPR_CLAIM: "9144928"}
    key = municipalities.session("", "helseid", **own)
    assert "Jonas" in home(municipalities, key)
    for login, claims in (("helseid", other), ("helseid", {}), ("idporten", own)):
        assert "Jonas" not in home(municipalities, municipalities.session("", login, **claims))
    moved = {"enhet": {"orgnr": "362819482", "navn": "Solvang barneskole"}, "tjeneste": "skole"}
    told(municipalities, "logg", "logg", siv | moved | {"endret": "2026-11-21T12:05:00Z"})
    assert "Jonas" not in home(municipalities, key)  # the very next page, in the same session
