"""What a record is called, by one of its fields or by several."""

from __future__ import annotations

import pytest

from mappings.lens.identity import Identity
from mappings.model import Record


@pytest.mark.parametrize(
    ("text", "record", "own"),
    [
        ("{id}", {"id": "a"}, "a"),
        ("{id}", {"id": ""}, None),
        ("{id}", {"id": 7}, None),
        ("{id}", {}, None),
        ("{sak}/{nr}", {"sak": "7", "nr": "2"}, "7/2"),
        ("{sak}/{nr}", {"sak": "7"}, None),
        ("{sak}/{nr}", {"sak": "7", "nr": 2}, None),
        ("S{id}", {"id": "7"}, "S7"),
    ],
)
def test_the_id_of_a_record(text: str, record: Record, own: str | None) -> None:
    assert Identity(text).of(record) == own


@pytest.mark.parametrize(
    ("text", "own", "fields"),
    [
        ("{id}", "a/b", {"id": "a/b"}),
        ("{sak}/{nr}", "7/2", {"sak": "7", "nr": "2"}),
        ("{sak}/{nr}", "0b1e", {"nr": "0b1e"}),
        ("S{id}", "S7", {"id": "7"}),
        ("S{id}", "7", {"id": "7"}),
    ],
)
def test_the_fields_that_say_an_id(text: str, own: str, fields: Record) -> None:
    assert Identity(text).fields(own) == fields


def test_one_field_alone_is_the_id_and_several_are_named_in_order() -> None:
    assert (Identity("{id}").only, Identity("{id}").names) == ("id", ("id",))
    assert (Identity("{sak}/{nr}").only, Identity("{sak}/{nr}").names) == (None, ("sak", "nr"))
    assert Identity("S{id}").only is None
