"""What the guide to connecting a system tells the reader to write, works as it stands there."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from gateway.config import Settings
from mappings import load
from mappings.model import EMPTY, ITEM, Ids, Record, RecordMapping, RecordRefused

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "connecting-a-system.md").read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
RECORD: Record = json.loads(re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)[1])  # type: ignore[index]
IDS = Ids(
    subject="Patient/1",
    frame="CarePlan/1",
    system="helseforum",
    refs={"HF-204": "Goal/1", "HF-7": "CarePlan/1"},
    natives={"Goal/1": "HF-204", "CarePlan/1": "HF-7"},
)


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> RecordMapping:
    path = tmp_path_factory.mktemp("guide") / "helseforum.toml"
    path.write_text(next(text for text in TOML if text.startswith("[system]")), encoding="utf-8")
    return load(str(path))


def test_its_mapping_takes_its_record_and_gives_it_back(mapping: RecordMapping) -> None:
    heading = mapping.describe(RECORD)
    assert (heading.id, heading.frame, heading.resource_type) == ("HF-204", "HF-7", "Goal")
    assert mapping.get(mapping.put(RECORD, EMPTY, IDS), IDS) == RECORD


def test_the_goal_stands_where_a_fhir_reader_looks(mapping: RecordMapping) -> None:
    goal = mapping.put(RECORD, EMPTY, IDS).focus[ITEM]
    assert goal["description"]["text"] == RECORD["beskrivelse"]
    assert (goal["lifecycleStatus"], goal["target"]) == ("active", [{"dueDate": "2027-01-15"}])


def test_what_the_file_does_not_name_stays_with_the_vendor(mapping: RecordMapping) -> None:
    assert "grønn" not in json.dumps(dict(mapping.put(RECORD, EMPTY, IDS).focus), ensure_ascii=False)


def test_a_word_the_code_table_lacks_is_refused_by_field(mapping: RecordMapping) -> None:
    with pytest.raises(RecordRefused) as refused:
        mapping.describe({**RECORD, "tilstand": "på vent"})
    assert [problem.field for problem in refused.value.problems] == ["tilstand"]


def test_its_configuration_is_one_that_loads() -> None:
    system, route = (next(t for t in TOML if t.startswith(head)) for head in ("[[systems]]", "[[routes]]"))
    written = tomllib.loads(system) | tomllib.loads(route)
    bup = {
        "id": "bup",
        "tenant": "fjordbyen",
        "adapter": "fhir",
        "organization": "343231946",
        "deliver": "pull",
    }
    issuer = {"issuer": "https://login.fjordbyen.example", "audience": "x"}
    around = {"tenants": [{"id": "fjordbyen", "name": "Fjordbyen"}], "issuers": [issuer]}
    settings = Settings.model_validate(written | around | {"systems": [*written["systems"], bup]})
    assert settings.route("helseforum", "bup") is None, "the guide keeps the route closed at first"
