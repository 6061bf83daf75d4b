"""What several systems tell alike is one entry, and words are read only where that can depend on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import timeline_entry
from gateway.timeline_entry import Entry, Told, once
from mappings.model import Resource
from mappings.same_document import document_keys

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SYSTEMS, KINDS, WORDS = ("logg", "plan", "bup"), ("melding", "dokument"), ("", "Hei", "Hei på deg")


def told(number: int, system: str, kind: str, hour: int, words: str, document: str) -> Entry:
    """One entry; a document where it carries an identifier of one."""
    resource: Resource = {"resourceType": "Communication", "payload": [{"contentString": words}]}
    if document:
        named = [{"system": "urn:annet", "value": document}]
        resource = {"resourceType": "DocumentReference", "identifier": named, "description": words}
    moment = NOON + timedelta(hours=hour)
    ref = f"{resource['resourceType']}/{number}"
    return Entry(ref, ref, kind, moment.isoformat(), moment, (system,), (ref,), Told(resource, resource))


def every_key(entry: Entry) -> Iterator[Any]:
    """All that an entry could be known by, with its words read."""
    assert entry.said.resource is not None
    yield from sorted(document_keys(entry.said.resource))
    if entry.title or entry.text:
        yield entry.kind, entry.moment, entry.title, entry.text


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(SYSTEMS),
        st.sampled_from(KINDS),
        st.integers(0, 2),
        st.sampled_from(WORDS),
        st.sampled_from(("", "", "a", "b")),
    ),
    max_size=12,
).map(lambda found: [told(number, *one) for number, one in enumerate(found)])


@given(ENTRIES)
def test_what_is_joined_is_as_if_all_words_had_been_read(entries: list[Entry]) -> None:
    found = list(once(entries))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline_entry, "_Keys", lambda _: every_key)
        assert found == list(once(entries))
    assert sorted(ref for one in found for ref in one.refs) == sorted(one.resource for one in entries)


@dataclass(frozen=True)
class Sealed:
    """Words that nobody may read."""

    resource: Resource

    @property
    def title(self) -> str:
        """Fails."""
        raise AssertionError("read")

    text = title


def test_within_one_system_no_words_are_read() -> None:
    sealed = Sealed({"resourceType": "Communication"})
    ids = ("a", "b")
    entries = [Entry(own, own, "melding", "", NOON, ("logg",), (own,), sealed) for own in ids]
    assert [one.id for one in once(entries)] == ["a", "b"]
    with pytest.raises(AssertionError, match="read"):
        list(once([*entries, Entry("c", "c", "melding", "", NOON, ("plan",), ("c",), sealed)]))
