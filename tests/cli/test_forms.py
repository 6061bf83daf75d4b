"""`check` and `preview` say what the form of a FHIR server cannot hold, and count what stands in a record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Installation, Invoke

BUP = 'url = "http://127.0.0.1:9/fhir"\n'


def formed(installed: Installation, folder: Path, form: str) -> Installation:
    """A copy of an installation whose BUP gets another form."""
    copy = shutil.copytree(installed.folder, folder / "copy")
    config = copy / "stafettbro.toml"
    text = config.read_text().replace(str(installed.folder), str(copy))
    assert BUP in text
    config.write_text(text.replace(BUP, f"{BUP}{form}\n"))
    return Installation(config, f"sqlite:///{copy / 'stafettbro.db'}")


def outcomes(said: str, kind: str) -> set[str]:
    """What becomes of the measures of this category."""
    lines = [line for line in said.splitlines() if "ServiceRequest/" in line and f": {kind}:" in line]
    return {line.rpartition(": ")[2] for line in lines}


def test_measures_inside_the_plan_are_sent_with_it(
    lived_in: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    inline = formed(lived_in, tmp_path, 'activities = "inline"')
    done = invoke("preview", "stafettlogg", "bup", "--details", "-c", inline.config)
    assert done.exit_code == 0, done.output
    plain = invoke("preview", "stafettlogg", "bup", "--details", "-c", lived_in.config).stdout
    assert outcomes(done.stdout, "tiltak") == outcomes(plain, "tiltak") == {"send"}
    assert "bup cannot hold ServiceRequest.authoredOn:" in done.stdout
    assert "cannot hold" not in plain


def test_of_what_has_no_place_in_a_document_the_preview_says_so(
    lived_in: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    stored = formed(lived_in, tmp_path, 'receives = "document"')
    done = invoke("preview", "individuell-plan", "bup", "--details", "-c", stored.config)
    assert done.exit_code == 0, done.output
    assert outcomes(done.stdout, "tiltak") == {"send"}
    assert "1 records would be written, for 1 of 2 persons." in done.stdout


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ('activities = "inline"', "ServiceRequest.requester: has no place in a detail"),
        ('receives = "document"', "everything goes as text in one document"),
    ],
)
def test_check_lists_what_the_form_cannot_hold(
    lived_in: Installation, invoke: Invoke, tmp_path: Path, form: str, says: str
) -> None:
    done = invoke("check", "--offline", "-c", formed(lived_in, tmp_path, form).config)
    assert says in " ".join(done.output.split())


def test_a_form_of_a_system_that_is_no_fhir_server_is_a_mistake(
    installation: Installation, invoke: Invoke
) -> None:
    text = installation.config.read_text()
    wrong = text.replace('audience = "participants"', 'audience = "participants"\nactivities = "inline"', 1)
    installation.config.write_text(wrong)
    done = invoke("check", "--offline", "-c", installation.config)
    assert done.exit_code == 1
    assert "`activities` and `receives` are of a FHIR server" in " ".join(done.output.split())
