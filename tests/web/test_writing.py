"""What staff write on a page is an entry like any: it stands in the log once, with who wrote it, goes to whom
the judge permits, the log's own system included, and nothing that was typed is lost."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.hub import versions
from gateway.web.coordinator.writing_form import LONGEST
from mappings import reading
from tests.access.issuer_server import Issuer
from tests.api.world import fields, settings
from tests.web.conftest import Pages, Provider, with_logins
from tests.web.person import ORIGIN, Page, Person
from tests.web.test_seats import told, with_user

NOTE = {"observasjon": ["Satt alene ved vinduet."], "tolkning": ["Kan være sliten."]}


def kari(pages: Pages) -> Person:
    """Emma's stafettholder, logged in."""
    with_user(pages, "e-d1", "kari")
    return logged_in(pages, "kari")


def logged_in(pages: Pages, subject: str) -> Person:
    """An employee."""
    one = pages.person()
    one.log_in(subject, "helseid")
    return one


def home(pages: Pages, person: Person) -> str:
    """Where the pages of Emma's log are for this reader."""
    from gateway.web.door import handle

    desk = pages.app.state.web  # type: ignore[attr-defined]
    session = desk.sessions.find(person.http.cookies["__Host-stafettbro"], pages.now)
    return f"/min-side/mine-barn/{handle(session, pages.ref('emma-logg'))}"


def write(pages: Pages, person: Person, kind: str, **fields: list[str]) -> Page:
    """A form filled in and sent."""
    path = f"{home(pages, person)}/skriv/{kind}"
    return person.post(path, person.get(path).form(kind) | fields)


def entries(pages: Pages, kind: str) -> list[Any]:
    """What the hub has of these of Emma's, oldest first."""
    own = pages.patient("e-n1")
    with pages.service.store.read("fjordbyen") as connection:
        found = versions.of_person(connection, "fjordbyen", own).values()
    of_kind = (v for v in found if reading.kind_of(v.resource) == kind)
    return sorted(of_kind, key=lambda v: v.change_no)


def test_a_note_stands_in_the_log_with_who_wrote_it(pages: Pages) -> None:
    teacher = kari(pages)
    shown = write(pages, teacher, "notat", **NOTE)
    assert "Notatet er lagret" in shown.text
    assert "Satt alene ved vinduet." in shown.text
    made = entries(pages, "notat")[-1]
    assert made.created_by == "logg"
    with pages.service.store.read("fjordbyen") as connection:
        parts = versions.of_items(connection, "fjordbyen", [made.ref])
    wrote = parts[f"Provenance/{made.ref.partition('/')[2]}-provenance"]
    assert [name.rpartition("|")[2] for name in wrote.writers] == ["e-d1"]


@pytest.fixture
def fetching(filled: Path, tmp_path: Path, issuer: Issuer, provider: Provider) -> Iterator[Pages]:
    """A gateway where the log's own system comes for what others wrote."""
    folder = tmp_path / "gateway"
    shutil.copytree(filled, folder)
    plain = settings(f"sqlite:///{folder / 'stafettbro.db'}", folder / "state", issuer)
    logg = (one.model_copy(update={"deliver": "pull"}) if one.id == "logg" else one for one in plain.systems)
    changed = with_logins(plain.model_copy(update={"systems": tuple(logg)}), folder, provider, ORIGIN)
    made = Pages(changed, issuer, provider)
    yield made
    made.close()


def test_it_goes_to_the_log_s_own_system_and_comes_back_as_nothing_new(fetching: Pages) -> None:
    teacher = kari(fetching)
    shown = write(fetching, teacher, "lysglimt", tekst=["Lo høyt i friminuttet."])
    assert "(der loggen føres) Hentes av systemet der." in shown.text
    page = fields(fetching.get("/systems/logg/records?limit=100", "logg"))
    (record,) = (
        one["record"] for one in page["records"] if one["record"].get("tekst") == "Lo høyt i friminuttet."
    )
    assert (record["type"], record["logg"], record["endretAv"]) == ("lysglimt", "emma-logg", "e-d1")
    assert fields(fetching.get(f"/systems/logg/records?after={page['cursor']}", "logg"))["records"] == []
    again = teacher.get(shown.link("Se etter på nytt"))
    assert "(der loggen føres) Mottatt" in again.text
    assert fields(fetching.hand_in("logg", [record]))["results"][0]["status"] == "unchanged"
    assert len(entries(fetching, "lysglimt")) == 3


def test_a_note_that_not_everybody_there_may_read_does_not_go_to_the_log_s_own_system(
    fetching: Pages,
) -> None:
    teacher = kari(fetching)
    shown = write(fetching, teacher, "notat", **NOTE)
    assert "(der loggen føres) Får det ikke." in shown.text
    assert "alene ved vinduet" not in fetching.get("/systems/logg/records?limit=100", "logg").text


def test_a_double_click_writes_once(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/lysglimt"
    form = teacher.get(path).form("lysglimt") | {"tekst": ["Lo høyt i friminuttet."]}
    before = len(entries(pages, "lysglimt"))
    first, second = teacher.send(path, form), teacher.send(path, form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert len(entries(pages, "lysglimt")) == before + 1


def test_the_same_form_with_other_words_is_asked_about_and_loses_nothing(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/lysglimt"
    form = teacher.get(path).form("lysglimt") | {"tekst": ["Lo høyt."]}
    teacher.send(path, form)
    again = teacher.post(path, form | {"tekst": ["Lo enda høyere."]})
    assert again.status == 409
    assert "sendt før med et annet innhold" in again.text
    assert "Lo enda høyere." in again.text
    assert teacher.post(path, again.form("lysglimt") | {"tekst": ["Lo enda høyere."]}).status == 200
    assert len(entries(pages, "lysglimt")) == 4  # two of the log's own


def test_a_message_goes_to_whom_it_is_for(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/melding"
    form = teacher.get(path)
    berit = next(form.inputs[form.labels[words]] for words in form.labels if words.startswith("Berit"))
    shown = teacher.post(
        path, form.form("melding") | {berit[0]: [berit[1]], "emne": ["Møte"], "tekst": ["Passer tirsdag?"]}
    )
    assert "Meldingen er lagret" in shown.text
    assert "Til Berit Psykolog" in shown.text
    assert entries(pages, "melding")[-1].resource["recipient"] == [{"reference": pages.ref("e-d6")}]


def test_an_answer_stands_in_the_conversation_it_answers(pages: Pages) -> None:
    teacher = kari(pages)
    path = teacher.get(f"{home(pages, teacher)}/meldinger").link("Svar")
    form = teacher.get(path)
    assert form.form("melding")["emne"] == ["SV: Neste møte"]
    sent = form.form("melding") | {"tekst": ["Da ses vi."]}
    assert "Til Berit Psykolog" in teacher.post(f"{home(pages, teacher)}/skriv/melding", sent).text
    made = entries(pages, "melding")[-1].resource
    assert made["inResponseTo"] == [{"reference": pages.ref("e-me2")}]
    assert made["identifier"][0]["value"] == "e-tr1"


def test_faults_are_listed_first_and_name_the_field_and_keep_what_was_typed(pages: Pages) -> None:
    teacher = kari(pages)
    shown = write(pages, teacher, "melding", emne=["Møte"], tekst=[""])
    assert shown.status == 422
    assert shown.text.startswith("Feil:")
    assert shown.links["Skriv meldingen."] == "#tekst"
    assert shown.links["Velg minst én mottaker."] == "#mottaker"
    assert shown.form("melding")["emne"] == ["Møte"]
    shown = write(pages, teacher, "notat", observasjon=["x" * (LONGEST + 1)])
    assert shown.links["Teksten er for lang. Kort den ned, eller del den i to."] == "#observasjon"
    shown = write(pages, teacher, "lysglimt", tekst=["Senere"], dag=["2026-12-24"])
    assert shown.links["Tidspunktet kan ikke være i framtiden."] == "#dag"


def test_a_closed_log_takes_nothing_and_loses_nothing(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/notat"
    form = teacher.get(path).form("notat") | NOTE
    told(pages, "emma-logg", status="avsluttet", avsluttet="2026-11-21")
    before = len(entries(pages, "notat"))
    shown = teacher.post(path, form)
    assert shown.status == 409
    assert "Loggen er avsluttet" in shown.text
    assert "Satt alene ved vinduet." in shown.text
    assert len(entries(pages, "notat")) == before
    assert "Det kan ikke skrives mer i den" in teacher.get(f"{home(pages, teacher)}/skriv").text
    assert teacher.get(path).status == 404


def test_nothing_is_lost_when_the_session_has_ended(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/notat"
    form = teacher.get(path).form("notat") | NOTE
    teacher.http.cookies.clear()
    shown = teacher.post(path, form)
    assert shown.status == 401
    assert "Satt alene ved vinduet." in shown.text
    before = len(entries(pages, "notat"))
    teacher.log_in("kari", "helseid")
    form = shown.form("notat") | NOTE
    again = teacher.post(path, form)
    assert again.status == 409
    assert "Ingenting er lagret ennå" in again.text
    assert "Kan være sliten." in again.text
    assert len(entries(pages, "notat")) == before
    there = next(action for action, _ in again.forms if action.endswith("notat"))
    assert "Notatet er lagret" in teacher.post(there, again.form("notat") | NOTE).text
    assert len(entries(pages, "notat")) == before + 1


def test_a_form_from_elsewhere_is_neither_written_nor_shown(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/notat"
    form = teacher.get(path).form("notat") | NOTE
    answer = teacher.post(path, form, origin="https://evil.example")
    assert answer.status == 403
    assert "Satt alene" not in answer.text


def test_the_receipt_says_who_gets_it_and_who_does_not_and_why(pages: Pages) -> None:
    teacher = kari(pages)
    note, glimpse = write(pages, teacher, "notat", **NOTE), write(pages, teacher, "lysglimt", tekst=["Lo."])
    assert "BUP Fjordane, Indre Fjord Får det ikke." in note.text
    assert "BUP Fjordane, Indre Fjord Kan lese det her." in glimpse.text


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "\u202eabc", "👩‍👧 hei", "x" * 3000])
def test_what_was_written_is_shown_as_text(pages: Pages, words: str) -> None:
    shown = write(pages, kari(pages), "lysglimt", tekst=[words])
    assert words in shown.text
    assert "<script>alert" not in shown.html


def test_the_relay_goes_on_and_both_are_told_so(pages: Pages) -> None:
    teacher = kari(pages)
    with_user(pages, "e-d8", "grete")
    path = f"{home(pages, teacher)}/overfor"
    form = teacher.get(path)
    grete = next(form.inputs[form.labels[words]] for words in form.labels if words.startswith("Grete"))
    sent = form.form("overfor") | {grete[0]: [grete[1]], "grunn": ["Skolebytte"]}
    shown = teacher.post(path, sent)
    assert "Stafettpinnen er overført" in shown.text
    assert "Skolebytte" in shown.text
    assert teacher.send(path, sent).status_code == 303  # a second click
    assert len(entries(pages, "overfoering")) == 1
    assert teacher.get(path).status == 404
    assert (
        "Du er stafettholder nå."
        in (other := logged_in(pages, "grete")).get(f"{home(pages, other)}/overfor").text
    )
    assert holders(pages) == [pages.ref("e-d8")]


def test_of_several_who_hold_the_relay_nobody_keeps_it(pages: Pages) -> None:
    """Whoever hands it over does not hold it any more, though somebody else stood as holder beside them."""
    teacher = kari(pages)
    told(pages, "e-d4", rolle="stafettholder")
    path = f"{home(pages, teacher)}/overfor"
    form = teacher.get(path)
    grete = next(form.inputs[form.labels[words]] for words in form.labels if words.startswith("Grete"))
    teacher.post(path, form.form("overfor") | {grete[0]: [grete[1]], "grunn": ["Skolebytte"]})
    assert holders(pages) == [pages.ref("e-d8")]


def holders(pages: Pages) -> list[str]:
    """Who holds the relay of Emma's log."""
    own = pages.patient("e-n1")
    with pages.service.store.read("fjordbyen") as connection:
        found = versions.of_types(connection, "fjordbyen", own, ["PractitionerRole"])
    said = ((ref, reading.participant_of(version.resource)) for ref, version in found.items())
    return [ref for ref, one in said if one is not None and one.role == "stafettholder"]


def test_child_welfare_takes_over_only_by_a_decision(pages: Pages) -> None:
    teacher = kari(pages)
    told(pages, "e-d4", tjeneste="barnevern")
    path = f"{home(pages, teacher)}/overfor"
    form = teacher.get(path)
    per = next(form.inputs[form.labels[words]] for words in form.labels if words.startswith("Per"))
    sent = form.form("overfor") | {per[0]: [per[1]], "grunn": ["Vedtak om hjelpetiltak"]}
    refused = teacher.post(path, sent)
    assert refused.status == 422
    assert any(href == "#vedtak" for href in refused.links.values())
    assert "Stafettpinnen er overført" in teacher.post(path, sent | {"vedtak": ["2026/44"]}).text


def test_whoever_does_not_hold_it_hands_nothing_over(pages: Pages) -> None:
    with_user(pages, "e-d4", "per")
    per = logged_in(pages, "per")
    assert per.get(f"{home(pages, per)}/overfor").status == 404
    assert "Overfør stafettpinnen" not in per.get(f"{home(pages, per)}/skriv").text
    assert "Notatet er lagret" in write(pages, per, "notat", **NOTE).text


def test_a_closed_log_offers_nowhere_to_write(pages: Pages) -> None:
    teacher = kari(pages)
    here = home(pages, teacher)
    path = f"{here}/skriv/lysglimt"
    receipt = teacher.post(path, teacher.get(path).form("lysglimt") | {"tekst": ["Lo høyt"]})
    assert "Skriv mer" in receipt.text
    again = receipt.link("Se etter på nytt")
    told(pages, "emma-logg", status="avsluttet", avsluttet="2026-11-21")
    for part in ("", "/maal", "/deltakere", "/meldinger", "/deles-ikke", "/skriv"):
        page = teacher.get(here + part)
        assert "Det kan ikke skrives mer i den." in page.text, part
        assert [to for to in page.links.values() if "/skriv" in to.partition(here)[2]] == [], part
    assert "Skriv mer" not in teacher.get(again).text


def rows(page: Page) -> list[tuple[str, bool]]:
    """Each recipient of a table, and whether it gets it."""
    found = re.findall(r'<th scope="row"[^>]*>(.*?)</th>\s*<td[^>]*>(.*?)</td>', page.html, re.S)
    return [
        (re.sub(r"<.*?>", "", name).strip(), not re.match(r"Nei|Får det ikke", said)) for name, said in found
    ]


def test_who_would_get_it_is_shown_before_anything_is_saved(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/notat"
    form = teacher.get(path).form("notat") | NOTE
    before = len(entries(pages, "notat"))
    shown = teacher.post(path, form | {"steg": ["hvem"]})
    assert shown.status == 200
    assert "Ingenting er lagret ennå" in shown.text
    assert "Satt alene ved vinduet." in shown.html
    assert shown.form("notat")["noekkel"] == form["noekkel"]
    assert len(entries(pages, "notat")) == before
    foreseen = rows(shown)
    assert foreseen
    assert "Nei. " in shown.text, "no consent covers notes, and why is said beside it"
    assert "samtyk" in shown.html.partition("Nei.")[2].partition("</td>")[0].lower()
    saved = teacher.post(path, form)
    assert rows(saved) == foreseen, "what was foreseen is what the receipt says"
    assert len(entries(pages, "notat")) == before + 1


def test_who_would_get_it_follows_the_consents_at_once(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/lysglimt"
    form = teacher.get(path).form("lysglimt") | {"tekst": ["Lo høyt"], "steg": ["hvem"]}
    before = dict(rows(teacher.post(path, form)))
    told(pages, "e-s1", trukket={"tidspunkt": pages.now.isoformat(), "av": "e-d2"})
    after = dict(rows(teacher.post(path, form)))
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] and not after[name]] != []


def test_what_is_wrong_is_said_first_and_a_closed_log_has_nothing_to_foresee(pages: Pages) -> None:
    teacher = kari(pages)
    path = f"{home(pages, teacher)}/skriv/notat"
    form = teacher.get(path).form("notat") | {"steg": ["hvem"]}
    assert teacher.post(path, form).status == 422
    told(pages, "emma-logg", status="avsluttet", avsluttet="2026-11-21")
    closed = teacher.post(path, form | NOTE)
    assert (closed.status, "Loggen er avsluttet" in closed.text) == (409, True)
    assert "Satt alene ved vinduet." in closed.html
