"""The lens of a CodeableConcept: a word that a code table may know, and that stands as text in any case."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.lens.values import Lens, text
from mappings.model import Ids, Json


def concept(table: Mapping[Json, str], system: str) -> Lens:
    """Known words become a coding of this system with the word as text, all others text alone. A code wins
    over a text that says something else: whoever sets codes may not know of the text."""
    back = {code: native for native, code in reversed(list(table.items()))}

    def get(node: Json, _: Ids) -> Json:
        said = node.get("text")
        code = next((c.get("code") for c in node.get("coding") or () if c.get("system") == system), None)
        return said if code is None or table.get(said) == code else back.get(code, said)

    def put(node: Json, value: Json, _: Ids) -> Json:
        old = node or {}
        codings = [c for c in old.get("coding") or () if c.get("system") != system]
        said = None if value is None else text(value)
        if value in table:
            codings.append({"system": system, "code": table[value]})
        left = {k: v for k, v in old.items() if k not in ("coding", "text")}
        made = {**left, **({"coding": codings} if codings else {}), **({"text": said} if said else {})}
        return made or None

    return Lens(get, put)
