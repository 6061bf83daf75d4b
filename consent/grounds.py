"""Grounds other than consent: health care among itself (G2), the administration's own task (G3), danger to
life or health (G4). Each is narrow: what it asks for must be known to be so.
"""

from __future__ import annotations

from typing import Final

from consent.blocks import Marks, overridden
from consent.deciders import Deciders
from consent.model import Basis, Category, Emergency, Regime, Request
from consent.people import CHILD
from consent.standing import Standing

_LIMBS: Final = frozenset({"agency", "purpose", "task"})
_GIVERS: Final = {
    Regime.ADMINISTRATION: _LIMBS,
    Regime.EDUCATION: _LIMBS,
    Regime.SOCIAL: _LIMBS,
    Regime.CHILD_WELFARE: frozenset({"task"}),
}
_TAKERS: Final = frozenset(Regime) - {Regime.PRIVATE, Regime.POLICE}


def in_danger(request: Request) -> bool:
    """Whether a named person shares this item with this recipient because of danger to life or health
    (G4)."""
    act = request.emergency
    if not isinstance(act, Emergency):
        return False
    return (
        bool(act.by.strip() and act.reason.strip())
        and act.item == request.item.id
        and act.recipient == request.recipient.system
    )


def by_route(
    number: str, request: Request, standing: Standing, marks: Marks, deciders: Deciders
) -> str | None:
    """ "G2" or "G3" where the route's basis carries the item to this organization."""
    basis, item = request.basis, request.item
    if not isinstance(basis, Basis) or not (basis.reason.strip() and basis.role.strip()):
        return None
    if deciders.keys is None or marks.hidden or item.sensitivity or Category.SAMTYKKE in item.categories:
        return None
    if not item.categories <= basis.categories:
        return None
    among = _among_health(number, request, standing, marks) if basis.ground == "G2" else None
    administration = _of_administration(number, basis, request, standing) if basis.ground == "G3" else None
    if not (among or administration) or _against(number, request, standing, deciders):
        return None
    return basis.ground


def _among_health(number: str, request: Request, standing: Standing, marks: Marks) -> bool:
    """Both give health care, the author is health personnel, and the patient has not blocked it."""
    item = request.item
    return (
        item.by_health_personnel is True
        and all(standing.regime(writer) == Regime.HEALTH for writer in item.writers)
        and standing.regime(number) == Regime.HEALTH
        and "NORS" not in marks.labels
    )


def _of_administration(number: str, basis: Basis, request: Request, standing: Standing) -> bool:
    givers, taker = {standing.regime(writer) for writer in request.item.writers}, standing.regime(number)
    giver = givers.pop() if len(givers) == 1 else None
    limbs = next((limbs for regime, limbs in _GIVERS.items() if regime == giver), frozenset[str]())
    if basis.limb not in limbs or taker not in _TAKERS:
        return False
    if basis.limb != "agency":
        return True
    agencies = standing.world.agencies
    own = {agencies.get(writer or "") for writer in request.item.writers}
    return None not in own and own == {agencies.get(number)}


def _against(number: str, request: Request, standing: Standing, deciders: Deciders) -> bool:
    """Whether anyone who has a say refused this recipient or took a consent back. That is an objection
    (B2)."""
    if overridden(number, request.item, standing):
        return False
    everyone = sorted(deciders.everyone | {CHILD})
    return any(standing.will(giver, number, request.purpose).objects(request.item) for giver in everyone)
