"""Every forged request that each protected route refuses. `python -m tests.access.forged` writes them into
docs/tokens-in.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.access.forged_proofs import PROOFS
from tests.access.forged_showing import SHOWING
from tests.access.forged_tokens import TOKENS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tokens-in.md"
PARTS = {"token": TOKENS, "shown": SHOWING, "proof": PROOFS}
FORGED = tuple(replace(one, name=f"{part}: {one.name}") for part, rows in PARTS.items() for one in rows)


def page(text: str) -> str:
    """The page with the table as it is now."""
    before, after = text.split("<!-- forged -->\n")[0], text.split("<!-- /forged -->")[1]
    return f"{before}<!-- forged -->\n{_table()}<!-- /forged -->{after}"


def _table() -> str:
    """One row for each code of refusal."""
    rows = [f"{len(FORGED)} requests:\n", "| code | error | what is forged |", "| --- | --- | --- |"]
    for code in sorted({one.code for one in FORGED}):
        found = [one for one in FORGED if one.code == code]
        error = f"`{found[0].error}`" if found[0].error else ""
        rows.append(f"| `{code}` | {error} | {'; '.join(one.name for one in found)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
