"""Ways into a resource: one place is read and written, all else stays, and nothing that was given changes."""

from __future__ import annotations

from mappings.lens.patterns import Pattern
from mappings.lens.ways import Names, way

OTHER, MINE = {"type": "author", "who": "a"}, {"type": "enterer", "who": "b"}
NAMES = Names({"kort": "urn:long"}, {"skriver": Pattern({"type": "enterer"}, or_first=True)})
WRITER = way("agent{skriver}.who", NAMES)


def test_the_element_that_is_meant_is_written_wherever_it_stands() -> None:
    for agents in ([OTHER, MINE], [MINE, OTHER]):
        written = [{**a, "who": "c"} if a is MINE else a for a in agents]
        assert WRITER.put({"agent": agents}, "c") == {"agent": written}
        assert WRITER.get({"agent": agents}) == "b"


def test_for_want_of_one_the_first_is_read_and_written_if_it_says_nothing_else() -> None:
    assert WRITER.get({"agent": [{"who": "x"}, OTHER]}) == "x"
    assert WRITER.put({"agent": [{"who": "x"}, OTHER]}, "c") == {"agent": [{"who": "c"}, OTHER]}
    assert WRITER.get({"agent": [OTHER]}) == "a"
    assert WRITER.put({"agent": [OTHER]}, "c") == {"agent": [OTHER, {"type": "enterer", "who": "c"}]}


def test_what_is_read_of_the_first_is_taken_away_there_too() -> None:
    assert WRITER.put({"agent": [OTHER]}, None) == {"agent": [{"type": "author"}]}
    assert WRITER.put({"agent": [{"who": "x"}]}, None) is None
