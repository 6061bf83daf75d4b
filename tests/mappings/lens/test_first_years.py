"""The first years that FHIR can write, in a system's own form."""

from __future__ import annotations

from mappings.lens.forms import DateForm


def test_a_time_whose_local_year_fhir_could_not_write_is_not_said() -> None:
    form = DateForm("dd.MM.yyyy HH:mm", "Europe/Oslo")
    assert form.native("1000-01-01T00:00:00+14:00") is None  # still 999 in Oslo, and could not be read back
    assert form.native("1000-01-02T00:00:00Z") == "02.01.1000 00:43"
