"""A stafettlogg reached over REST: pushes to us or is polled, and takes write-backs by the system contract.

Grade: silver, with one exception: the peer of its contract tests is our own server over the published
contract, since no vendor's is to be had. Missing for gold: a vendor's test system, figures under faults, and
a quirk list.
"""

from __future__ import annotations

from adapters.rest_records import RestRecords


class Stafettlogg(RestRecords):
    """Adapter for one stafettlogg system."""

    title = "Stafettloggen"
