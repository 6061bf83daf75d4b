"""The plan as those it is about read it: own words first, small good things written too, who takes part, and
who has got or read what; nothing of it that its reader may not see."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.exchange import disclosures
from tests.api.conftest import records
from tests.web.conftest import FATHER, JONAS, JONAS_MOTHER, MOTHER, Pages
from tests.web.person import Page, Person
from tests.web.test_seats import told as handed_in

OWN = "Jeg vil at noen skal vente på meg når klokka ringer"


def plan(person: Person, name: str = "Emma") -> Page:
    """The plan of a child."""
    return person.get(f"{person.get('/min-side').link(name)}/plan")


def write(person: Person, text: str, name: str = "Emma") -> Page:
    """A lysglimt, as the form is."""
    shown = plan(person, name)
    path = next(action for action, _ in shown.forms if action.endswith("/plan"))
    return person.post(path, shown.form("/plan") | {"tekst": [text]})


def told(pages: Pages, item: str = "e-n1") -> set[str]:
    """What of the child has been told on pages."""
    with pages.service.store.read("fjordbyen") as connection:
        found = disclosures.of_person(connection, "fjordbyen", pages.patient(item))
    return {one["ref"] for row in found if row["channel"] == "page" for one in row["items"]}


def test_goals_stand_in_their_own_words_first(pages: Pages, mother: Person) -> None:
    shown = plan(mother)
    assert shown.text.index(OWN) < shown.text.index("Emma har minst én hun leker fast med")
    assert "Vennegruppe med fast voksen" in shown.text
    assert "Ansvar: Kari Kontaktlærer. Innen 18. desember 2026." in shown.text
    assert "Ingen har fått ansvaret ennå" in shown.text  # e-t3
    assert "Skulle vært snakket om" in shown.text  # e-m1 was to be evaluated on 2 November
    assert "Tre til fire netter i uka" in shown.text


def test_who_takes_part_and_what_each_does(pages: Pages, mother: Person) -> None:
    shown = plan(mother)
    assert "Spør Grete Koordinator , Koordinerende enhet, Fjordbyen kommune , +47 55 50 43 21" in shown.text
    assert re.search(r"Kari Kontaktlærer stafettholder · Skole · Solvang barneskole Gjør dette: Vennegruppe",
                     shown.text)  # fmt: skip
    assert "Berit Psykolog" in shown.text


def test_meetings_and_small_good_things(pages: Pages, mother: Person) -> None:
    shown = plan(mother)
    assert "Emma ble bedt i bursdag!" in shown.text
    assert "3. september 2026 · fra deg" in shown.text
    assert "Samarbeidsmøte, 4. mai 2026 kl. 10.00" in shown.text
    assert "Det står ikke noe nytt møte her" in shown.text


def test_what_is_read_is_written_as_told_and_nothing_else_is(pages: Pages, mother: Person) -> None:
    plan(mother)
    assert {pages.ref(one) for one in ("e-m1", "e-t1", "e-l1", "e-mo1", "e-d6")} <= told(pages)
    assert pages.ref("e-n1") not in told(pages)  # notes do not stand there


def test_a_lysglimt_that_is_written_travels_like_any(pages: Pages, mother: Person) -> None:
    shown = write(mother, "Hun sov <b>hele</b> natta 🙂")
    assert shown.status == 200
    assert "Hun sov <b>hele</b> natta 🙂" in shown.text
    assert "<b>hele" not in shown.html
    father = pages.person()
    father.log_in(FATHER)
    assert "· fra Ingrid Testesen" in plan(father).text
    own = pages.patient("e-l1")
    assert "Hun sov" in pages.get(f"/fhir/Communication?patient={own}", "bup").text
    with pages.service.store.read("fjordbyen") as connection:
        from gateway.hub import versions

        found = versions.of_types(connection, "fjordbyen", own, ["Communication", "Provenance"])
    made = next(v for v in found.values() if "Hun sov" in str(v.resource.get("payload")))
    assert made.created_by == "logg"
    written = found[f"Provenance/{made.ref.partition('/')[2]}-provenance"]
    assert {one.partition("|")[2] for one in written.writers} == {"e-d2"}


def test_a_form_that_is_sent_twice_writes_once(pages: Pages, mother: Person) -> None:
    shown = plan(mother)
    path = next(action for action, _ in shown.forms if action.endswith("/plan"))
    fields = shown.form("/plan") | {"tekst": ["Bare én gang"]}
    assert [mother.send(path, fields).status_code for _ in range(2)] == [303, 303]
    assert plan(mother).text.count("Bare én gang") == 1


def test_nothing_to_write_is_said_and_too_much_is_kept(pages: Pages, mother: Person) -> None:
    empty, long = write(mother, "  "), write(mother, "æ" * 5_001)
    for shown in (empty, long):
        assert shown.status == 422
        assert 'href="#tekst"' in shown.html
        assert 'aria-invalid="true"' in shown.html
    assert "æ" * 5_001 in long.html  # nothing that was typed is lost


def test_a_closed_log_is_read_and_takes_nothing_in(pages: Pages, mother: Person) -> None:
    open_ = plan(mother)
    log = {**records("stafettlogg", "emma")[0], "endret": "2026-11-21T12:00:00Z", "status": "avsluttet"}
    assert pages.hand_in("logg", [log]).json()["results"][0]["status"] == "stored"
    shown = plan(mother)
    assert OWN in shown.text
    assert "Skriv et lysglimt" not in shown.text
    path = next(action for action, _ in open_.forms if action.endswith("/plan"))
    late = mother.post(path, open_.form("/plan") | {"tekst": ["For sent"]})
    assert late.status == 409


def test_who_has_got_or_read_what_when_and_why(pages: Pages, mother: Person) -> None:
    assert "BUP Fjordane" not in plan(mother).text.partition("Hvem har fått eller lest noe")[2]
    own = pages.patient("e-m1")
    assert pages.get(f"/fhir/Goal?patient={own}", "bup").status_code == 200
    pages.later(5)
    shown = plan(mother)
    assert "BUP Fjordane, Indre Fjord" in shown.text[shown.text.index("Hvem har fått eller lest noe") :]
    assert "Alle som må bestemme, har samtykket til å dele dette med mottakeren." in shown.text
    assert "Mål: Emma har minst én hun leker fast med" in shown.text
    assert "21. november 2026 kl. 13.00" in shown.text
    whole = mother.get(shown.link("Se alle som har sett noe"))
    assert "Mål: Emma har minst én hun leker fast med" in whole.text


def test_what_is_hidden_from_the_reader_stands_nowhere(pages: Pages) -> None:
    jonas, mother = pages.person(), pages.person()
    jonas.log_in(JONAS)
    mother.log_in(JONAS_MOTHER)
    secret: list[dict[str, Any]] = [
        {"type": "maal", "id": "j-m9", "tekst": "KANARI mål", "egneOrd": "KANARI ord", "status": "aktiv"},
        {"type": "tiltak", "id": "j-t9", "tittel": "KANARI tiltak", "ansvarlig": "j-d1", "maal": ["j-m1"]},
        {"type": "lysglimt", "id": "j-l9", "tekst": "KANARI glimt", "tidspunkt": "2026-11-20T10:00:00Z"},
        {"type": "moete", "id": "j-mo9", "tid": "2026-12-01T10:00:00Z", "sted": "KANARI sted"},
    ]
    common = {"logg": "jonas-logg", "endret": "2026-11-20T12:00:00Z", "endretAv": "j-d1"}
    new = [{**one, **common, "sperre": ["NORN_FORANS"]} for one in secret]
    assert {r["status"] for r in pages.hand_in("logg", new).json()["results"]} == {"stored"}
    own = plan(jonas, "Jonas")
    assert own.text.count("KANARI") >= 4
    pages.get(f"/fhir/Goal?patient={pages.patient('j-m1')}", "bup")
    home = mother.get("/min-side").link("Jonas")
    for path in ("", "/plan", "/nytt", "/hvem-har", "/hvem-har-sett"):
        assert "KANARI" not in mother.get(f"{home}{path}").html
    seen = mother.get(home)
    for link in {href for href in seen.links.values() if "/mottaker/" in href}:
        assert "KANARI" not in mother.get(link).html


def test_the_young_persons_plan_is_theirs(pages: Pages) -> None:
    jonas = pages.person()
    jonas.log_in(JONAS)
    shown = plan(jonas, "Jonas")
    assert "Min plan: Jonas" in shown.text
    assert "Det jeg vil" in shown.text
    assert "eg orkar ikkje fem dagar men tre går" in shown.text
    assert "Noe som har vært bra" in shown.text
    assert "Gikk på skolen" in write(jonas, "Gikk på skolen i fire dager", "Jonas").text


@pytest.mark.parametrize("whom", [MOTHER, JONAS])
def test_another_childs_plan_is_not_there(pages: Pages, whom: str) -> None:
    one, other = pages.person(), pages.person()
    one.log_in(whom)
    theirs = other.log_in(FATHER if whom == JONAS else JONAS_MOTHER)
    place = f"{theirs.link('Emma' if whom == JONAS else 'Jonas')}/plan"
    assert one.http.get(place).status_code == 404


def test_no_plan_tells_where_a_protected_child_goes(pages: Pages, mother: Person) -> None:
    log = records("stafettlogg", "emma")[0]
    child = {**log["barn"], "adressebeskyttelse": "fortrolig"}
    answer = pages.hand_in("logg", [{**log, "endret": "2026-11-21T12:00:00Z", "barn": child}])
    assert answer.json()["results"][0]["status"] == "stored"
    shown = plan(mother)
    assert OWN in shown.text
    for place in ("Solvang", "362819482", "Fjordbyen helsestasjon", "Indre Fjord", "Rådhuset", "55 50 43 21"):
        assert place not in shown.html


def test_what_was_typed_is_kept_when_the_log_was_closed_meanwhile(pages: Pages, mother: Person) -> None:
    open_ = plan(mother)
    handed_in(pages, "emma-logg", status="avsluttet", avsluttet="2026-11-21")
    path = next(action for action, _ in open_.forms if action.endswith("/plan"))
    late = mother.post(path, open_.form("/plan") | {"tekst": ["Hun lo <b>høyt</b>"]})
    assert (late.status, "Loggen er avsluttet, og tar ikke imot mer." in late.text) == (409, True)
    assert "Hun lo &lt;b&gt;høyt&lt;/b&gt;" in late.html
    assert "Det kan ikke skrives mer i den." in plan(mother).text


def test_what_was_typed_is_kept_when_the_session_has_ended(pages: Pages, mother: Person) -> None:
    shown = plan(mother)
    path = next(action for action, _ in shown.forms if action.endswith("/plan"))
    form = shown.form("/plan") | {"tekst": ["Sovnet uten lys"]}
    mother.http.cookies.clear()
    lost = mother.post(path, form)
    assert (lost.status, ">Sovnet uten lys</textarea>" in lost.html) == (401, True)
    other = pages.person()
    other.log_in(FATHER)
    mother.log_in(MOTHER)
    kept = mother.post(path, lost.form(path) | {"tekst": ["Sovnet uten lys"]})
    assert (kept.status, ">Sovnet uten lys</textarea>" in kept.html) == (409, True)
    assert "Ingenting er lagret ennå." in kept.text
    assert "Sovnet uten lys" not in plan(mother).text
    again = kept.form("/plan") | {"tekst": ["Sovnet uten lys"]}
    assert "Sovnet uten lys" in mother.post(next(a for a, _ in kept.forms if a.endswith("/plan")), again).text
    stranger = pages.person()
    stranger.log_in(JONAS_MOTHER)
    foreign = stranger.post(path, lost.form(path) | {"tekst": ["Mine ord"]})
    assert (foreign.status, "Mine ord" in foreign.html, "Emma" in foreign.html) == (404, True, False)
