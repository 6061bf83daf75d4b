"""What guardians may know of a report, in words for the one who reported and for child welfare. Shows nothing
to guardians itself: no page, log or export of ours tells of a report at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from consent import reporting

_SUSPICION: Final = (
    "Foresatte skal ikke informeres av melder, og de skal ikke kunne finne noe spor av meldingen.",
    "Føresette skal ikkje informerast av meldaren, og dei skal ikkje kunne finne noko spor av meldinga.",
)
_LATER: Final = (
    "Foresatte er ikke informert, av en grunn som står i meldingen. Til de er informert, skal de ikke kunne "
    "finne noe spor av den.",
    "Føresette er ikkje informerte, av ein grunn som står i meldinga. Til dei er informerte, skal dei ikkje "
    "kunne finne noko spor av henne.",
)
_TOLD: Final = (
    "Foresatte er informert. De kan be om å få se meldingen hos den som meldte og hos barneverntjenesten.",
    "Føresette er informerte. Dei kan be om å få sjå meldinga hos den som melde og hos barneverntenesta.",
)


def told(report: Mapping[str, Any]) -> dict[str, Any]:
    """Whether guardians may see that there is a report, whether they are to be informed, and why."""
    hidden = reporting.hidden(report)
    nb, nn = _SUSPICION if reporting.suspects(report) else _LATER if hidden else _TOLD
    return {
        "maySee": not hidden,
        "mustBeInformed": reporting.must_inform_guardians(report),
        "nb": nb,
        "nn": nn,
    }
