"""What a record is called: its id by its own fields, "id" or several, "{LoggNr}/{RadNr}"; both ways."""

from __future__ import annotations

from mappings.lens.wording import wording
from mappings.model import Json, Record


class Identity:
    """The naming of one record type."""

    def __init__(self, text: str) -> None:
        self._wording = wording(text)
        self.names = self._wording.names
        self.only = self.names[0] if text == f"{{{self.names[0]}}}" else None  # the one field that is the id

    def of(self, native: Record) -> str | None:
        """The id a record carries; None where it carries none."""
        if self.only is not None:
            own = native.get(self.only)
            return own if isinstance(own, str) and own else None
        return self._wording.filled(native)

    def fields(self, own: str) -> dict[str, Json]:
        """The fields that say this id. One of another form, as our own ids are, goes whole into the last."""
        if self.only is not None:
            return {self.only: own}
        return self._wording.parts(own) or {self.names[-1]: own}
