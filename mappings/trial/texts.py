"""Native texts that hold several values: a list with a sign between, or named parts by a wording."""

from __future__ import annotations

from mappings.lens.declaration import Field, SystemDeclaration
from mappings.lens.wording import taken_apart, wording
from mappings.trial.choices import Maker, members
from mappings.trial.values import value


def joined(made: Maker, separator: str) -> Maker:
    """The values of a list in one text, those without the sign that stands between them."""
    sign = separator.strip() or separator

    def make(data: bytes, at: int) -> str:
        said = [" ".join(str(one).replace(sign, " ").split()) for one in made.make(data, at)]
        return separator.join(filter(None, said)) or "a"

    return Maker(made.size, make)


def worded(declared: SystemDeclaration, field: Field, text: str) -> Maker:
    """A text that holds several values; the simplest where those chosen could not be told apart."""
    names = wording(text).names
    made = members([(f.name, value(declared, f, clean=True)) for f in field.fields if f.name in names])
    simplest = str(wording(text).filled(made.make(bytes(made.size), 0)))

    def make(data: bytes, at: int) -> str:
        chosen = made.make(data, at)
        said = wording(text).filled(chosen)
        return said if said and taken_apart(field.parts, said) == chosen else simplest

    return Maker(made.size, make)
