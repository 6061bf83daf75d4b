"""dokument as DocumentReference, its bytes inline and unchanged."""

from __future__ import annotations

import base64

import pytest

from mappings import reading
from mappings.model import ITEM, RecordRefused, State
from tests.mappings.factories import LOG, get, put, record

BYTES = bytes(range(256))
CONTENT = base64.b64encode(BYTES).decode()


def test_a_document_is_held_byte_for_byte() -> None:
    native = record(
        "dokument",
        tittel="Referat",
        slag="moetereferat",
        mimetype="application/pdf",
        innhold=CONTENT,
        tidspunkt="2026-05-05T08:30:00+02:00",
    )
    document = put(native).focus[ITEM]
    attachment = document["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == BYTES
    assert (attachment["contentType"], attachment["title"]) == ("application/pdf", "Referat")
    assert attachment["creation"] == "2026-05-05T08:30:00+02:00"
    assert document["status"] == "current"
    assert get(State(put(native).focus)) == native


@pytest.mark.parametrize("written", ["YQ==\n", "YW\nJj", " YWJj"])
def test_the_written_form_comes_back(written: str) -> None:
    native = record("dokument", innhold=written, mimetype="text/plain")
    assert get(put(native)) == native


@pytest.mark.parametrize("wrong", ["dette er ikke base64!!", "YQ", "YQ=", "æ"])
def test_what_is_not_base64_is_refused(wrong: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(record("dokument", innhold=wrong))
    assert [(p.field, p.code) for p in refused.value.problems] == [("innhold", "not-base64")]
    assert wrong not in str(refused.value)


def test_without_a_mime_type_the_bytes_are_just_bytes() -> None:
    native = record("dokument", innhold=CONTENT)
    state = put(native)
    assert state.focus[ITEM]["content"][0]["attachment"]["contentType"] == "application/octet-stream"
    assert get(state) == native


def test_minutes_need_two_categories() -> None:
    minutes = put(record("dokument", slag="moetereferat")).focus[ITEM]
    other = put(record("dokument", slag="annet")).focus[ITEM]
    assert reading.category_of(minutes) == {"dokument", "moete"}
    assert reading.category_of(other) == {"dokument"}
    for said in ({"type": {"text": "Møtereferat"}}, {"category": [{"text": "Møtereferat"}]}):
        theirs = {"resourceType": "DocumentReference", "id": "h", **said}
        assert reading.category_of(theirs) == {"dokument", "moete"}


def test_the_kind_is_the_systems_own_so_that_type_is_left_to_the_national_codes() -> None:
    document = put(record("dokument", slag="moetereferat")).focus[ITEM]
    assert document["category"][0]["coding"][0]["code"] == "moetereferat"
    assert "type" not in document
