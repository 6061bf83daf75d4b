"""Two persons that turn out to be one, and are two again: the audit stays as it was written, and each is told
of the looks at what is about them."""

from __future__ import annotations

from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.hub import links
from gateway.hub.audit.listing import Looked, Wanted, looked
from gateway.hub.audit.verify import verify
from tests.exchange.merging import BY, merge, merging
from tests.exchange.test_merging import CHILD, OTHER, both
from tests.intake.conftest import here as here
from tests.intake.world import NOW, TENANT, World


def told(here: World, person: str) -> list[Looked]:
    with here.service.store.read(TENANT) as connection:
        return [one for one in looked(connection, TENANT, Wanted(person=person)) if one.items]


def whole(here: World) -> None:
    with here.service.store.read(TENANT) as connection:
        found = verify(connection, TENANT, [])
    assert found.faults == []
    assert found.disclosures


def read(here: World, person: str, *natives: str) -> list[str]:
    """BUP reads these; what they are in the hub."""
    with here.service.store.write(TENANT) as connection:
        names = links.names(connection, TENANT, "stafettlogg", list(natives))
        refs = [names[one].ref for one in natives]
        items = tuple(Disclosed(ref, 1, ("maal",), "G1", (), ()) for ref in refs)
        attempt = Attempt(disclosures.new_id(), person, items)
        disclosures.begin(
            connection, TENANT, [attempt], recipient="bup", channel="read",
            run=0, epoch=1, owner=None, now=NOW, deadline=None, state=disclosures.DELIVERED,
        )  # fmt: skip
    return refs


def test_each_is_told_of_its_own_before_between_and_after(here: World) -> None:
    kept, joined = both(here)
    own, theirs = f"{CHILD.log}-m1", f"{OTHER.log}-m1"
    read(here, joined, theirs)
    for _ in range(2):
        done = merge(here, CHILD, OTHER)
        whole(here)
        first, second = read(here, kept, own, theirs)
        assert {ref for one in told(here, kept) for ref, _ in one.items} == {first, second}
        merging(here).undo(kept, done.id, BY, NOW)
        whole(here)
        assert {ref for one in told(here, kept) for ref, _ in one.items} == {first}
        assert {ref for one in told(here, joined) for ref, _ in one.items} == {second}
    assert [one.kind for one in told(here, kept)] == ["read", "read"]
    assert [one.kind for one in told(here, joined)] == ["read", "read", "read"]
    assert len({one.subject for one in told(here, joined)}) == 3
