"""A wrong mapping file is refused by name, section and rule; a right one of a user's own works."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings import load
from mappings.lens.declaration import BadDeclaration
from mappings.model import EMPTY, Ids

GOOD = """
[system]
name = "vendor"
uses = "felles"
frame_key = "sak"
changed = "sist"
sections = ["goal"]

[common]
sist = { slot = "provenance", to = "recorded", as = "time", required = true }
endret = false

[section.goal]
type = "MÅL"
resource = "Goal"
template = { subject = { reference = "$subject" } }
ensure = { lifecycleStatus = "active" }
withdrawn = "lifecycleStatus"

[section.goal.fields]
Tekst = { to = "description.text", required = true }
Frist = { to = "target[0].dueDate", as = "date" }
"""


def loaded(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    load(str(path))


def test_a_user_s_file_gives_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    mapping = load(str(path))
    native = {
        "type": "MÅL",
        "id": "1",
        "sak": "s",
        "sist": "2026-01-01T00:00:00Z",
        "Tekst": "a",
        "Frist": "2026-02-01",
    }
    ids = Ids(
        "Patient/p",
        "CarePlan/c",
        "vendor",
        {"1": "Goal/g", "s": "CarePlan/c"},
        {"Goal/g": "1", "CarePlan/c": "s"},
    )
    assert mapping.describe(native).frame == "s"
    state = mapping.put(native, EMPTY, ids)
    assert state.focus["item"]["target"] == [{"dueDate": "2026-02-01"}]
    assert mapping.get(state, ids) == native


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"description.text"', '"description..text"', "section.goal.fields.Tekst"),
        ('"target[0].dueDate"', '"target{ukjent}.dueDate"', "'ukjent'"),
        ('as = "date"', 'as = "dato"', "'dato'"),
        ('as = "date"', 'codes = "ingen"', "section.goal.fields.Frist"),
        ('as = "date"', 'som = "date"', "unknown: som"),
        ('resource = "Goal"', "", "section.goal] `resource` is missing"),
        ('sections = ["goal"]', 'sections = ["mål"]', "'mål'"),
        ('name = "vendor"', "", "`name` is missing"),
        ('uses = "felles"', 'uses = "borte"', "borte.toml"),
        ("[system]", "[system", "mine.toml"),
        ('"$subject"', '"@borte"', "'borte'"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadDeclaration) as bad:
        loaded(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(bad.value)
    assert ".toml" in str(bad.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadDeclaration, match="borte"):
        load(str(tmp_path / "borte.toml"))
    with pytest.raises(BadDeclaration, match="ingen"):
        load("ingen")
