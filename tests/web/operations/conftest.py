"""Whoever operates the gateway of the pages' tests, with and without the right to see content."""

from __future__ import annotations

import pytest

from tests.web.conftest import OPERATOR, SEEING, Pages
from tests.web.person import Person


@pytest.fixture
def operator(pages: Pages) -> Person:
    """Somebody with the role, and no right to see content."""
    one = pages.person()
    one.log_in(OPERATOR, "drift")
    return one


@pytest.fixture
def seeing(pages: Pages) -> Person:
    """Somebody with both."""
    one = pages.person()
    one.log_in(SEEING, "drift")
    return one
