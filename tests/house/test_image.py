"""What describes the containers is valid and asks for little. No container engine runs here."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import check_jsonschema
import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(
    (Path(check_jsonschema.__file__).parent / "builtin_schemas/vendor/compose-spec.json").read_text()
)
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("gateway", "worker", "demo")


def faults(compose: dict[str, Any]) -> list[str]:
    """What the Compose Specification's own schema finds."""
    validator = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
    return [error.json_path for error in validator.iter_errors(compose)]


def test_the_compose_file_is_valid() -> None:
    assert faults(COMPOSE) == []


@pytest.mark.parametrize(
    ("service", "key", "value"),
    [
        ("gateway", "imagee", "x"),
        ("worker", "read_only", ["no"]),
        ("db", "ports", "5432"),
        ("gateway", "depends_on", {"db": {"condition": "somehow"}}),
    ],
)
def test_the_schema_would_see_a_mistake(service: str, key: str, value: object) -> None:
    broken = copy.deepcopy(COMPOSE)
    broken["services"][service][key] = value
    assert any(service in fault for fault in faults(broken))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_ask_for_little(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "user" not in service, "the image's own user is not root"


def test_the_database_asks_for_little_too_and_reaches_nobody() -> None:
    service = COMPOSE["services"]["db"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert not set(service["cap_add"]) - {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service
    assert [COMPOSE["networks"][name] for name in service["networks"]] == [{"internal": True}]


def test_nothing_is_open_to_other_machines_in_clear_text() -> None:
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_container_can_fill_the_machine_with_processes() -> None:
    assert all(one["pids_limit"] <= 512 for one in COMPOSE["services"].values())


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users[-1] == "10001:10001"


def test_every_step_of_the_image_but_copying_is_the_script_that_ci_runs() -> None:
    steps = re.findall(r"^RUN (.*)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert steps == ["sh .ci/image /opt/stafettbro /var/lib/stafettbro"]
    assert re.search(r"sh \S*\.ci/image", (ROOT / ".ci" / "run").read_text())


def test_no_secret_stands_in_the_compose_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    values = re.findall(r"^ +\w*(?:PASSWORD|TOKEN|SECRET)\w*: *(\S+)", text, re.MULTILINE)
    assert values
    assert [value for value in values if not re.fullmatch(r"\$\{\w+:-\}", value)] == []
