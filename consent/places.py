"""What reveals where somebody lives or goes (B1): the words known of that person, and the shapes of
addresses, phones and links. Says only whether a text does; redaction takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from consent.names import ENH

_STREETS: Final = (
    "gata|gaten|gate|gt|veien|vegen|vei|veg|allé|alléen|alle|plassen|plass|torget|torg|stien|bakken|kroken|"
    "svingen|tunet|brygga|kaia|kaien|jordet|åsen|lia|haugen|løkka|hagen|dalen|ringen|tråkket|smauet|smuget"
)
SHAPES: Final = re.compile(  # bounded, so that no text takes long
    rf"(?i:\b[\wæøå.-]{{0,60}}(?:{_STREETS})\.?\s*(?:nr\.?\s*)?\d)"  # a street and a number
    r"|\b[A-ZÆØÅ][\wæøå]+(?:gata|gaten|gate|veien|vegen|allé|alléen|torget|plassen)\b"  # a street's name
    r"|\b(?!19\d\d|20\d\d)\d{4}\s+[A-ZÆØÅ]"  # a postal code and place
    r"|(?i:\bpostboks\b)"
    r"|(?<!\d)(?:\+47\s?)?(?:\d{8}|\d\d \d\d \d\d \d\d|\d{3} \d\d \d{3})(?!\d)"  # a phone
    r"|\S@\S|(?i:https?://|www\.)"
)
# Words of unit names that say what kind of place it is, not which.
_GENERIC: Final = frozenset(
    """
    skole skule barnehage barnehagen barneskole ungdomsskole ungdomsskule videregaaende videregående
    vidaregåande kommune enhet eining koordinerende barnevern barneverntjeneste barneverntenesta
    helsestasjon legesenter legekontor senter tjeneste tenesta avdeling sykehus sjukehus klinikk
    fylkeskommune oppvekst private privat statlig
    """.split()  # noqa: SIM905 (a list of words)
)
_PARTS: Final = ("text", "line", "city", "district", "state", "postalCode")
_UNITS: Final = frozenset({"Organization", "Location", "HealthcareService"})
_UNIT_KEYS: Final = frozenset(
    {"organization", "managingOrganization", "serviceProvider", "location", "custodian"}
)


def reveals(text: str, places: frozenset[str]) -> bool:
    """Whether a text holds a known place or the shape of an address, phone or link."""
    pattern = _known(places)
    return bool(SHAPES.search(text) or (pattern and pattern.search(text.casefold())))


@lru_cache(maxsize=512)
def _known(places: frozenset[str]) -> re.Pattern[str] | None:
    """Each place as a whole, and each word of its name that tells which one it is, in any inflection."""
    words = {" ".join(place.casefold().split()) for place in places}
    for place in places:
        words |= {w.casefold() for w in re.findall(r"[A-ZÆØÅ][\wæøå]{3,}", place)} - _GENERIC
    every = sorted((re.escape(w).replace(r"\ ", r"\s+") for w in words if len(w) > 1), reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(every)})") if every else None


def places_in(resources: Iterable[Any]) -> frozenset[str]:
    """What a person's FHIR resources themselves say of places: names and numbers of units, addresses, meeting
    places. To be put into Facts.places."""
    found = {text.strip() for resource in resources for text in _in(resource, "")}
    return frozenset(text for text in found if text)


def _in(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _in(one, key)
    elif isinstance(node, dict):
        if _is_unit(node, key):
            yield from (str(node[k]) for k in ("display", "name") if node.get(k))
        if node.get("system") == ENH and node.get("value"):
            yield str(node["value"])
        if key in ("address", "valueAddress"):
            yield from _of_address(node)
        for name, value in node.items():
            yield from _in(value, name)


def _is_unit(node: dict[str, Any], key: str) -> bool:
    identifier = node.get("identifier")
    kind = str(node.get("reference", "")).rpartition("/")[0].rpartition("/")[2]
    return (
        key in _UNIT_KEYS
        or bool(
            {node.get("resourceType"), node.get("type") if isinstance(node.get("type"), str) else None, kind}
            & _UNITS
        )
        or (isinstance(identifier, dict) and identifier.get("system") == ENH)
    )


def _of_address(node: dict[str, Any]) -> Iterator[str]:
    for part in _PARTS:
        value = node.get(part)
        yield from (str(v) for v in (value if isinstance(value, list) else [value]) if v)
