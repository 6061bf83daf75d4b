"""Both languages say everything, with the same values to put in; nothing is said outside of them."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment, nodes

import adapters
from adapters import contract
from gateway.web import language, rendering
from gateway.web.consents_shown import CATEGORIES
from gateway.web.language import ALL, LANGUAGES, OF_THE_YOUNG, catalog, chosen
from tests.web.conftest import Pages
from tests.web.person import Person

HERE = Path(language.__file__).parent


def named(one: Message) -> str:
    """Its id."""
    return one.id if isinstance(one.id, str) else one.id[0]


CATALOGS = {code: {named(one): one for one in catalog(code) if one.id} for code in LANGUAGES}
NB, NN = CATALOGS.values()
SOURCES = sorted(HERE.glob("**/*.html"))
BY_CODE = {  # ids that are put together while a page is made, by what they begin with
    "about", "attended", "attention", "category", "child", "clinic.group", "clinic.news", "clinic.state",
    "clinic.state_about", "clinic.wrong", "conflict.choice", "conflict.decided", "conflict.fault",
    "conflict.label", "conflict.state", "conflict.system", "consent", "error", "form", "form.answer",
    "frame", "goal.state", "kind", "lasting", "level", "login", "measure.state", "meeting", "mine.sort",
    "mistaken.about", "mistaken.alert",
    "mistaken.choice", "mistaken.closed", "mistaken.fault", "mistaken.feil", "mistaken.go",
    "mistaken.riktig", "mistaken.state", "mistaken.sure", "mistaken.yes", "clinic.became", "preview",
    "print.plan", "receipt.part", "receipt.state", "receipt.title", "referral", "refuse", "relay",
    "result", "role", "say", "service", "sharing.about", "sharing.state", "standing", "state", "withdraw",
    "withdraw_no", "write.fault", "write.fault.lysglimt", "write.fault.melding", "write.fault.notat",
    "write.lysglimt", "write.melding", "write.notat", "write.when", "write.gets", "unheld",
}  # fmt: skip
BY_CODE |= {  # of the operators' pages
    f"drift.{what}"
    for what in (
        "about", "access.done", "access.kind", "access.means", "access.means_client",
        "adapter", "address", "cell.evaluations", "cell.levels", "cell.measures", "cell.time",
        "channel", "deliver", "do", "done", "ended", "error", "fate", "figure", "group", "group_about",
        "impossible", "lane", "level", "means", "outcome", "process", "reader", "reason", "state",
        "statistics.file", "topic", "topic_about", "type", "view", "why",
    )
}  # fmt: skip
SAID = ("aria-label", "alt", "title", "placeholder", "content")  # attributes that are read to people
NAMED = r'Stafettbro|width=device-width, initial-scale=1|light dark|aria-[a-z]+="[^"]*"'  # not read to people


def said(one: Message) -> list[str]:
    """What it says: once, or for one and for several."""
    return [one.string] if isinstance(one.string, str) else list(one.string or ())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_catalog_leaves_nothing_open(code: str) -> None:
    found = catalog(code)
    assert (found.locale_identifier, found.num_plurals) == (code, 2)
    assert [one.id for one in found if one.fuzzy and one.id] == []
    assert list(found.obsolete) == []
    assert [
        one.id for one in found if one.id and not (said(one) and all(text.strip() for text in said(one)))
    ] == []


def test_the_catalogs_have_the_same_ids_and_values() -> None:
    assert NB.keys() == NN.keys()
    holes = re.compile(r"\{(\w+)\}")
    assert [
        key
        for key in NB
        if [sorted(holes.findall(one)) for one in said(NB[key])]
        != [sorted(holes.findall(one)) for one in said(NN[key])]
    ] == []


def test_nynorsk_is_no_copy() -> None:
    sentences = [key for key in NB if len(said(NB[key])[0].split()) > 5]
    assert len(sentences) > 40
    assert len([key for key in sentences if said(NB[key]) == said(NN[key])]) < len(sentences) / 20


def test_nothing_is_translated_for_nobody() -> None:
    used = "".join(path.read_text(encoding="utf-8") for path in (*SOURCES, *HERE.rglob("*.py")))
    known = [key.removeprefix(OF_THE_YOUNG) for key in ALL["nb"].texts]
    idle = [k for k in known if f'"{k}"' not in used and k.rpartition(".")[0] not in BY_CODE]
    assert [key for key in idle if not re.fullmatch(r"error\.[\w-]+\.(title|text)", key)] == []


def asked(text: str) -> list[str]:
    """The ids that a template names: t("x"), t("x" if this else "y"), t.count("x", n)."""
    return [key for call in Environment().parse(text).find_all(nodes.Call) for key in asked_by(call)]


def asked_by(call: nodes.Call) -> list[str]:
    """The ids that one call names."""
    whose = call.node.node if isinstance(call.node, nodes.Getattr) else call.node
    if not (isinstance(whose, nodes.Name) and whose.name == "t" and call.args) or _of(call):
        return []
    first = call.args[0]
    ways = [first.expr1, first.expr2] if isinstance(first, nodes.CondExpr) else [first]
    return [way.value for way in ways if isinstance(way, nodes.Const)]


PARTS = [key.split(".") for key in NB]
GROUPS = {".".join(one[:n]) for one in PARTS for n in range(1, len(one)) if n > 1 or len(one) == 2}
FIRST = {key.partition(".")[0] for key in NB if "." in key}
NO_WORDS = re.compile(r"\.(pdf|json|html|css|js|svg|po)$")  # files


def literals(path: Path) -> tuple[set[str], set[str]]:
    """Of a module: what reads as an id, and what others are put together of, up to the code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    whole = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and _is_id(one.value)}
    made = [one.values[0] for one in ast.walk(tree) if isinstance(one, ast.JoinedStr) and len(one.values) > 1]
    begun = {str(one.value)[:-1] for one in made if isinstance(one, ast.Constant) and _is_id(f"{one.value}x")}
    return whole, {one for one in begun if one}


def _is_id(value: object) -> bool:
    shaped = isinstance(value, str) and re.fullmatch(r"[a-z_]+(\.[a-z0-9_-]+)+", value)
    return bool(shaped) and str(value).partition(".")[0] in FIRST and not NO_WORDS.search(str(value))


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.py")), ids=lambda path: path.stem)
def test_a_module_names_no_sentence_that_is_not_there(path: Path) -> None:
    whole, begun = literals(path)
    assert [key for key in whole if key not in NB and key not in GROUPS] == []
    assert [key for key in begun if key not in GROUPS] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_template_asks_for_one_or_for_several_as_the_catalogs_have_it(source: Path) -> None:
    tree = Environment().parse(source.read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        several = isinstance(call.node, nodes.Getattr) and call.node.attr == "count"
        for key in asked_by(call):
            assert isinstance(NB[key].id, tuple) is several, key
    groups = [
        one.nodes[0].value for one in tree.find_all(nodes.Concat) if isinstance(one.nodes[0], nodes.Const)
    ]
    begun = [one[:-1] for one in groups if isinstance(one, str) and one.endswith(".") and _is_id(f"{one}x")]
    assert [key for key in begun if key not in GROUPS] == []


def _of(call: nodes.Call) -> bool:
    """Whether it asks for the word for a code, or writes a time."""
    return isinstance(call.node, nodes.Getattr) and call.node.attr != "count"


class Words(HTMLParser):
    """Everything in a template that a person would read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in SAID]

    def handle_data(self, data: str) -> None:
        self.found += data.split("\n")


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_a_template_says_nothing_by_itself(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert [key for key in asked(text) if key not in NB] == []
    words = Words()
    words.feed(re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S))
    assert [one for one in words.found if re.search(r"[^\W\d_]", re.sub(NAMED, "", one))] == []


def test_every_code_has_a_word() -> None:
    assert [c for c in CATEGORIES if f"category.{c}" not in NB or f"about.{c}" not in NB] == []
    for state in ("valid", "partial", "later", "ended", "refused", "withdrawn"):
        assert f"state.{state}" in NB
    for status in (401, 403, 404, 409, 422, 500, 503):
        kind = rendering._kind(type("E", (Exception,), {"status": status, "code": "x"})())  # type: ignore[arg-type]
        assert f"error.{kind}.title" in NB


ADAPTERS = Path(adapters.__file__).parent
RAISED = {
    name for name, one in vars(contract).items() if isinstance(one, type) and issubclass(one, Exception)
}


def said_by_adapters() -> set[str]:
    """The sentences by which a try that failed is written down, where they are whole."""
    calls = [
        call
        for path in ADAPTERS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in RAISED
    ]
    return {str(one.value) for call in calls for one in call.args[:1] if isinstance(one, ast.Constant)}


def test_why_a_try_failed_has_words() -> None:
    found = said_by_adapters()
    assert "changed since we saw it" in found
    assert sorted(one for one in found if f"drift.error.{one}" not in NB) == []


@pytest.mark.parametrize(
    ("cookie", "accepted", "expected"),
    [
        (None, None, "nb"),
        (None, "nn-NO,nb;q=0.9", "nn"),
        (None, "no,nn;q=0.5", "nb"),
        (None, "en-GB,nn;q=0.5", "nn"),
        (None, "de", "nb"),
        ("nn", "nb", "nn"),
        ("xx", "nn", "nn"),
    ],
)
def test_the_language_is_the_chosen_or_the_browsers(
    cookie: str | None, accepted: str | None, expected: str
) -> None:
    assert chosen(cookie, accepted) is ALL[expected]


@pytest.mark.parametrize(("code", "several"), [("nb", "2 opplysninger"), ("nn", "2 opplysningar")])
def test_days_times_lists_and_numbers_are_written_as_norwegians_write_them(code: str, several: str) -> None:
    words = ALL[code]
    assert words.day(date(2026, 3, 4)) == "4. mars 2026"
    assert (
        words.day(datetime(2026, 6, 30, 22, 30, tzinfo=UTC)) == "1. juli 2026"
    )  # it is past midnight in Oslo
    assert words.day(None) == ""
    assert words.moment(datetime(2026, 3, 4, 8, 5, tzinfo=UTC)) == "4. mars 2026 kl. 09.05"
    assert words.moment(datetime(2026, 7, 4, 22, 5, tzinfo=UTC)) == "5. juli 2026 kl. 00.05"
    assert [words.several(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a og b", "a, b og c"]
    assert [words.count("held.count", n) for n in (1, 2)] == ["1 opplysning", several]


def test_a_choice_lasts_over_logins_and_every_page_says_its_language(pages: Pages, mother: Person) -> None:
    chosen = mother.http.get("/min-side/spraak/nn")
    (cookie,) = (one for one in chosen.headers.get_list("set-cookie") if "spraak" in one)
    assert cookie.startswith("__Host-stafettbro-spraak=nn;")
    assert "domain" not in cookie.lower()
    home = mother.get("/min-side", **{"Accept-Language": "nb"})
    for page in (home, mother.get(home.link("Emma")), mother.get("/min-side/finst-ikkje")):
        assert '<html lang="nn"' in page.html
        assert page.headers["content-language"] == "nn"
        assert {one.strip() for one in page.headers["vary"].split(",")} >= {"Accept-Language", "Cookie"}
        assert 'lang="nb" hreflang="nb">Bokmål' in page.html
    out = mother.post("/min-side/logg-ut", home.form("logg-ut"))
    assert '<html lang="nn"' in out.html
    assert '<html lang="nn"' in mother.get("/min-side").html
