"""The words of `as` and the lens of each: which word of a mapping file means what is said only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mappings.lens.concepts import concept
from mappings.lens.declaration import Codes, Field
from mappings.lens.person_ids import PERSON_ID
from mappings.lens.person_names import PERSON_NAMES
from mappings.lens.refs import REFERENCES, by_cells, recipient
from mappings.lens.values import LEAVES, Lens, coded, dated
from mappings.lens.wording import wording

NOWHERE: Final = Lens(get=lambda _, __: None, put=lambda node, _, __: node)
SIMPLE: Final[Mapping[str, Lens]] = {**LEAVES, **PERSON_NAMES, **REFERENCES, "person-id": PERSON_ID}


def single(field: Field, codes: Mapping[str, Codes]) -> Lens:
    """The lens of a field's single value, which is neither an object nor a branch. Raises KeyError for a word
    that means no lens."""
    if field.kind == "code":
        return coded(codes[field.codes or ""])
    if field.kind == "recipient":
        return recipient(codes[field.codes or ""])
    if field.kind == "concept":
        return concept(codes[field.codes or ""], field.system or "")
    if field.form is not None:
        return dated(field.form, field.zone)
    lens = SIMPLE[field.kind]
    return lens if field.id is None else by_cells(lens, wording(field.id))
