"""A document is the same by an identifier it carries, or by its bytes under its title; by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical import identifier_system
from mappings.same_document import document_keys


def document(**fields: Any) -> dict[str, Any]:
    return {"resourceType": "DocumentReference", "status": "current", **fields}


def content(title: str | None, data: str | None) -> list[dict[str, Any]]:
    attachment = {k: v for k, v in (("title", title), ("data", data)) if v is not None}
    return [{"attachment": attachment}]


NUMBER = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"}
OURS = {"system": identifier_system("item"), "value": "1"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (document(masterIdentifier=NUMBER), document(identifier=[NUMBER, OURS])),
        (document(content=content("Rapport", "QQ==")), document(content=content("Rapport", "QQ=="))),
        (
            document(content=content("Rapport", "QQ==")),
            document(description="Rapport", content=content(None, "QQ==")),
        ),
    ],
)
def test_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert document_keys(one) & document_keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (document(identifier=[OURS]), document(identifier=[OURS])),  # ours tells copies apart
        (document(content=content("Rapport", "QQ==")), document(content=content("Skjema", "QQ=="))),
        (document(content=content("Rapport", "QQ==")), document(content=content("Rapport", "Qg=="))),
        (document(content=content(None, "QQ==")), document(content=content(None, "QQ=="))),
        (document(masterIdentifier={"value": "1"}), document(masterIdentifier={"value": "1"})),
        ({"resourceType": "Goal", "identifier": [NUMBER]}, {"resourceType": "Goal", "identifier": [NUMBER]}),
    ],
)
def test_not_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not document_keys(one) & document_keys(other)
