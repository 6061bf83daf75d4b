"""Where a key of a TOML text stands, however it is written."""

from __future__ import annotations

import pytest

from mappings.lens.places import places

TEXT = '''# a comment with = and [brackets]
top = 1

[system]
name = "a # no comment"
list = [
  "x", # one
  { deep = "]" },
]

[section."MÅL".fields]
"Knyttet til mål" = { to = "a[0]", fields = { x = { to = "y" } } }
dotted.inner.key = """
[not.a.table]
name = 2"""
literal = \'\'\'
c = 1\'\'\'
when = 1979-05-27 07:32:00
after = "}" # the last

[[array.of.tables]]
a = 'b'
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("top", 2), ("system", 4), ("system.name", 5), ("system.list", 6), ("system.list.1.deep", 8),
        ("section", 11), ("section.MÅL.fields", 11), ("section.MÅL.fields.Knyttet til mål", 12),
        ("section.MÅL.fields.Knyttet til mål.fields.x.to", 12), ("section.MÅL.fields.dotted.inner.key", 13),
        ("section.MÅL.fields.literal", 16), ("section.MÅL.fields.when", 18), ("section.MÅL.fields.after", 19),
        ("array.of.tables.a", 22),
    ],
)  # fmt: skip
def test_every_key_is_found(path: str, line: int) -> None:
    assert places(TEXT)[tuple(path.split("."))] == line


def test_what_only_looks_like_a_key_is_none() -> None:
    found = places(TEXT)
    assert not [path for path in found if path[0] in ("not", "c", "brackets")]
    assert len([path for path in found if path[-1] == "name"]) == 1
