"""The clinicians' pages through the front door: which plans are shared with the psychologist of BUP, what is
new of them, and what becomes of what she says."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from pypdf import PdfReader

from gateway.exchange.selection import by_item
from gateway.hub import versions
from gateway.web.clinic import acknowledging_pages, referral_pages
from gateway.web.clinic import answer as answering
from mappings import reading, telling
from tests.api.world import fields
from tests.web.conftest import Pages
from tests.web.person import Page, Person
from tests.web.test_seats import PSYCHOLOGIST, by_hpr, told

PLANS = "/min-side/delte-planer"
JONAS_DOCTOR = "9144900"


@pytest.fixture
def berit(pages: Pages) -> Person:
    """BUP's psychologist, in Emma's log by her HPR number."""
    return by_hpr(pages, PSYCHOLOGIST)


def emma(berit: Person) -> Page:
    """Emma's plan, reached as a reader reaches it."""
    return berit.get(berit.get("/min-side").link("Emma Sofie Testesen"))


def address(page: Page) -> str:
    """Where the plan is."""
    return page.link("Last ned som FHIR").removesuffix("/delt-plan.json")


def again(pages: Pages) -> Person:
    """The same person, logged in anew."""
    return by_hpr(pages, PSYCHOLOGIST)


def hide(pages: Pages) -> None:
    """A note that no consent covers, with words that stand nowhere else."""
    told(pages, "e-n1", observasjon="KANARI", tolkning="KANARI", tekst="KANARI")


def test_she_comes_to_the_plans_that_are_shared_with_her(pages: Pages, berit: Person) -> None:
    page = berit.get("/min-side")
    assert "Delte planer" in page.text
    assert "Emma Sofie Testesen" in page.text
    assert "Ny for deg" in page.text
    assert "+47 55 50 43 21" in page.text
    assert "Jonas" not in page.text  # she takes no part there


def test_a_plan_that_nobody_consented_to_is_not_there(pages: Pages) -> None:
    doctor = by_hpr(
        pages, JONAS_DOCTOR
    )  # Jonas's log is shared with BUP by three consents, of which one lacks
    shown = doctor.get(PLANS)
    assert shown.status == 200
    assert "hasj" not in shown.html


def test_the_plan_shows_what_the_judge_permits_and_no_trace_of_the_rest(pages: Pages, berit: Person) -> None:
    hide(pages)
    page = emma(berit)
    assert page.status == 200
    for words in ("Kari Kontaktlærer", "Grete Koordinator", "+47 55 50 43 21", "Vennegruppe med fast voksen",
                  "Neste møte", "Emma ble bedt i bursdag!", "Sove hele natta i egen seng"):  # fmt: skip
        assert words in page.text, words
    where = address(page)
    for answer in (page.html, berit.get("/min-side").html, berit.get(f"{where}/svar").html,
                   berit.http.get(f"{where}/delt-plan.json").text):  # fmt: skip
        assert "KANARI" not in answer


def test_what_is_told_is_written_down_as_told(pages: Pages, berit: Person) -> None:
    emma(berit)
    own = pages.patient("e-n1")
    found = fields(pages.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    mine = [one for one in found if one["channel"] == "page"]
    refs = {item["ref"] for one in mine for item in one["items"]}
    assert pages.ref("e-m1") in refs
    assert pages.ref("e-n1") not in refs


def test_what_is_new_is_marked_until_the_next_visit(pages: Pages, berit: Person) -> None:
    assert "Første gang du åpner planen" in emma(berit).text
    told(pages, "e-m1", tekst="Et helt nytt ord.")
    told(pages, "e-l1", id="e-l9", tekst="Et nytt lysglimt.")
    sister = again(pages)
    assert "2 nye ting siden sist" in sister.get("/min-side").text
    page = emma(sister)
    news = page.text.partition("Nytt siden")[2].partition("Henvisning Vurdering")[0]
    assert re.search(r"Lysglimt Nytt Et nytt lysglimt\. .*Mål: Et helt nytt ord\. Endret", news)
    assert page.text.count("Et helt nytt ord.") == 1, "not among the other goals too"
    assert "Endret" in emma(sister).text, "as long as the visit lasts"
    assert "Ikke noe nytt" in sister.get("/min-side").text
    pages.later()
    third = emma(again(pages))
    assert "Ikke noe nytt av det du kan se" in third.text


def test_a_change_of_what_is_hidden_is_no_news(pages: Pages, berit: Person) -> None:
    emma(berit)
    hide(pages)
    sister = again(pages)
    assert "Ikke noe nytt" in sister.get("/min-side").text
    assert "Ikke noe nytt av det du kan se" in emma(sister).text


def test_what_was_shown_is_acknowledged_and_the_log_learns_it(pages: Pages, berit: Person) -> None:
    page = emma(berit)
    where, form = address(page), page.form("/kvitter")
    told(pages, "e-m2", tekst="Kom etter at siden ble vist.")
    after = berit.post(f"{where}/kvitter", form)
    assert "kvittert 21. november" in after.text
    assert "Kvitter for at dere har sett dette" in after.text, "the changed goal is still to be acknowledged"
    own = pages.patient("e-m1")
    rows = fields(pages.get(f"/people/{own}/receipts", "logg"))["deliveries"]
    mine = {one["item"]: one for one in rows if one["recipient"] == "~min-side/343231946"}
    assert mine[pages.ref("e-m1")]["state"] == "acknowledged"
    assert mine[pages.ref("e-m1")]["acknowledged"]["by"] == "Berit Psykolog"
    assert pages.ref("e-m2") not in mine
    assert pages.ref("e-n1") not in mine
    last = berit.post(f"{where}/kvitter", after.form("/kvitter"))
    assert "Kvitter for at dere har sett dette" not in last.text


def test_an_answer_is_hers_alone_until_she_sends_it_and_then_it_travels(pages: Pages, berit: Person) -> None:
    where = address(emma(berit))
    form = berit.get(f"{where}/svar")
    assert "Går til Grete Koordinator og Kari Kontaktlærer" in form.text
    filled = {**form.form("/svar"), "emne": ["Time"], "tekst": ["Vi har ledig time.\r\n<b>UTKAST</b>"]}
    review = berit.post(f"{where}/svar", filled)
    assert "&lt;b&gt;UTKAST&lt;/b&gt;" in review.html
    assert "Vi har ledig time" not in pages.get(f"/timeline/{pages.patient('e-m1')}", "logg").text
    assert "Du har et svar som ikke er sendt" in emma(again(pages)).text
    corrected = berit.get(f"{where}/svar")
    assert "Vi har ledig time." in corrected.html
    filled = {**corrected.form("/svar"), "emne": ["Time"], "tekst": ["Vi har ledig time onsdag."]}
    review = berit.post(f"{where}/svar", filled)
    sent = berit.post(f"{where}/svar/send", review.form("/send"))
    assert "Vi har ledig time onsdag." in sent.text
    told_logg = pages.get(f"/timeline/{pages.patient('e-m1')}", "logg").text
    assert told_logg.count("Vi har ledig time onsdag.") == 1
    assert "UTKAST" not in told_logg
    assert berit.post(f"{where}/svar/send", review.form("/send")).status == 409


def test_the_message_is_an_entry_of_the_log_by_her_to_the_coordinator(pages: Pages, berit: Person) -> None:
    page = emma(berit)
    where = address(page)
    asked = berit.get(next(href for said, href in page.links.items() if said.startswith("Svar på dette")))
    assert "SV: " in asked.html
    review = berit.post(
        f"{where}/svar", {**asked.form("/svar"), "emne": ["SV: Neste møte"], "tekst": ["Ja."]}
    )
    berit.post(f"{where}/svar/send", review.form("/send"))
    with pages.service.store.read("fjordbyen") as connection:
        found = versions.of_person(connection, "fjordbyen", pages.patient("e-m1"))
    made = [v for v in found.values() if telling.text_of(v.resource) == "Ja."]
    (one,) = made
    assert (one.created_by, reading.belongs_to(one.resource)) == ("logg", pages.ref("emma-logg"))
    assert one.resource["inResponseTo"][0]["reference"] in (pages.ref("e-me1"), pages.ref("e-me2"))
    assert {r["reference"] for r in one.resource["recipient"]} >= {pages.ref("e-d1"), pages.ref("e-d8")}
    own = by_item(found)[one.ref]
    (written,) = [v for ref, v in own.items() if ref.startswith("Provenance/")]
    assert written.writers == ("https://stafettbro.no/fhir/id/record/logg|e-d6",)
    for recipient in ("logg", "lege"):
        shown = fields(
            pages.get(f"/decisions?patient={one.person}&recipient={recipient}&item={one.ref}", "drift")
        )
        assert shown["items"][0]["outcome"] == "permit"


def test_a_message_without_words_is_shown_again_with_what_is_missing(pages: Pages, berit: Person) -> None:
    where = address(emma(berit))
    form = berit.get(f"{where}/svar").form("/svar")
    made_up = {**form, "emne": ["Tomt"], "tekst": ["Nei."], "til": ["blåbær"]}
    assert berit.post(f"{where}/svar", made_up).status == 404  # a message that is not there, in any letters
    again_ = berit.post(f"{where}/svar", {**form, "emne": ["Tomt"], "tekst": ["  "]})
    assert (again_.status, "Skriv en melding." in again_.text) == (422, True)
    assert 'value="Tomt"' in again_.html
    assert berit.get(f"{where}/svar/se-over").status == 409


def test_a_draft_can_be_thrown_away(pages: Pages, berit: Person) -> None:
    where = address(emma(berit))
    form = berit.get(f"{where}/svar").form("/svar")
    review = berit.post(f"{where}/svar", {**form, "emne": [""], "tekst": ["Nei."]})
    assert "Uten emne" in review.text
    assert "ikke er sendt" not in berit.post(f"{where}/svar/slett", review.form("/slett")).text


def test_what_was_written_in_another_tab_is_not_sent_by_this_one(pages: Pages, berit: Person) -> None:
    """There is one draft for each plan: a page sends what it showed, to those who stood there."""
    where = address(emma(berit))
    form = berit.get(f"{where}/svar").form("/svar")
    first = berit.post(f"{where}/svar", {**form, "emne": ["A"], "tekst": ["Første utgave."]})
    second = berit.post(f"{where}/svar", {**form, "emne": ["A"], "tekst": ["Andre utgave."]})
    assert berit.post(f"{where}/svar/send", first.form("/send")).status == 409
    assert berit.post(f"{where}/svar/slett", first.form("/slett")).status == 409, "it would be lost unseen"
    told(pages, "e-d1", til="2026-11-20")
    assert berit.post(f"{where}/svar/send", second.form("/send")).status == 409, "it goes to others by now"
    third = berit.get(f"{where}/svar/se-over")
    assert "Andre utgave." in berit.post(f"{where}/svar/send", third.form("/send")).text


def test_what_is_written_while_an_answer_is_being_sent_stays_to_be_sent(
    pages: Pages, berit: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = address(emma(berit))
    form = berit.get(f"{where}/svar").form("/svar")
    review = berit.post(f"{where}/svar", {**form, "emne": ["A"], "tekst": ["Første utgave."]})
    other, elsewhere = again(pages), answering.send
    there = address(emma(other))

    def meanwhile(*given: Any) -> str:
        pages.later()
        blank = other.get(f"{there}/svar").form("/svar")
        other.post(f"{there}/svar", {**blank, "emne": ["B"], "tekst": ["Andre utgave."]})
        return elsewhere(*given)

    with monkeypatch.context() as patched:
        patched.setattr(answering, "send", meanwhile)
        assert "Første utgave." in berit.post(f"{where}/svar/send", review.form("/send")).text
    left = berit.get(f"{where}/svar/se-over")
    assert "Andre utgave." in left.text
    assert "Andre utgave." in berit.post(f"{where}/svar/send", left.form("/send")).text


def test_how_far_the_referral_has_come_is_told_to_the_log(pages: Pages, berit: Person) -> None:
    page = emma(berit)
    form = berit.get(page.link("Si hvor langt henvisningen er kommet"))
    assert "Dere har ikke sagt noe" in form.text
    action = next(action for action, _ in form.forms if "/henvisning/" in action)
    said = form.forms[-1][1]
    faulty = berit.post(action, {**said, "tilstand": ["avslag"], "grunn": [""]})
    assert (faulty.status, "Skriv hvorfor" in faulty.text) == (422, True)
    after = berit.post(action, {**said, "tilstand": ["venteliste"], "grunn": ["Lang kø"]})
    assert "På venteliste 21. november 2026" in after.text
    entries = fields(pages.get(f"/timeline/{pages.patient('e-h1')}?kind=henvisning", "logg"))["entries"]
    assert [(s["state"], s["reason"]) for s in entries[0]["states"]] == [("venteliste", "Lang kø")]
    assert berit.post(action, {**said, "tilstand": ["oppstart"], "grunn": [""]}).status == 409, (
        "shown before that"
    )
    rows = fields(pages.get(f"/people/{pages.patient('e-h1')}/receipts", "drift"))["deliveries"]
    mine = [one for one in rows if one["recipient"] == "~min-side/343231946"]
    assert [(one["item"], one["state"]) for one in mine] == [(pages.ref("e-h1"), "acknowledged")]


@pytest.mark.parametrize("module", [acknowledging_pages, referral_pages])
def test_who_leaves_while_it_is_being_said_says_nothing_more(
    pages: Pages, berit: Person, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    """The page was hers; what she says is written in a transaction of its own, by which she has left."""
    page, looking = emma(berit), module.looking
    path, sent = f"{address(page)}/kvitter", page.form("/kvitter")
    if module is referral_pages:
        form = berit.get(page.link("Si hvor langt henvisningen er kommet"))
        path, sent = next((action, own) for action, own in form.forms if "/henvisning/" in action)
        sent["tilstand"] = ["venteliste"]

    def then_she_leaves(*given: Any, **how: Any) -> Any:
        found = looking(*given, **how)
        told(pages, "e-d6", til="2026-11-20")
        return found

    monkeypatch.setattr(module, "looking", then_she_leaves)
    assert berit.post(path, sent).status == 409
    rows = fields(pages.get(f"/people/{pages.patient('e-m1')}/receipts", "logg"))["deliveries"]
    assert not [one for one in rows if one["recipient"].startswith("~min-side/")]


def test_nobody_else_says_how_far_it_has_come(pages: Pages) -> None:
    """A hospital that takes part too sees the referral to BUP, and has no way to answer for BUP."""
    told(pages, "e-d5", tjeneste="sykehus", enhet={"orgnr": "381909379", "navn": "Sykehuset"})
    told(pages, "e-s1", mottakere=["bup", "sykehus", "koordinerendeEnhet", "skole", "ppt", "fastlege"])
    hospital = by_hpr(pages, "9144889")
    page = emma(hospital)
    assert "Vurdering av angst" in page.text
    assert "Si hvor langt henvisningen er kommet" not in page.text


def test_a_wrong_patient_closes_everything_for_the_clinic_until_it_is_resolved(
    pages: Pages, berit: Person
) -> None:
    own = pages.patient("e-m1")
    assert pages.get(f"/fhir/Goal?patient={own}", "bup").json()["total"] > 0
    page = emma(berit)
    where = address(page)
    ask = berit.get(f"{where}/feil-pasient")
    closed = berit.post(f"{where}/feil-pasient", ask.form("/feil-pasient"))
    assert "Lukket: meldt som feil pasient" in closed.text
    shown = again(pages).get(PLANS)
    assert "Lukket: meldt som feil pasient" in shown.text
    for answer in (closed, shown, *(berit.get(f"{where}{rest}") for rest in ("", "/svar", "/feil-pasient"))):
        assert "Emma" not in answer.html
        assert "Kari" not in answer.html
    assert berit.http.get(f"{where}/delt-plan.json").status_code == 404
    assert berit.http.get(f"{where}/delt-plan.pdf").status_code == 404
    assert pages.get(f"/fhir/Goal?patient={own}", "bup").json()["total"] == 0
    assert pages.get(f"/fhir/{pages.ref('e-m1')}", "bup").status_code == 404
    notices = fields(pages.get("/notices", "logg"))["notices"]
    assert [one["kind"] for one in notices].count("wrong-person") == 1
    assert pages.outcome("e-m1", "lege") == "permit", "for others nothing is closed"
    (act,) = fields(pages.get(f"/people/{own}/acts", "drift"))["acts"]
    assert (act["kind"], act["by"], act["recipients"]) == ("wrong-person", "Berit Psykolog", ["343231946"])
    assert pages.post(f"/people/{own}/acts/{act['id']}/end", "drift").status_code == 200
    assert "Emma Sofie Testesen" in again(pages).get(PLANS).text
    notices = fields(pages.get("/notices", "logg"))["notices"]
    assert "wrong-person" not in [one["kind"] for one in notices]


def test_the_bundle_is_what_bup_reads_under_fhir(pages: Pages, berit: Person) -> None:
    answer = berit.http.get(f"{address(emma(berit))}/delt-plan.json")
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.headers["content-disposition"] == 'attachment; filename="delt-plan.json"'
    made = answer.json()
    assert (made["resourceType"], made["type"]) == ("Bundle", "collection")
    found = {f"{e['resource']['resourceType']}/{e['resource']['id']}": e for e in made["entry"]}
    assert {ref.partition("/")[0] for ref in found} >= {
        "Patient", "CarePlan", "CareTeam", "Goal", "ServiceRequest", "Communication", "Appointment",
        "DocumentReference", "PractitionerRole", "RelatedPerson",
    }  # fmt: skip
    assert pages.ref("e-n1") not in found
    for ref, entry in found.items():
        read = pages.get(f"/fhir/{ref}", "bup")
        assert (ref, read.status_code) == (ref, 200)
        assert read.json() == entry["resource"]
        assert entry["fullUrl"].endswith(f"/fhir/{ref}")
    assert "14831770229" not in answer.text


def test_the_pdf_is_tagged_in_her_language_and_its_name_tells_nothing(pages: Pages, berit: Person) -> None:
    hide(pages)
    answer = berit.http.get(f"{address(emma(berit))}/delt-plan.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="delt-plan.pdf"'
    assert answer.content.startswith(b"%PDF")
    reader = PdfReader(io.BytesIO(answer.content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "nb"
    said = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "Emma ble bedt i bursdag!" in said
    assert "Grete Koordinator" in said
    assert "KANARI" not in said


def test_who_is_no_clinician_finds_nothing_here(pages: Pages, mother: Person) -> None:
    assert mother.get(PLANS).status == 404
    teacher = pages.person()
    assert teacher.get(PLANS).status == 200  # the login


def test_a_closed_log_offers_nothing_to_write_and_keeps_what_was_typed(pages: Pages, berit: Person) -> None:
    page = emma(berit)
    where = address(page)
    assert any(said.startswith("Svar på dette") for said in page.links)
    form = berit.get(f"{where}/svar").form("/svar")
    filled = {**form, "emne": ["Time"], "tekst": ["Onsdag klokka ni"]}
    review = berit.post(f"{where}/svar", filled)
    told(pages, "emma-logg", status="avsluttet", avsluttet="2026-11-21")
    closed = emma(berit)
    assert "Det kan ikke skrives mer i den." in closed.text
    assert not any(said.startswith(("Svar på dette", "Skriv til")) for said in closed.links)
    for path, fields_ in ((f"{where}/svar", filled), (f"{where}/svar/send", review.form("/send"))):
        late = berit.post(path, fields_)
        assert (late.status, "Loggen er avsluttet, og tar ikke imot mer." in late.text) == (409, True)
        assert "Onsdag klokka ni" in late.html
    assert "Onsdag klokka ni" not in pages.get(f"/timeline/{pages.patient('e-m1')}", "logg").text


def written_at(page: Page) -> str:
    """Where a page's form for an answer goes."""
    return next(action for action, _ in page.forms if action.endswith("/svar"))


def test_an_answer_that_was_typed_is_kept_when_the_session_has_ended(pages: Pages, berit: Person) -> None:
    asked = berit.get(next(a for said, a in emma(berit).links.items() if said.startswith("Svar på dette")))
    typed = {"emne": ["SV: Time <b>"], "tekst": ["Onsdag\r\nklokka ni"]}
    berit.http.cookies.clear()
    lost = berit.post(written_at(asked), asked.form("/svar") | typed)
    assert (lost.status, "Emma" in lost.html) == (401, False), "nobody is logged in"
    assert "Onsdag\nklokka ni</textarea>" in lost.html
    sister = again(pages)
    kept = sister.post(written_at(lost), lost.form("/svar") | typed)
    assert (kept.status, "Ingenting er lagret ennå." in kept.text) == (409, True)
    assert "Onsdag\nklokka ni</textarea>" in kept.html
    assert 'value="SV: Time &lt;b&gt;"' in kept.html
    assert "Du svarer på" in kept.text, "it still answers the same"
    assert "Du har et svar som ikke er sendt" not in emma(sister).text, "nothing is written by that"
    review = sister.post(written_at(kept), kept.form("/svar") | typed)
    assert "klokka ni" in sister.post(written_at(kept) + "/send", review.form("/send")).text
    with pages.service.store.read("fjordbyen") as connection:
        found = versions.of_person(connection, "fjordbyen", pages.patient("e-m1"))
    (one,) = [v for v in found.values() if telling.text_of(v.resource) == "Onsdag\nklokka ni"]
    assert one.resource["inResponseTo"][0]["reference"] in (pages.ref("e-me1"), pages.ref("e-me2"))


def test_what_was_typed_comes_back_to_its_writer_alone(pages: Pages, berit: Person) -> None:
    """Somebody else who logs in at the same browser gets the words that it holds, and no plan with them."""
    asked = berit.get(f"{address(emma(berit))}/svar")
    form = asked.form("/svar") | {"emne": [""], "tekst": ["Onsdag klokka ni"]}
    told(pages, "e-d6", id="e-d9", hpr="9144944", navn={"fornavn": "Bo", "etternavn": "Lege"})
    for number in ("9144944", JONAS_DOCTOR):
        other = by_hpr(pages, number)
        other.get(PLANS)
        answer = other.post(written_at(asked), form)
        assert answer.status == 404, number
        assert "Emma" not in answer.html
    told(pages, "e-s1", trukket={"tidspunkt": pages.now.isoformat(), "av": "e-d2"})
    gone = again(pages).post(written_at(asked), form)
    assert (gone.status, "Emma" in gone.html, "Onsdag klokka ni" in gone.html) == (404, False, True)


def test_an_answer_from_another_site_is_neither_kept_nor_shown(pages: Pages, berit: Person) -> None:
    asked = berit.get(f"{address(emma(berit))}/svar")
    form = asked.form("/svar") | {"emne": [""], "tekst": ["Onsdag klokka ni"]}
    answer = berit.post(written_at(asked), form, origin="https://evil.example")
    assert (answer.status, "Onsdag" in answer.html) == (403, False)
