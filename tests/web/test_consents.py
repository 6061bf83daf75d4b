"""A consent given, completed and taken back on the pages decides what leaves."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt
from gateway.hub import versions
from gateway.intake.consents import consent_of
from gateway.web import closing
from gateway.web.door import handle
from gateway.web.insight import Insight, looking
from mappings.canonical import extension
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.world import fields, settings
from tests.web.conftest import FATHER, JONAS, JONAS_MOTHER, MOTHER, Pages, Provider, with_logins
from tests.web.person import ORIGIN, Page, Person

BUP = "BUP Fjordane"


def child(person: Person, name: str = "Emma") -> Page:
    """The page of a child."""
    return person.get(person.get("/min-side").link(name))


def fill(page: Page, *, ends: str = "nytt", **answers: str | list[str]) -> dict[str, list[str]]:
    """A form as it stands, with answers: "mottaker" names of recipients with ja or nei, and other fields."""
    fields = dict(page.form(ends))
    for name, value in answers.items():
        fields[name] = value if isinstance(value, list) else [value]
    return fields


def yes(person: Person, categories: list[str], name: str = "Emma") -> Page:
    """A consent for BUP, up to what it would mean."""
    links = child(person, name).links
    form = person.get(links.get("Gi samtykke") or links["Si ja til noen"])  # the young person's own words
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=categories) | {f"mottaker-{form.handle_of(BUP)}": ["ja"]}
    return person.post(path, answered)


def sign(person: Person, page: Page) -> Page:
    """The signature under what is shown."""
    path = next(action for action, _ in page.forms if action.endswith("se-over"))
    return person.post(path, page.form("se-over"))


def made(pages: Pages) -> int:
    """How many consents BUP's system may read, beside the one of the log."""
    own = pages.patient("e-n1")
    total: int = fields(pages.get(f"/fhir/Consent?patient={own}", "bup"))["total"]
    return total - 1


def test_both_guardians_sign_and_one_takes_it_back(pages: Pages) -> None:
    mother, father = pages.person(), pages.person()
    assert "Emma Sofie Testesen" in mother.log_in(MOTHER).text
    father.log_in(FATHER)
    assert pages.outcome("e-n1") == "deny"

    shown = yes(mother, ["notat"])
    assert "Dette kan de få når alle har skrevet under" in shown.text
    assert "Det gjelder først når Øyvind Åge Nygård også har skrevet under" in shown.text
    signed = sign(mother, shown)
    assert "Gjelder ikke ennå" in signed.text
    assert pages.outcome("e-n1") == "deny"

    pages.later()
    seen = child(father)
    assert "Det mangler underskrift fra deg" in seen.text
    same = father.get(seen.link("Skriv under på det samme"))
    assert same.form("nytt")["kategori"] == ["notat"]
    signed = sign(
        father, father.post(next(a for a, _ in same.forms if a.endswith("nytt")), same.form("nytt"))
    )
    assert "Gjelder nå" in signed.text
    assert pages.outcome("e-n1") == "permit"
    assert made(pages) == 2  # BUP is named in both, and is told of them

    pages.later()
    ask = mother.get(child(mother).link("Trekk samtykket (deg"))
    assert "Vi kan ikke hente det tilbake" in ask.text
    done = mother.post(next(a for a, _ in ask.forms if a.endswith("trekk")), ask.form("trekk"))
    assert (done.status, "Det er lukket" in done.text) == (200, True)
    assert pages.outcome("e-n1") == "deny"


def test_the_young_person_and_the_guardians_see_whose_signature_is_missing(pages: Pages) -> None:
    jonas, mother = pages.person(), pages.person()
    jonas.log_in(JONAS)
    mother.log_in(JONAS_MOTHER)
    sign(jonas, yes(jonas, ["moete"], "Jonas"))
    for person in (jonas, mother):
        text = child(person, "Jonas").text
        assert "Tor Prøve" in text
    assert "Det mangler underskrift fra deg og Tor Prøve" in child(mother, "Jonas").text


def test_what_is_kept_from_guardians_leaves_no_trace_on_their_pages(pages: Pages) -> None:
    jonas, mother = pages.person(), pages.person()
    jonas.log_in(JONAS)
    mother.log_in(JONAS_MOTHER)
    form = jonas.get(child(jonas, "Jonas").link("Si ja til noen"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=["notat"], skjult="ja", formaal="min hemmelige grunn")
    answered |= {f"mottaker-{form.handle_of(BUP)}": ["ja"]}
    shown = jonas.post(path, answered)
    assert "Foreldrene dine får ikke se" in shown.text
    sign(jonas, shown)
    own, theirs = child(jonas, "Jonas"), child(mother, "Jonas")
    assert "min hemmelige grunn" in own.text
    assert "hemmelige" not in theirs.html
    assert theirs.text.count("Ja fra") == own.text.count("Ja fra") - 1
    assert "hasj" in jonas.get(own.link("Si ja til noen")).text
    assert "hasj" not in mother.get(theirs.link("Gi samtykke")).html


def test_even_ones_own_is_not_shown_where_it_is_kept_from_ones_role(pages: Pages, mother: Person) -> None:
    known = next(r for r in records("stafettlogg", "emma") if r["id"] == "e-s1")
    secret = {**known, "id": "e-s2", "giver": ["e-d2"], "formaal": "skjult grunn", "sperre": ["NORN_FORANS"]}
    assert pages.hand_in("logg", [secret]).json()["results"][0]["status"] == "stored"
    assert "skjult grunn" not in child(mother).html


def test_an_exception_stands_against_what_was_said_before(pages: Pages, mother: Person) -> None:
    assert pages.outcome("e-m1") == "permit"
    form = mother.get(child(mother).link("Gi samtykke"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    shown = mother.post(path, fill(form) | {f"mottaker-{form.handle_of(BUP)}": ["nei"]})
    assert "Dette får de ikke lenger" in shown.text
    assert pages.outcome("e-m1") == "permit"
    assert "Det er lukket" in sign(mother, shown).text
    assert pages.outcome("e-m1") == "deny"


def test_a_single_record_can_be_kept_back(pages: Pages, mother: Person) -> None:
    form = mother.get(child(mother).link("Gi samtykke"))
    kept = next(own for words, own in form.labels.items() if words.startswith("Lysglimt: "))
    name, value = form.inputs[kept]
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    before = [pages.outcome(one) for one in ("e-l1", "e-l2")]
    shown = mother.post(path, fill(form) | {name: [value]})
    assert shown.status == 200, shown.text
    sign(mother, shown)
    after = [pages.outcome(one) for one in ("e-l1", "e-l2")]
    assert (before, sorted(after)) == (["permit", "permit"], ["deny", "permit"])


def test_a_refusal_closes_and_can_be_taken_back(pages: Pages, mother: Person) -> None:
    form = mother.get(child(mother).link("Si nei"))
    path = next(action for action, _ in form.forms if action.endswith("nei"))
    chosen = next(own for words, own in form.labels.items() if words.startswith(BUP))
    shown = mother.post(path, fill(form, ends="nei") | {form.inputs[chosen][0]: ["ja"]})
    assert "Dette får de ikke lenger" in shown.text
    assert "Nei: dette deles ikke" in sign(mother, shown).text
    assert pages.outcome("e-m1") == "deny"
    service = pages.service
    notes = service.journal.newest(service.store.keys)
    of_emma = [n for n in notes if n.person == pages.patient("e-m1")]
    assert [n.resource["provision"]["type"] for n in of_emma] == ["deny"]  # no older backup shares anew
    pages.later()
    ask = mother.get(child(mother).link("Trekk neiet"))
    path = next(a for a, _ in ask.forms if a.endswith("trekk"))
    mother.post(path, ask.form("trekk"))
    assert pages.outcome("e-m1") == "permit"
    assert mother.send(path, ask.form("trekk")).status_code == 303  # saying it twice does no harm
    assert mother.http.get(path).status_code == 404


def test_what_is_signed_is_what_was_shown(pages: Pages, mother: Person) -> None:
    shown = yes(mother, ["notat"])
    changed = {
        **records("stafettlogg", "emma")[0],
        "endret": "2026-11-21T12:00:00Z",
        "alvorlighet": "alvorlig",
    }
    assert pages.hand_in("logg", [changed]).status_code == 200
    refused = mother.send(next(a for a, _ in shown.forms if a.endswith("se-over")), shown.form("se-over"))
    assert refused.status_code == 409
    assert "Ja fra deg" not in child(mother).text.replace("Ja fra deg og Øyvind", "")
    again = mother.get(next(a for a, _ in shown.forms if a.endswith("se-over")))
    assert "Gjelder ikke ennå" in sign(mother, again).text


def test_what_another_tab_has_written_since_is_not_signed_by_this_one(pages: Pages, mother: Person) -> None:
    """The draft is of the session: each page signs what it showed, and nothing that was shown elsewhere."""
    little, much = yes(mother, ["lysglimt"]), yes(mother, ["notat", "bekymring"])
    answer = sign(mother, little)
    assert (answer.status, "Se over på nytt" in answer.text) == (409, True)
    assert made(pages) == 0
    sign(mother, much)
    assert made(pages) == 1


def test_signing_twice_signs_once(pages: Pages, mother: Person) -> None:
    shown = yes(mother, ["notat"])
    path = next(a for a, _ in shown.forms if a.endswith("se-over"))
    assert mother.send(path, shown.form("se-over")).status_code == 303
    again = mother.post(path, shown.form("se-over"))
    assert (again.status, "Enten er det alt gjort" in again.text) == (409, True)


def test_what_is_wrong_is_said_field_by_field(pages: Pages, mother: Person) -> None:
    form = mother.get(child(mother).link("Gi samtykke"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answer = mother.post(path, fill(form, fra="2020-01-01", til="i morgen"))
    assert answer.status == 422
    for name in ("mottakere", "fra", "til"):
        assert f'href="#{name}"' in answer.html
        assert f'id="feil-{name}"' in answer.html
    assert 'aria-invalid="true"' in answer.html
    assert "<title>Feil: " in answer.html


def test_a_consent_is_a_digital_record_of_the_giver_in_the_log(pages: Pages, mother: Person) -> None:
    sign(mother, yes(mother, ["notat"]))
    with pages.service.store.read("fjordbyen") as connection:
        own = versions.of_types(connection, "fjordbyen", pages.patient("e-n1"), ["Consent", "Provenance"])
    (made,) = [v for ref, v in own.items() if ref.startswith("Consent/") and ref != pages.ref("e-s1")]
    said = consent_of(made.resource)
    assert said is not None
    assert (said.givers, said.frame) == (frozenset({pages.ref("e-d2")}), pages.ref("emma-logg"))
    assert (said.categories, said.recipients) == (frozenset({"notat"}), frozenset({"343231946"}))
    assert said.understood
    assert {"url": extension("form"), "valueCode": "digital"} in made.resource["extension"]
    written = own[f"Provenance/{made.ref.partition('/')[2]}-provenance"].resource
    assert written["agent"] == [{"who": {"reference": pages.ref("e-d2")}}]


def test_a_page_is_made_anew_when_the_child_has_changed_meanwhile(pages: Pages, mother: Person) -> None:
    desk = pages.app.state.web
    session = desk.sessions.find(mother.http.cookies["__Host-stafettbro"], pages.now)
    runs: list[int] = []

    def work(_: object, insight: Insight) -> int:
        runs.append(insight.here.change_no)
        if len(runs) == 1:
            note = {**next(r for r in records("stafettlogg", "emma") if r["id"] == "e-n1"), "id": "e-n9"}
            assert pages.hand_in("logg", [note]).json()["results"][0]["status"] == "stored"
        return insight.here.change_no

    last = looking(desk, session, handle(session, pages.ref("emma-logg")), work)
    assert len(runs) == 2
    assert runs[0] < runs[1] == last


def test_what_a_page_shows_is_in_the_log_of_what_was_told(pages: Pages, mother: Person) -> None:
    child(mother)
    with pages.service.store.read("fjordbyen") as connection:
        told = disclosures.of_person(connection, "fjordbyen", pages.patient("e-n1"))
    assert {(one["recipient"], one["channel"], one["client"]) for one in told} == {
        ("~min-side", "page", pages.ref("e-d2"))
    }
    shown = {item["ref"] for one in told for item in one["items"]}
    assert {pages.ref("e-s1"), pages.ref("emma-logg"), pages.ref("e-d6")} <= shown
    assert pages.ref("e-n1") not in shown  # no record was shown there


@pytest.mark.parametrize("protection", ["fortrolig", "strengtFortrolig"])
def test_no_page_tells_where_a_protected_child_goes(pages: Pages, mother: Person, protection: str) -> None:
    log = records("stafettlogg", "emma")[0]
    child_of = {**log["barn"], "adressebeskyttelse": protection}
    answer = pages.hand_in("logg", [{**log, "endret": "2026-11-21T12:00:00Z", "barn": child_of}])
    assert answer.json()["results"][0]["status"] == "stored"
    home = mother.get("/min-side")
    if protection == "strengtFortrolig":
        assert "Vi finner ingen barn" in home.text
        return
    page = child(mother)
    form = mother.get(page.link("Gi samtykke"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=["notat"]) | {f"mottaker-{form.handle_of('BUP')}": ["ja"]}
    for shown in (home, page, form, mother.post(path, answered)):
        for place in ("Solvang", "362819482", "Fjordbyen helsestasjon", "Indre Fjord", "Rådhuset"):
            assert place not in shown.html
    assert "Skole" in form.text


def test_it_works_on_postgresql_too(
    postgres_url: str, tmp_path: Path, issuer: Issuer, provider: Provider
) -> None:
    plain = settings(postgres_url, tmp_path, issuer)
    pages = Pages(with_logins(plain, tmp_path, provider, ORIGIN), issuer, provider)
    assert pages.hand_in("logg", records("stafettlogg", "emma")).status_code == 200
    one = pages.person()
    assert "Emma" in one.log_in(MOTHER).text
    ask = one.get(child(one).link("Trekk samtykket"))
    done = one.post(next(a for a, _ in ask.forms if a.endswith("trekk")), ask.form("trekk"))
    assert "Det er lukket" in done.text
    assert pages.outcome("e-m1") == "deny"
    pages.close()


def under_way(pages: Pages) -> str:
    """A delivery to BUP that was decided before and has not ended: its id."""
    told = Attempt(disclosures.new_id(), pages.patient("e-m1"), ())
    given = {"recipient": "bup", "channel": "push", "run": 1, "epoch": 1, "owner": "w1"}
    times = {"now": pages.now, "deadline": pages.now + timedelta(seconds=10)}
    with pages.service.store.write("fjordbyen") as connection:
        disclosures.begin(connection, "fjordbyen", [told], **given, **times)
    pages.later()
    return told.id


def end(pages: Pages, told: str) -> None:
    """It ends, and nobody knows how."""
    with pages.service.store.write("fjordbyen") as connection:
        disclosures.finish(connection, "fjordbyen", [(told, disclosures.UNKNOWN, "timeout")], pages.now)


def test_an_answer_that_shows_nothing_tells_nothing(pages: Pages, mother: Person) -> None:
    shown = yes(mother, ["notat"])
    ask = mother.get(child(mother).link("Trekk samtykket"))
    told = len(all_told(pages))
    for path, given in (shown.forms[-1], ask.forms[-1]):
        assert path.endswith(("se-over", "trekk"))
        assert mother.send(path, given).status_code == 303
    assert len(all_told(pages)) == told  # else a withdrawal would wait for its own answer


def all_told(pages: Pages) -> list[Any]:
    """The log of what was told of Emma."""
    with pages.service.store.read("fjordbyen") as connection:
        return list(disclosures.of_person(connection, "fjordbyen", pages.patient("e-n1")))


def test_the_answer_waits_for_what_is_under_way(pages: Pages, mother: Person) -> None:
    told = under_way(pages)
    ask = mother.get(child(mother).link("Trekk samtykket"))
    ending = threading.Timer(0.5, end, (pages, told))
    ending.start()
    page = mother.post(next(a for a, _ in ask.forms if a.endswith("trekk")), ask.form("trekk"))
    ending.join()
    assert (page.status, "Det er lukket" in page.text) == (200, True)


def test_what_is_under_way_is_told_in_plain_words(
    pages: Pages, mother: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "PATIENCE", 0.1)
    told = under_way(pages)
    ask = mother.get(child(mother).link("Trekk samtykket"))
    page = mother.post(next(a for a, _ in ask.forms if a.endswith("trekk")), ask.form("trekk"))
    assert (page.status, "Ikke helt lukket ennå" in page.text) == (202, True)
    assert "kan ha kommet fram: BUP Fjordane, Indre Fjord, 21. november 2026 kl. 13.00" in page.text
    end(pages, told)
    page = mother.get(page.link("Se om det er lukket"))
    assert (page.status, "Det er lukket" in page.text) == (200, True)
    assert "kan ha kommet fram: BUP" in page.text
    assert pages.outcome("e-m1") == "deny"


def test_after_a_care_order_child_welfare_signs_and_no_guardian_does(pages: Pages) -> None:
    of_child_welfare = next(r for r in records("stafettlogg", "jonas") if r["id"] == "j-d1")
    user = {"utsteder": pages.provider.url, "subjekt": "siv"}
    order = {"type": "forhold", "id": "j-f1", "logg": "jonas-logg", "slag": "omsorgsovertakelse"}
    said = {"endret": "2026-11-21T12:00:00Z", "endretAv": "j-d1"}
    new = [
        {**of_child_welfare, **said, "bruker": user},
        {**order, **said, "verdi": True, "fra": "2026-11-01"},
    ]
    before = pages.person().log_in("siv", "helseid")
    assert "Vi finner ingen barn" in before.text
    assert [r["status"] for r in pages.hand_in("logg", new).json()["results"]] == ["stored", "stored"]
    siv = pages.person()
    assert "Jonas" in siv.log_in("siv", "helseid").text
    signed = sign(siv, yes(siv, ["moete"], "Jonas"))
    assert "Det mangler underskrift fra Jonas Prøve" in signed.text
    mother = pages.person()
    home = mother.log_in(JONAS_MOTHER)
    assert "Jonas" not in home.text
    assert "ikke blant dem som bestemmer" in mother.get(home.link("Et barn")).text
