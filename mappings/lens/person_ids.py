"""The lens of a national number whose kind shows in its digits: it stands on the person itself, among
identifiers that others gave.
"""

from __future__ import annotations

from typing import Final

from mappings import canonical
from mappings.lens.national import kind_of
from mappings.lens.values import Lens, text
from mappings.model import Ids, Json

NATIONAL: Final = {"fnr": canonical.FNR, "dnr": canonical.DNR, "fhn": canonical.FHN}
_SYSTEMS: Final = frozenset(NATIONAL.values())


def _get(node: Json, _: Ids) -> Json:
    return next((i.get("value") for i in node.get("identifier") or () if i.get("system") in _SYSTEMS), None)


def _put(node: Json, value: Json, _: Ids) -> Json:
    old = node or {}
    others = [i for i in old.get("identifier") or () if i.get("system") not in _SYSTEMS]
    number = None if value is None else text(value)
    own = [{"system": NATIONAL[kind_of(number)], "value": number}] if number else []
    left = {k: v for k, v in old.items() if k != "identifier"}
    return {**left, "identifier": [*own, *others]} if own or others else left


PERSON_ID: Final = Lens(_get, _put)
