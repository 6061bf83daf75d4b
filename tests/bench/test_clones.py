"""What the bench of size writes for its children opens as if the gateway had written it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.scale.clones import _Said
from bench.scale.patterns import Hidden, Pattern, Sealed
from bench.scale.seals import Seals, enter, key_store_of
from bench.scale.world import TENANT, settings
from gateway.hub.persons import IdentifierKey
from gateway.keys.keyring import Keyring, SealBroken
from mappings.canonical import FNR

PERSONS = ("first", "second", "third")
SEED = 7
PLACE = Pattern(b"link\x00fjordbyen\x00Goal/%b", (0,))
PLAIN = Pattern(b'{"id":"%b","of":"%b-m1"}', (0, "barn"))


@pytest.fixture
def rings(tmp_path: Path) -> Iterator[tuple[Seals, Keyring]]:
    """What seals for the children, and the keyring of a gateway on the same key store."""
    given = settings("", tmp_path)
    enter(given, TENANT, PERSONS, SEED)
    ring = Keyring.of(given.keys, tmp_path)
    yield Seals(given, TENANT, PERSONS, SEED), ring
    ring.close()


def said(child: int, seals: Seals) -> _Said:
    """What stands in a child's gaps."""
    return _Said(child, 10 ** (20 + child), [3], 1000, seals)


@pytest.mark.parametrize(("own", "whose"), [(True, "second"), (False, "")])
def test_content_opens_in_its_place_by_whose_key_it_is(
    rings: tuple[Seals, Keyring], tmp_path: Path, own: bool, whose: str
) -> None:
    seals, ring = rings
    here = said(1, seals)
    sealed = here.filled(Pattern(b"%b", (Sealed(PLACE, PLAIN, own),)))
    plain = here.filled(PLAIN)
    assert ring.open(TENANT, here.filled(PLACE), sealed) == plain
    assert b"barn-0000001-m1" in plain
    store = key_store_of(settings("", tmp_path))
    assert store.by_id(sealed[1:17]).person == whose
    store.close()
    with pytest.raises(SealBroken):
        ring.open(TENANT, said(2, seals).filled(PLACE), sealed)


def test_names_and_numbers_are_found_again(rings: tuple[Seals, Keyring], tmp_path: Path) -> None:
    seals, ring = rings
    here = said(2, seals)
    hidden = here.filled(Pattern(b"%b", (Hidden(Pattern(b"%b-m1", ("barn",))),)))
    assert hidden.decode() == ring.hide("barn-0000002-m1")
    key = IdentifierKey.of(settings("", tmp_path))
    assert here["hash"].decode() == key.hash(FNR, here["number"].decode())


def test_a_row_is_as_long_as_it_says(rings: tuple[Seals, Keyring]) -> None:
    gaps = (0, "barn", "plan", "number", "hash", "count", Hidden(PLAIN), Sealed(PLACE, PLAIN, True))
    row = Pattern(b"|".join([b"%b"] * len(gaps)), gaps)
    assert len(said(0, rings[0]).filled(row)) == row.width
