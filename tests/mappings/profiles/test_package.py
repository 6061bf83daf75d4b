"""The FHIR package: its manifest, its index, a base of one's own, and the same bytes for the same content."""

from __future__ import annotations

import io
import tarfile

from gateway.api.capability import statement
from gateway.api.published import capability, contents
from mappings import canonical, jsontext
from mappings.model import Json
from mappings.profiles.package import packed


def unpacked(package: bytes) -> dict[str, Json]:
    with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as tar:
        files = {one.name: tar.extractfile(one) for one in tar.getmembers()}
        return {name: jsontext.decode(file.read()) for name, file in files.items() if file is not None}


def test_the_manifest_says_what_the_package_is_and_stands_on() -> None:
    manifest = unpacked(packed(contents()))["package/package.json"]
    assert (manifest["name"], manifest["fhirVersions"]) == ("stafettbro.fhir", ["4.0.1"])
    assert manifest["dependencies"]["hl7.fhir.r4.core"] == "4.0.1"
    assert manifest["canonical"] == canonical.BASE


def test_the_index_names_every_definition_and_nothing_else() -> None:
    files = unpacked(packed(contents()))
    index = {one["filename"]: one for one in files["package/.index.json"]["files"]}
    there = {
        name.removeprefix("package/")
        for name in files
        if "resourceType" in files[name] and not name.startswith("package/example/")
    }
    assert set(index) == there
    assert index["StructureDefinition-maal.json"]["url"] == canonical.extension("maal")
    assert index["StructureDefinition-maal.json"]["type"] == "Goal"


def test_another_base_takes_the_place_of_ours_everywhere() -> None:
    own = "https://fjordbyen.kommune.no/fhir"
    files = unpacked(packed(contents(), f"{own}/"))
    text = jsontext.encode(files).decode()
    assert canonical.BASE not in text
    assert files["package/package.json"]["canonical"] == own
    assert files["package/CodeSystem-tjeneste.json"]["url"] == f"{own}/CodeSystem/tjeneste"


def test_the_same_content_gives_the_same_bytes() -> None:
    assert packed(contents()) == packed(contents())


def test_the_statement_claims_what_a_gateway_claims_and_no_address() -> None:
    published, served = capability(), statement("https://gateway.example/fhir")
    assert published["rest"] == served["rest"]
    assert (published["kind"], "implementation" in published) == ("capability", False)
    assert "package/CapabilityStatement-gateway.json" in dict(contents())
