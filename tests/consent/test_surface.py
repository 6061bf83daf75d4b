"""The names the package offers: adding one is a decision, losing one breaks its users."""

from __future__ import annotations

import consent

SURFACE = {
    *("Category", "Channel", "Consent", "Decision", "Facts", "Item", "Outcome", "Participant", "Prepared"),
    *(
        "Basis",
        "Circumstance",
        "Emergency",
        "Finding",
        "Kind",
        "Objection",
        "Override",
        "Plan",
        "Withholding",
    ),
    *("Reason", "Recipient", "Regime", "Request", "Settings"),
    *("Held", "active", "decide", "edges", "edition", "explain", "held", "places_in", "prepare", "redact"),
}


def test_the_surface_is_what_it_is_said_to_be() -> None:
    assert set(consent.__all__) == SURFACE
    assert list(consent.__all__) == sorted(consent.__all__)
    assert all(getattr(consent, name).__doc__ for name in SURFACE)
