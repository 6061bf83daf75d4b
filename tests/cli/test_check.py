"""`check` names file, line and key of every mistake, says what can never work, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.places import line_of
from gateway.hub.schema import HEAD as SCHEMA
from tests.cli.conftest import TOKEN, Installation, Invoke, children, install

Change = tuple[str, str]


def changed(installed: Installation, *changes: Change) -> Installation:
    text = installed.config.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    installed.config.write_text(text)
    return installed


def offline(invoke: Invoke, installed: Installation) -> tuple[int, str]:
    done = invoke("check", "--offline", "-c", installed.config)
    return done.exit_code, done.output


def line_with(installed: Installation, part: str) -> int:
    lines = installed.config.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if part in line)


def test_a_sound_configuration_has_no_errors(installation: Installation, invoke: Invoke) -> None:
    code, said = offline(invoke, installation)
    assert code == 0, said
    assert "error" not in said
    assert TOKEN not in said
    assert not (installation.folder / "stafettbro.db").exists()


@pytest.mark.parametrize(
    ("change", "at", "says"),
    [
        (('adapter = "fhir"', 'adapter = "fihr"'), 'adapter = "fihr"', "systems.2.adapter"),
        (("poll_seconds = 60", 'poll_seconds = "ofte"'), "ofte", "systems.0.poll_seconds"),
        (('audience = "participants"', 'audiense = "participants"'), "audiense", "Extra inputs"),
        (('number = "343231946"', 'number = "34323"'), 'number = "34323"', "organizations.1.number"),
        (('id = "bup"\n', ""), "9/fhir", "systems.2.id"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_key(
    installation: Installation, invoke: Invoke, change: Change, at: str, says: str
) -> None:
    code, said = offline(invoke, changed(installation, change))
    assert code == 1
    line = line_with(installation, at)
    if "id = " in change[0]:  # a key that is missing stands nowhere: its table is named
        line = [
            n for n, t in enumerate(installation.config.read_text().splitlines(), 1) if t == "[[systems]]"
        ][2]
    assert f"{installation.config}:{line}: " in said
    assert says in said
    assert "Traceback" not in said


def test_every_mistake_is_told_at_once(installation: Installation, invoke: Invoke) -> None:
    wrong = changed(
        installation, ('adapter = "fhir"', 'adapter = "x"'), ('regime = "health"', 'regime = "y"')
    )
    _, said = offline(invoke, wrong)
    assert len(said.splitlines()) == 2


def test_toml_that_cannot_be_read_names_its_line(installation: Installation, invoke: Invoke) -> None:
    code, said = offline(invoke, changed(installation, ('id = "fjordbyen"', "id = fjordbyen")))
    assert code == 1
    assert f"line {line_with(installation, 'id = fjordbyen')}" in said


def test_a_missing_file_is_said(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("check", "-c", tmp_path / "ingen.toml")
    assert (done.exit_code, "cannot be read" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ([('url = "http://127.0.0.1:9/fhir"\n', 'url = "http://127.0.0.1:9/fhir"\ndeliver = "none"\n')],
         "error", 'can never deliver: bup has deliver = "none"'),
        ([('source = "bup"', 'source = "stafettlogg"'), ('recipient = "stafettlogg"', 'recipient = "bup"')],
         "error", "stands 2 times"),
        ([('source = "bup"', 'source = "stafettlogg"')], "error", "leads back to where it began"),
        ([('url = "http://127.0.0.1:9/fhir"\npoll_seconds = 60', 'url = "http://127.0.0.1:9/fhir"')],
         "warning", "nothing comes in"),
        ([('url = "http://127.0.0.1:9/fhir"\npoll_seconds = 60', 'deliver = "pull"')],
         "error", "no client that could fetch"),
        ([('number = "343231946"', 'number = "111111111"')],
         "warning", "the regime of its organization 343231946"),
        ([('open = false', 'open = false\ncreate_person = true')], "ok", "closed; `stafettbro preview"),
        ([('[[organizations]]', 'embedded_worker = false\n[[organizations]]')], "error", ""),
    ],
)  # fmt: skip
def test_what_can_never_work_is_said(
    installation: Installation, invoke: Invoke, changes: list[Change], level: str, says: str
) -> None:
    code, said = offline(invoke, changed(installation, *changes))
    if not says:  # a key in the wrong table
        assert (code, "embedded_worker" in said) == (1, True)
        return
    found = [line for line in said.splitlines() if says in line]
    assert len(found) >= 1, said
    assert found[0].startswith(level)
    assert code == (1 if level == "error" else 0)


def test_an_issuer_that_leaves_the_kind_of_its_tokens_to_chance_is_named(
    installation: Installation, invoke: Invoke
) -> None:
    issuer = '[[issuers]]\nissuer = "https://login.example"\naudience = "stafettbro"\n'
    code, said = offline(invoke, changed(installation, ("[[routes]]", f"{issuer}[[routes]]")))
    (found,) = [line for line in said.splitlines() if "says nothing of `tokens`" in line]
    assert (code, found.split()[0]) == (0, "warning")
    chosen = changed(installation, (issuer, f'{issuer}tokens = "bearer"\n'))
    assert "says nothing of `tokens`" not in offline(invoke, chosen)[1]


def test_a_secret_that_is_not_set_is_named_by_its_place(installation: Installation, invoke: Invoke) -> None:
    (installation.folder / "token").unlink()
    code, said = offline(invoke, installation)
    assert code == 1
    assert f"file:{installation.folder}/token is not set" in said


HEAD = '[system]\nname = "vaar"\nuses = "felles"\nframe_key = "logg"\nchanged = "endret"\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEAD + 'sections = ["delmaal"]\n\n[section.delmaal]\nresourse = "Goal"\n', "delmaal"),
        (HEAD + "sections = \n", "vaar.toml:6"),
        (None, "vaar.toml"),
    ],
)
def test_a_wrong_mapping_file_is_named_with_its_place(
    installation: Installation, invoke: Invoke, content: str | None, says: str
) -> None:
    file = installation.folder / "vaar.toml"
    if content is not None:
        file.write_text(content)
    own = 'adapter = "individuell-plan"'
    code, said = offline(invoke, changed(installation, (own, f'{own}\nmapping = "{file}"')))
    assert code == 1
    found = next(line for line in said.splitlines() if "mapping of individuell-plan" in line)
    assert found.startswith("error")
    assert "vaar.toml" in found
    assert says in found


def test_connections_and_database_are_tried(installation: Installation, invoke: Invoke) -> None:
    done = invoke("check", "-c", installation.config)
    assert done.exit_code == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("error")]
    assert len(failed) == 3  # nobody listens at any of the systems' addresses
    assert all("connection to" in line for line in failed)
    assert "does not exist yet" in done.stdout
    assert not (installation.folder / "stafettbro.db").exists()


def test_the_schema_of_the_database_is_told(sqlite_url: str, tmp_path: Path, invoke: Invoke) -> None:
    installed = install(tmp_path, sqlite_url)
    assert f"on schema {SCHEMA}" in invoke("check", "-c", installed.config).stdout
    (tmp_path / "empty.db").touch()
    empty = install(tmp_path, f"sqlite:///{tmp_path}/empty.db")
    assert "on schema none" in invoke("check", "-c", empty.config).stdout


def test_an_organization_without_a_regime_that_takes_part_is_named(
    sqlite_url: str, tmp_path: Path, invoke: Invoke
) -> None:
    installed = install(tmp_path, sqlite_url)
    (tmp_path / "emma.json").write_bytes(children("emma"))
    invoke("import", "stafettlogg", tmp_path / "emma.json", "-c", installed.config)
    said = " ".join(invoke("check", "-c", installed.config).stdout.split())
    assert "organization 381909379" in said  # the health station takes part, and nothing is said of it
    assert "organization 343231946" not in said  # BUP's regime is in the file


def test_a_database_out_of_reach_is_said(tmp_path: Path, invoke: Invoke) -> None:
    installed = install(tmp_path, "postgresql+psycopg://someone:pass-word@127.0.0.1:9/none")
    done = invoke("check", "-c", installed.config)
    assert "The database cannot be used" in done.stdout
    assert "pass-word" not in done.output


TOML = """a = 1
[b]
c = 2  # [[d]]
[[e]]
"f" = 3
[e.g]
h = 4
[[e]]
i = 5
[[e.j]]
k = 6
[[e.j]]
k = 7
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1), (("b", "c"), 3), (("e", 0, "f"), 5), (("e", 0, "g", "h"), 7), (("e", 1, "i"), 9),
        (("e", 1, "j", 1, "k"), 13), (("e", 1, "missing"), 8), (("nothing",), None),
    ],
)  # fmt: skip
def test_where_a_key_stands(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TOML, path) == line
