"""A demo records system as a process: the contract it offers machines, and what its page does for people."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from gateway.demo import sample_children
from gateway.demo.record_store import RecordStore
from tests.demo.running import Running, records_system

LOG = "emma-logg"


def seed() -> list[Any]:
    return sample_children.records("stafettlogg", "emma", date(2026, 11, 21))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    """A system that no other test has written in."""
    with records_system(tmp_path, "stafettlogg", seed()) as running:
        yield running


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A system that these tests share: each writes under ids of its own."""
    with records_system(tmp_path_factory.mktemp("logg"), "stafettlogg", seed()) as running:
        yield running


@pytest.fixture
def own() -> str:
    return f"g-{uuid.uuid4()}"


def goal(own: str, **fields: Any) -> dict[str, Any]:
    record = {
        "type": "maal",
        "id": own,
        "logg": LOG,
        "endret": "2026-11-21T10:00:00+01:00",
        "endretAv": "e-d6",
    }
    return record | {"tekst": "Sove", "status": "aktiv"} | fields


def put(system: Running, record: dict[str, Any], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return system.http.put(f"/records/{record['id']}", json=record, headers=named)


def outbox(system: Running) -> list[tuple[str, dict[str, Any]]]:
    return [(s.record, s.body) for s in RecordStore(system.folder / "records.db").unsent(1000)]


def page(system: Running, path: str = f"/barn/{LOG}") -> str:
    answer = system.http.get(path)
    assert answer.status_code == 200
    return answer.text


# --- the contract ----------------------------------------------------------------------------------------


def test_info_says_what_the_gateway_may_count_on(system: Running) -> None:
    info = system.http.get("/info", headers={"Authorization": ""}).json()
    assert (info["ids"], info["versions"]) == ("ours", True)


@pytest.mark.parametrize("value", ["", "Bearer wrong", "Bearer", "Basic x"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/records"), ("GET", "/records/e-m1"), ("PUT", "/records/e-m1")]
)
def test_records_need_the_token(system: Running, value: str, method: str, path: str) -> None:
    answer = system.http.request(method, path, headers={"Authorization": value}, json={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_record_is_created_once_under_the_callers_id(system: Running, own: str) -> None:
    first = put(system, goal(own), If_None_Match="*")
    stored = goal(own) | {"versjon": 1}
    assert (first.status_code, first.headers["etag"], first.json()) == (201, '"1"', stored)
    assert put(system, goal(own, tekst="annet"), If_None_Match="*").status_code == 412
    assert system.http.get(f"/records/{own}").json() == stored


def test_a_record_is_changed_only_over_the_version_named(system: Running, own: str) -> None:
    put(system, goal(own), If_None_Match="*")
    changed = put(system, goal(own, tekst="B"), If_Match='"1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    for stale in ('"1"', '"3"', '"x"', "1", '"0"'):
        assert put(system, goal(own, tekst="C"), If_Match=stale).status_code == 412
    assert system.http.get(f"/records/{own}").json()["tekst"] == "B"
    assert put(system, goal(own, tekst="D"), If_Match="*").status_code == 200
    assert put(system, goal(own + "-other"), If_Match="*").status_code == 412


def test_a_record_from_elsewhere_goes_on_from_its_version(system: Running) -> None:
    answer = system.http.get(f"/records/{LOG}")
    assert (answer.headers["etag"], answer.json()["versjon"]) == ('"7"', 7)


def test_a_write_without_a_condition_is_refused(system: Running, own: str) -> None:
    assert put(system, goal(own)).status_code == 428
    assert system.http.get(f"/records/{own}").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tekst": ""}, "tekst"),
        ({"status": None}, "status"),
        ({"type": "ukjent"}, "type"),
        ({"type": ["maal"]}, "type"),
        ({"logg": "finnes-ikke"}, "logg"),
        ({"logg": None}, "logg"),
        ({"endret": "i går"}, "endret"),
        ({"endret": "2026-11-21T10:00:00"}, "endret"),
    ],
)
def test_a_wrong_record_is_refused_by_field_without_its_value(
    system: Running, change: dict[str, Any], field: str
) -> None:
    answer = put(system, goal("g1", **change), If_None_Match="*")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert "finnes-ikke" not in answer.text
    assert "i går" not in answer.text


def test_the_id_must_be_that_of_the_address(system: Running) -> None:
    answer = system.http.put("/records/g2", json=goal("g1"), headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.json()["field"]) == (422, "id")


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 422), (b"7", 422)])
def test_what_is_no_record_is_refused(system: Running, body: bytes, status: int) -> None:
    answer = system.http.put("/records/g1", content=body, headers={"If-None-Match": "*"})
    assert answer.status_code == status


def test_records_keep_unknown_keys_and_exact_numbers(system: Running, own: str) -> None:
    record = goal(own, x="1.10", tom="", liste=[])
    text = json.dumps(record, ensure_ascii=False).replace('"1.10"', "1.10").encode()
    system.http.put(f"/records/{own}", content=text, headers={"If-None-Match": "*"})
    assert (
        system.http.get(f"/records/{own}").content
        == text.replace(b": ", b":").replace(b", ", b",")[:-1] + b',"versjon":1}'
    )


def test_changes_come_in_order_and_in_pages(fresh: Running) -> None:
    put(fresh, goal("e-m1", tekst="ny"), If_Match='"1"')
    seen, cursor, more = [], "0", True
    while more:
        answer = fresh.http.get("/records", params={"after": cursor, "limit": 10}).json()
        seen += [(one["record"]["id"], one["version"]) for one in answer["records"]]
        cursor, more = answer["cursor"], answer["more"]
    assert len(seen) == len(seed())
    assert seen[-1] == ("e-m1", "2")
    assert fresh.http.get("/records", params={"after": cursor}).json() == {
        "records": [],
        "cursor": cursor,
        "more": False,
    }


@pytest.mark.parametrize("query", ["after=-1", "limit=0", "limit=501", "after=x"])
def test_a_wrong_page_is_refused(system: Running, query: str) -> None:
    assert system.http.get(f"/records?{query}").status_code == 422


# --- the page --------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_there_and_says_it_is_a_demo(system: Running) -> None:
    assert f'href="/barn/{LOG}"' in page(system, "/")
    html = page(system)
    for text in (
        "Demosystem",
        "Jeg vil at noen skal vente på meg",
        "Kari Kontaktlærer",
        "politi og røver",
        "2. november 2026",
    ):
        assert text in html


def test_nothing_on_the_page_comes_from_elsewhere(system: Running) -> None:
    answer = system.http.get(f"/barn/{LOG}")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for text in (
        answer.text,
        system.http.get("/static/demo.css").text,
        system.http.get("/static/fresh.js").text,
    ):
        assert "//" not in text.replace("// ", "")


def test_text_is_shown_as_text(system: Running, own: str) -> None:
    put(system, goal(own, tekst="<script>alert(1)</script>", egneOrd='"><img src=x>'), If_None_Match="*")
    html = page(system)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html
    assert "<img" not in html


def test_a_record_from_the_gateway_says_where_it_was_shared_from(system: Running, own: str) -> None:
    put(system, goal(own), If_None_Match="*", Stafettbro_Source=quote("bup"))
    assert "Delt fra BUP" in page(system)
    assert own not in [waiting for waiting, _ in outbox(system)]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            "maal",
            {
                "tekst": "Nytt mål æøå",
                "egneOrd": "jeg vil",
                "status": "aktiv",
                "evalueringsfrist": "2027-01-01",
            },
        ),
        (
            "tiltak",
            {"tittel": "Nytt tiltak", "status": "planlagt", "maal": ["e-m1", "e-m2"], "ansvarlig": "e-d5"},
        ),
        ("lysglimt", {"tekst": "Lo høyt"}),
        ("melding", {"emne": "Hei", "tekst": "linje 1\r\nlinje 2", "mottakere": ["e-d6"]}),
        ("notat", {"tekst": "Sett", "observasjon": "sto ved gjerdet"}),
    ],
)
def test_what_a_person_writes_is_kept_and_waits_in_the_outbox(
    system: Running, kind: str, fields: dict[str, Any]
) -> None:
    before = len(outbox(system))
    answer = system.http.post(f"/barn/{LOG}/{kind}", data=fields | {"endretAv": "e-d1"})
    assert answer.status_code == 303
    assert len(outbox(system)) == before + 1
    own, body = outbox(system)[-1]
    wanted = {k: v.replace("\r\n", "\n") if isinstance(v, str) else v for k, v in fields.items()}
    assert body.items() >= (wanted | {"type": kind, "logg": LOG, "endretAv": "e-d1"}).items()
    assert system.http.get(f"/records/{own}").json() == body
    assert f'id="{own}"' in page(system)
    assert "Venter på å bli sendt til Stafettbro" in page(system)


def test_an_edit_changes_only_what_was_changed(fresh: Running) -> None:
    before = fresh.http.get("/records/e-m2").json()
    form = {name: before[name] for name in ("tekst", "egneOrd", "status", "evalueringsfrist")}
    form |= {"tekst": "Sove sju netter", "versjon": "1", "endretAv": "e-d5"}
    assert fresh.http.post("/post/e-m2", data=form).status_code == 303
    after = fresh.http.get("/records/e-m2").json()
    assert after | {"endret": before["endret"]} == before | {"tekst": "Sove sju netter", "versjon": 2}
    assert outbox(fresh)[-1] == ("e-m2", after)


def test_saving_without_a_change_sends_nothing(fresh: Running) -> None:
    before = fresh.http.get("/records/e-t1").json()
    form = {k: before[k] for k in ("tittel", "maal", "status", "ansvarlig", "frist")}
    form["beskrivelse"] = before["beskrivelse"].replace("\n", "\r\n")
    count = len(outbox(fresh))
    fresh.http.post("/post/e-t1", data=form | {"versjon": "1", "endretAv": "e-d1"})
    assert fresh.http.get("/records/e-t1").headers["etag"] == '"1"'
    assert len(outbox(fresh)) == count


def test_a_field_that_stood_empty_stays_as_it_was(fresh: Running) -> None:
    before = fresh.http.get("/records/e-n1").json()
    form = {"tekst": "Ny tekst", "observasjon": before["observasjon"], "tolkning": "", "versjon": "1"}
    fresh.http.post("/post/e-n1", data=form | {"endretAv": "e-d1"})
    after = fresh.http.get("/records/e-n1").json()
    assert (after["tekst"], after["tolkning"]) == ("Ny tekst", "")


def test_an_edit_over_a_change_from_elsewhere_is_not_stored(fresh: Running) -> None:
    put(fresh, goal("e-m1", tekst="fra BUP"), If_Match='"1"')
    form = {"tekst": "min", "status": "aktiv", "versjon": "1", "endretAv": "e-d1"}
    answer = fresh.http.post("/post/e-m1", data=form, follow_redirects=True)
    assert "Noen andre endret posten" in answer.text
    assert fresh.http.get("/records/e-m1").json()["tekst"] == "fra BUP"


def test_an_empty_text_is_not_stored(system: Running) -> None:
    count = len(outbox(system))
    answer = system.http.post(f"/barn/{LOG}/lysglimt", data={"tekst": "  "}, follow_redirects=True)
    assert "måtte" not in answer.text
    assert "Ingenting er lagret" in answer.text
    assert len(outbox(system)) == count


def test_a_form_from_another_site_is_refused(system: Running) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = system.http.post(f"/barn/{LOG}/lysglimt", data={"tekst": "x"}, headers=headers)
    assert answer.status_code == 403


def test_an_answer_continues_the_thread(system: Running) -> None:
    form = {
        "tekst": "Takk",
        "traad": "e-tr1",
        "svarPaa": "e-me2",
        "emne": "SV: Neste møte",
        "mottakere": "e-d6",
    }
    system.http.post(f"/barn/{LOG}/melding", data=form | {"endretAv": "e-d1"})
    _, body = outbox(system)[-1]
    assert (body["traad"], body["svarPaa"], body["mottakere"]) == ("e-tr1", "e-me2", ["e-d6"])


def test_a_document_comes_byte_for_byte_as_a_download(system: Running) -> None:
    answer = system.http.get("/dokument/e-dok1")
    assert answer.content.startswith(b"%PDF-1.4")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("path", ["/barn/ukjent", "/dokument/e-m1", "/dokument/ukjent"])
def test_what_is_not_here_is_not_found(system: Running, path: str) -> None:
    assert system.http.get(path).status_code == 404


def test_a_restart_keeps_everything_and_seeds_nothing_twice(tmp_path: Path) -> None:
    with records_system(tmp_path, "stafettlogg", seed()) as first:
        first.http.post(f"/barn/{LOG}/lysglimt", data={"tekst": "før omstart", "endretAv": "e-d1"})
        count = len(outbox(first))
    with records_system(tmp_path, "stafettlogg", seed()) as second:
        assert "før omstart" in page(second)
        assert len(outbox(second)) == count == len(seed()) + 1


def test_a_plan_system_has_its_own_types(tmp_path: Path) -> None:
    plan = sample_children.records("individuell-plan", "emma", date(2026, 11, 21))
    with records_system(tmp_path, "individuell-plan", plan) as system:
        form = {"tekst": "Delmål", "status": "aktiv", "endretAv": "ei-d1"}
        assert system.http.post("/barn/emma-ip/delmaal", data=form).status_code == 303
        assert outbox(system)[-1][1]["plan"] == "emma-ip"
        assert system.http.post("/barn/emma-ip/lysglimt", data=form).status_code == 404
        record = {
            "type": "lysglimt",
            "id": "x",
            "plan": "emma-ip",
            "endret": "2026-11-21T10:00:00Z",
            "tekst": "x",
        }
        assert put(system, record, If_None_Match="*").json()["field"] == "type"
