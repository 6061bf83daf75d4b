"""Content is sealed for one row, by a key that can be destroyed; the key-encryption key changes under it."""

from __future__ import annotations

import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys.key_store import KeyDestroyed, KeyStore
from gateway.keys.keyring import KEPT_SECONDS, Keyring, SealBroken
from gateway.keys.wrapping import KeyUnknown, LocalKeys

TENANT, PERSON, PLACE, PLAIN = "fjordbyen", "p1", b"goal\x001", b'{"a":1}'
OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


class Clock:
    """Seconds, as somebody says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def ring(folder: Path, *keys: bytes, clock: Clock | None = None) -> Keyring:
    return Keyring(KeyStore(f"sqlite:///{folder / 'keys.db'}", LocalKeys(keys or (OLD,))), clock or Clock())


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return ring(tmp_path)


def test_what_was_sealed_opens_also_in_another_process(keys: Keyring, tmp_path: Path) -> None:
    sealed = keys.seal(TENANT, PERSON, PLACE, PLAIN)
    assert PLAIN not in sealed
    assert ring(tmp_path).open(TENANT, PLACE, sealed) == PLAIN
    assert keys.seal(TENANT, PERSON, PLACE, PLAIN) != sealed


@pytest.mark.parametrize("at", [0, 1, 16, 17, 28, 29, -1])
def test_each_changed_byte_is_noticed(keys: Keyring, at: int) -> None:
    sealed = bytearray(keys.seal(TENANT, PERSON, PLACE, PLAIN))
    sealed[at] ^= 1
    with pytest.raises((SealBroken, KeyDestroyed)):
        keys.open(TENANT, PLACE, bytes(sealed))


@pytest.mark.parametrize(("tenant", "place"), [(TENANT, b"goal\x002"), ("nabokommunen", PLACE)])
def test_in_another_row_or_for_another_tenant_it_does_not_open(
    keys: Keyring, tenant: str, place: bytes
) -> None:
    with pytest.raises(SealBroken):
        keys.open(tenant, place, keys.seal(TENANT, PERSON, PLACE, PLAIN))


def test_a_destroyed_key_opens_nothing_and_is_not_made_anew(tmp_path: Path) -> None:
    clock = Clock()
    keys, elsewhere = ring(tmp_path), ring(tmp_path, clock=clock)
    sealed, other = (keys.seal(TENANT, who, PLACE, PLAIN) for who in (PERSON, "p2"))
    assert elsewhere.open(TENANT, PLACE, sealed) == PLAIN
    assert keys.destroy(TENANT, PERSON)
    assert not keys.destroy(TENANT, PERSON)
    for one in (keys, ring(tmp_path)):
        with pytest.raises(KeyDestroyed):
            one.open(TENANT, PLACE, sealed)
        with pytest.raises(KeyDestroyed):
            one.seal(TENANT, PERSON, PLACE, PLAIN)
    clock.now = KEPT_SECONDS + 1
    with pytest.raises(KeyDestroyed):
        elsewhere.open(TENANT, PLACE, sealed)
    assert keys.open(TENANT, PLACE, other) == PLAIN


def test_of_a_destroyed_key_nothing_is_left_in_the_files_nor_long_in_memory(tmp_path: Path) -> None:
    clock = Clock()
    keys, elsewhere = ring(tmp_path), ring(tmp_path, clock=clock)
    sealed = keys.seal(TENANT, PERSON, PLACE, PLAIN)
    elsewhere.open(TENANT, PLACE, sealed)
    with closing(sqlite3.connect(tmp_path / "keys.db")) as database:
        (wrapped,) = database.execute("SELECT wrapped FROM content_key").fetchone()
    assert any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    keys.destroy(TENANT, PERSON)
    assert not any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    clock.now = KEPT_SECONDS + 1
    elsewhere.seal(TENANT, "p2", PLACE, PLAIN)
    assert {key.person for _, key, _ in elsewhere._kept.values()} == {"p2"}


def test_several_processes_may_begin_a_key_store_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        begun = list(threads.map(lambda _: ring(tmp_path), range(8)))
        sealed = list(threads.map(lambda one: one.seal(TENANT, PERSON, PLACE, PLAIN), begun))
    assert len({one[:17] for one in sealed}) == 1


def test_who_is_destroyed_before_there_was_a_key_never_gets_one(keys: Keyring) -> None:
    assert not keys.destroy(TENANT, PERSON)
    with pytest.raises(KeyDestroyed):
        keys.seal(TENANT, PERSON, PLACE, PLAIN)


def test_the_key_encryption_key_is_replaced_while_everybody_works(tmp_path: Path) -> None:
    people = [f"p{n}" for n in range(7)]
    sealed = {who: ring(tmp_path).seal(TENANT, who, PLACE, PLAIN) for who in people}
    both = ring(tmp_path, NEW, OLD)
    assert both.open(TENANT, PLACE, sealed["p0"]) == PLAIN
    late = both.seal(TENANT, "p9", PLACE, PLAIN)
    store = KeyStore(f"sqlite:///{tmp_path / 'keys.db'}", LocalKeys((NEW, OLD)))
    assert list(store.rewrap()) == [7]
    assert list(store.rewrap()) == []
    new = ring(tmp_path, NEW)
    assert {new.open(TENANT, PLACE, one) for one in (*sealed.values(), late)} == {PLAIN}
    with pytest.raises(KeyUnknown):
        ring(tmp_path, OLD).open(TENANT, PLACE, late)


def test_a_wrapped_key_in_anothers_place_opens_nothing(keys: Keyring, tmp_path: Path) -> None:
    sealed = keys.seal(TENANT, PERSON, PLACE, PLAIN)
    keys.seal(TENANT, "p2", PLACE, PLAIN)
    keys.close()
    with sqlite3.connect(tmp_path / "keys.db") as database:
        database.execute(
            "UPDATE content_key SET wrapped = (SELECT wrapped FROM content_key WHERE person = 'p2')"
            " WHERE person = ?", (PERSON,)
        )  # fmt: skip
    with pytest.raises(KeyUnknown):
        ring(tmp_path).open(TENANT, PLACE, sealed)


@given(name=st.text(max_size=255))
def test_a_name_is_hidden_the_same_each_time_and_shown_again(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    keys = ring(tmp_path_factory.getbasetemp())
    hidden = keys.hide(name)
    assert (keys.show(hidden), keys.hide(name)) == (name, hidden)
    assert len(name) < 4 or name not in hidden
    keys.close()


def test_the_longest_name_has_room(keys: Keyring) -> None:
    from gateway.hub.names import LENGTH

    assert len(keys.hide("🧒" * 255)) <= LENGTH
