"""What is sealed opens with its own key, in its own row, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.welfare import office
from gateway.welfare.seal import Seal, SealBroken
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.welfare.conftest import with_welfare

SEAL = Seal(bytes(range(32)))
PLACE = ("fjordbyen", "report", "1")


def test_what_is_sealed_opens_again_and_shows_nothing() -> None:
    sealed = SEAL.close({"beskrivelse": "Ola Oppdiktet"}, *PLACE)
    assert SEAL.open(sealed, *PLACE) == {"beskrivelse": "Ola Oppdiktet"}
    assert b"Ola" not in sealed
    assert SEAL.close({"beskrivelse": "Ola Oppdiktet"}, *PLACE) != sealed  # equal content does not show


@pytest.mark.parametrize(
    "place",
    [
        ("nabokommune", "report", "1"),
        ("fjordbyen", "dispatch", "1"),
        ("fjordbyen", "report", "2"),
        ("fjordbyen", "report"),
        ("fjordbyenreport", "1"),
    ],
)
def test_content_moved_to_another_row_does_not_open(place: tuple[str, ...]) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(SEAL.close({}, *PLACE), *place)


def test_another_key_opens_nothing_and_names_nothing_alike() -> None:
    other = Seal(bytes(32))
    with pytest.raises(SealBroken):
        other.open(SEAL.close({}, *PLACE), *PLACE)
    assert other.name("report", "bm-1") != SEAL.name("report", "bm-1")
    assert SEAL.name("report", "bm-1") == SEAL.name("report", "bm-1")
    assert SEAL.name("a", "bc") != SEAL.name("ab", "c")


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, by: int) -> None:
    sealed = bytearray(SEAL.close({"beskrivelse": "Ola Oppdiktet"}, *PLACE))
    sealed[at % len(sealed)] ^= by
    with pytest.raises(SealBroken):
        SEAL.open(bytes(sealed), *PLACE)


@pytest.mark.parametrize("short", [b"", b"\x01", b"\x01" + bytes(12)])
def test_what_is_cut_off_is_noticed(short: bytes) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(short, *PLACE)


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    sealed = Seal.of(None, tmp_path).close("x", *PLACE)
    assert Seal.of(None, tmp_path).open(sealed, *PLACE) == "x"
    assert (tmp_path / "welfare.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["", "abc", "g" * 64, "a" * 63, "a" * 66])
def test_a_key_that_is_none_stops_the_start(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        Seal.of(key, tmp_path)


def test_the_store_opens_with_the_key_it_was_made_with_alone(
    reports_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    settings = with_welfare(worlds.settings("sqlite:///elsewhere.db", tmp_path, issuer), reports_url)
    for _ in range(2):
        opened = office.opened(settings, lambda: worlds.NOW)
        assert opened is not None
        opened.close()
    (tmp_path / "welfare.key").unlink()  # a lost key is never silently made anew
    with pytest.raises(ConfigurationError, match="sealed with another key"):
        office.opened(settings, lambda: worlds.NOW)


def test_there_is_no_store_where_nobody_uses_it(tmp_path: Path, issuer: Issuer) -> None:
    assert (
        office.opened(worlds.settings("sqlite:///elsewhere.db", tmp_path, issuer), lambda: worlds.NOW) is None
    )
    assert list(tmp_path.iterdir()) == []
