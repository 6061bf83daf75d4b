"""HL7's own validator as a process: what it has to say of resources. It lies in build/conformance, where
Maven puts it (`make conformance`), and asks nobody while it judges.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from mappings import jsontext
from mappings.canonical import DOCUMENT_TYPE
from mappings.model import Resource
from tests.conformance.emitted import Emitted

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = ROOT / "build" / "conformance" / "conformance.jar"
NATIONAL: Final = ROOT.parent / "shared" / "profiles"
LONGEST: Final = 540.0  # seconds
# HAPI's terminology calls a code an error that a binding only prefers others to; HL7's own message beside it
# says so, and an information.
ONLY_PREFERRED: Final = "Terminology_TX_NoValid_18"
PASSED_THROUGH: Final = "Terminology_PassThrough_TX_Message"
OPTIONS: Final = ("-Xmx3g", "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1")  # one short run


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the validator says. severity: fatal, error, warning, information."""

    name: str
    resource_type: str
    severity: str
    location: str
    message_id: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity} {self.name} {self.location}: {self.message}"


def needed() -> None:
    """Skip without Java or the built program; in CI that is a failure."""
    missing = None if shutil.which("java") else "java is missing (Debian: openjdk-17-jre-headless)"
    if missing is None and not NATIONAL.is_dir():
        pytest.skip("the national profiles are missing (../shared/profiles): ours stand on them")
    if missing is None and not PROGRAM.is_file():
        missing = "the validator is not built: `make conformance` builds it (needs Maven)"
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing}, and in CI HL7's validator must judge")
    if missing:
        pytest.skip(missing)


def judge(
    folder: Path, cases: Iterable[tuple[Emitted, Sequence[str]]], definitions: Iterable[Path]
) -> Iterator[tuple[str, Finding]]:
    """What the validator finds in resources, each judged by R4 and by the profiles named with it, and the set
    that each is of. definitions: folders of what else it is to know."""
    asked = [
        {"set": one.set, "name": one.name, "profiles": profiles, "resource": one.resource}
        for one, profiles in cases
    ]
    question, answer = folder / "asked.ndjson", folder / "said.ndjson"
    question.write_bytes(b"".join(jsontext.encode(one) + b"\n" for one in asked))
    run = ["java", *OPTIONS, "-jar", PROGRAM, question, answer, *definitions]
    subprocess.run(run, check=True, timeout=LONGEST, stderr=subprocess.DEVNULL)
    *said, last = [jsontext.decode(line) for line in answer.read_bytes().splitlines()]
    assert last == {"judged": len(asked)}
    preferred = {(one["index"], one.get("location")) for one in said if one.get("id") == ONLY_PREFERRED}
    for one in said:
        if one.get("id") == PASSED_THROUGH and (one["index"], one.get("location")) in preferred:
            one = {**one, "severity": "information"}
        yield one["set"], _finding(asked[one["index"]], one)


def _finding(asked: dict[str, Any], said: dict[str, Any]) -> Finding:
    return Finding(
        name=f"{said['set']}: {said['name']}",
        resource_type=asked["resource"]["resourceType"],
        severity=said["severity"],
        location=said.get("location") or "",
        message_id=said.get("id") or "",
        message=said["message"],
    )


def write(path: Path, resource: Resource) -> None:
    """A resource as a file of a package."""
    path.write_bytes(jsontext.encode(resource))


def document_types() -> Resource:
    """Volven 9602 as far as the national value set lists its codes: no package here has the code system, and
    the validator takes no code of a system it does not know."""
    space = {"f": "http://hl7.org/fhir"}
    root = ElementTree.parse(NATIONAL / "no-basis" / "no-basis-documentreference-type.valueset.xml")
    codes = [one.attrib["value"] for one in root.iterfind(".//f:concept/f:code", space)]
    return {
        "resourceType": "CodeSystem", "id": "volven-9602", "url": DOCUMENT_TYPE, "status": "active",
        "content": "fragment", "concept": [{"code": code} for code in codes],
    }  # fmt: skip


def without_network(one: Emitted) -> Emitted:
    """A definition as it can be judged here: where an extension's context is an element, the validator wants
    R4's own package from the network to look the element up."""
    if one.resource.get("type") != "Extension":
        return one
    contexts = [{**context, "type": "fhirpath"} for context in one.resource["context"]]
    return Emitted(one.set, one.name, {**one.resource, "context": contexts})
