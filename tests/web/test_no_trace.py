"""What a reader may not see leaves no trace anywhere they can go: every page and file that one comes to from
the first is the same, letter for letter, whether or not something of every kind is hidden there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from tests.api.conftest import records
from tests.web.conftest import JONAS_MOTHER, OPERATOR, Pages
from tests.web.person import Person
from tests.web.test_seats import PSYCHOLOGIST, by_hpr, with_user
from tests.web.ways import all_pages

CANARY = "kanarifugl"
ONCE = re.compile(r'name="(noekkel|nonce)" value="[^"]*"')  # made anew for each form
OF_LOOKING = re.compile(r"/hvem-har-sett$|/plan$|innlogginger$")  # they tell that their reader has looked
KINDS = ("maal", "tiltak", "lysglimt", "notat", "moete", "dokument", "melding", "henvisning")


def teacher(pages: Pages) -> Person:
    with_user(pages, "e-d1", "kari")
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def clinician(pages: Pages) -> Person:
    return by_hpr(pages, PSYCHOLOGIST)


def guardian(pages: Pages) -> Person:
    one = pages.person()
    one.log_in(JONAS_MOTHER)
    return one


def hidden(child: str, frame: str, mark: str, now: str) -> list[dict[str, Any]]:
    """One of each kind, with a canary in every text, barred by this mark."""
    emma = records("stafettlogg", "emma")
    made = []
    for number, name in enumerate(KINDS):
        like = next(one for one in emma if one["type"] == name)
        said = {key: _canaries(value) for key, value in like.items() if key not in ("maal", "svarPaa")}
        own = {"id": f"{child}-x{number}", "logg": frame, "sperre": [mark], "endret": now}
        made.append(said | own | {key: f"{child}-d1" for key in like if key in ("endretAv", "opprettetAv")})
    return [_of(child, one) for one in made]


def _of(child: str, record: dict[str, Any]) -> dict[str, Any]:
    """With nobody named who takes part in the other child's log."""
    return {key: _renamed(child, value) for key, value in record.items()}


def _renamed(child: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _of(child, value)
    if isinstance(value, list):
        return [_renamed(child, one) for one in value]
    return f"{child}-d1" if isinstance(value, str) and re.fullmatch(r"e-d\d+", value) else value


def _canaries(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canaries(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_canaries(one) for one in value]
    return f"{CANARY} {value}" if isinstance(value, str) and " " in value else value


def said(answer: httpx.Response) -> str:
    """What a page or a file says, and its title."""
    if answer.headers["content-type"] == "application/pdf":
        reader = PdfReader(io.BytesIO(answer.content))
        return " ".join([*(page.extract_text() for page in reader.pages), str(reader.metadata)])
    if "json" in answer.headers["content-type"]:
        return str(sorted(one["fullUrl"] for one in answer.json()["entry"])) + (
            CANARY * (CANARY in answer.text)
        )
    return ONCE.sub("", answer.text)


@pytest.mark.parametrize(
    ("reader", "child", "frame", "mark"),
    [
        (teacher, "e", "emma-logg", "NORS"),
        (clinician, "e", "emma-logg", "NORS"),
        (guardian, "j", "jonas-logg", "NORN_FORANS"),
    ],
)
def test_every_page_is_the_same_whatever_is_hidden(
    pages: Pages, reader: Callable[[Pages], Person], child: str, frame: str, mark: str
) -> None:
    person = reader(pages)
    all_pages(person.http)  # what is new to them is so once
    before = {kind: said(one) for kind, one in all_pages(person.http).items()}
    answer = pages.hand_in("logg", hidden(child, frame, mark, pages.now.isoformat()))
    assert {one["status"] for one in answer.json()["results"]} == {"stored"}, answer.text
    after = {kind: said(one) for kind, one in all_pages(person.http).items()}
    assert len(after) > 8
    assert [kind for kind, text in after.items() if CANARY in text] == []
    assert before.keys() == after.keys()
    assert [k for k in after if not OF_LOOKING.search(k) and before[k] != after[k]] == []


def test_an_operator_s_pages_say_nothing_of_what_anything_is_about(pages: Pages) -> None:
    answer = pages.hand_in("logg", hidden("e", "emma-logg", "NORS", pages.now.isoformat()))
    assert answer.status_code == 200
    operator = pages.person()
    operator.log_in(OPERATOR, "drift")
    found = all_pages(operator.http)
    assert len(found) > 8
    names = (CANARY, r"\bEmma\b", "Testesen", "friminutt", "14831770229")  # any letters may stand in a token
    assert [(kind, name) for kind, one in found.items() for name in names if re.search(name, one.text)] == []
