"""Who may refer to whom: the rules that hold where the configuration says nothing, and its own, dated."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.config import ReferralRule
from gateway.intake.referring import Referrer, returned
from mappings.referrals import Referral

TODAY = date(2026, 11, 21)


def may(
    referrer: Referrer | None,
    *rules: dict[str, Any],
    service: str | None = "bup",
    organization: str | None = None,
    services: tuple[str, ...] = (),
) -> bool:
    referral = Referral(service, organization, "PractitionerRole/x", ())
    given = [ReferralRule.model_validate(rule) for rule in rules]
    return returned(referral, referrer, services, given, TODAY) is None


@pytest.mark.parametrize(
    ("referrer", "allowed"),
    [
        (Referrer("fastlege", health_personnel=True), True),
        (Referrer("fastlege", health_personnel=False), False),
        (Referrer("kommunepsykolog", health_personnel=True), True),
        (Referrer("kommunepsykolog", health_personnel=False), False),
        (Referrer("barnevern", health_personnel=False), True),
        (Referrer("helsestasjon", health_personnel=True), False),
        (Referrer("helsestasjon", health_personnel=True, professions=frozenset({"LE"})), True),
        (Referrer("skolehelsetjeneste", health_personnel=True, professions=frozenset({"SP"})), False),
        (Referrer("ppt", health_personnel=False), False),
        (Referrer("ppt", health_personnel=False, professions=frozenset({"PS"})), False),
        (Referrer("skole", health_personnel=False), False),
        (Referrer(None, health_personnel=True), False),
        (None, False),
    ],
)
def test_to_bup_refer_doctors_psychologists_and_child_welfare(
    referrer: Referrer | None, allowed: bool
) -> None:
    assert may(referrer) is allowed
    assert may(referrer, service=None, organization="343231946", services=("bup",)) is allowed


def test_to_others_anybody_refers_unless_a_rule_says_otherwise() -> None:
    teacher = Referrer("skole", health_personnel=False)
    assert may(teacher, service="ppt")
    rule = {"recipient": "ppt", "services": ["barnehage"]}
    assert not may(teacher, rule, service="ppt")
    assert may(Referrer("barnehage", health_personnel=False), rule, service="ppt")


def test_a_rule_of_the_configuration_takes_the_place_of_those_that_hold_by_themselves() -> None:
    nurse = Referrer("helsestasjon", health_personnel=True)
    rule = {"recipient": "bup", "services": ["helsestasjon"]}
    assert may(nurse, rule)
    assert not may(Referrer("fastlege", health_personnel=True), rule)
    own = {"recipient": "343231946", "services": ["helsestasjon"]}
    assert may(nurse, own, service=None, organization="343231946", services=("bup",))
    assert not may(nurse, own), "another BUP"


@pytest.mark.parametrize(
    ("dates", "allowed"),
    [
        ({"since": "2026-11-21"}, True),
        ({"since": "2026-11-22"}, False),
        ({"until": "2026-11-21"}, True),
        ({"until": "2026-11-20"}, False),
    ],
)
def test_a_rule_holds_from_its_first_day_to_its_last(dates: dict[str, str], allowed: bool) -> None:
    nurse = Referrer("helsestasjon", health_personnel=True)
    assert may(nurse, {"recipient": "bup", "services": ["helsestasjon"], **dates}) is allowed


def test_the_answer_says_who_may() -> None:
    referral = Referral("bup", None, "PractitionerRole/x", ())
    nurse = returned(referral, Referrer("helsestasjon", health_personnel=True), (), (), TODAY)
    assert nurse is not None
    assert nurse.why == "Helsestasjonen kan ikke henvise til BUP."
    assert "fastlegen, kommunepsykologen, lege, psykolog og barneverntjenesten" in nurse.way
    nobody = returned(referral, None, (), (), TODAY)
    assert nobody is not None
    assert nobody.why == "Henvisningen til BUP sier ikke hvem som henviser."
    none = ReferralRule.model_validate({"recipient": "bup", "services": ["fastlege"], "until": "2026-01-01"})
    closed = returned(referral, None, (), [none], TODAY)
    assert closed is not None
    assert closed.way.startswith("Ingen kan henvise dit nå.")
