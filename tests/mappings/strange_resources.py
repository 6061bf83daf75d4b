"""R4 resources as nobody here would write them: contained resources, extensions on primitives, gaps in lists
of primitives, decimals, fractions of seconds, all of Unicode. Valid, whatever they look like."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

PATIENT = "Patient/9"
DECIMALS = ("1.10", "0.00", "-0.50", "1E-7", "100000000000000000000", "3.141592653589793238462643383279")
INSTANTS = (
    "2015-02-07T13:28:17.239+02:00", "2016-12-31T23:59:60Z", "2026-11-20T10:00:00.123456789+01:00",
    "2012", "2012-05", "0001-01-01", "9999-12-31", "2026-11-20",
)  # fmt: skip
ODD = ["Æ", "👩\u200d👧 smiler", "לילה טוב", "e\u0301", "linje\nlinje", "<b>&amp;</b>", "x" * 40_000]
LETTERS = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters=" \u00a0")
TEXT = st.one_of(st.sampled_from(ODD), st.text(LETTERS, min_size=1, max_size=9))
REFERENCE = st.fixed_dictionaries(
    {
        "reference": st.sampled_from(
            ["#inne", "Practitioner/7", "Condition/2/_history/3", "https://x.example/Goal/1"]
        )
    },
    optional={"display": TEXT},
)
VALUE = st.one_of(
    st.builds(lambda t: {"valueString": t}, TEXT),
    st.builds(lambda d: {"valueDecimal": Decimal(d)}, st.sampled_from(DECIMALS)),
    st.builds(lambda r: {"valueReference": r}, REFERENCE),
    st.builds(
        lambda d, t: {"valueQuantity": {"value": Decimal(d), "unit": t}}, st.sampled_from(DECIMALS), TEXT
    ),
    st.just({"valueBoolean": False}),
    st.just({"valueInteger": 0}),
)
EXTENSION = st.builds(
    lambda n, v: {"url": f"http://fremmed.example/StructureDefinition/{n}", **v},
    st.sampled_from("abc"),
    st.one_of(VALUE, st.builds(lambda v: {"extension": [{"url": "del", **v}]}, VALUE)),
)
EXTENSIONS = st.lists(EXTENSION, min_size=1, max_size=3)
BESIDE = st.builds(lambda e: {"extension": e}, EXTENSIONS)
CONCEPT = st.fixed_dictionaries(
    {"text": TEXT},
    optional={
        "coding": st.lists(
            st.fixed_dictionaries(
                {"system": st.just("http://fremmed.example/koder"), "code": st.just("x-1")}
            ),
            min_size=1,
            max_size=2,
        ),
        "extension": EXTENSIONS,
        "_text": BESIDE,
    },
)
CONTAINED = st.builds(
    lambda c: [{"resourceType": "Condition", "id": "inne", "subject": {"reference": PATIENT}, "code": c}],
    CONCEPT,
)
NARRATIVE = st.builds(
    lambda s, t: {"status": s, "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{t}</p></div>'},
    st.sampled_from(["generated", "additional"]),
    st.sampled_from(["Kort", "Æ &lt; Ø", "<i>skrå</i>"]),
)
META = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.just(["http://fremmed.example/StructureDefinition/ukjent"]),
        "tag": st.just([{"system": "http://fremmed.example/merke", "code": "t", "display": "Merke"}]),
    },
).filter(bool)


@st.composite
def gapped(draw: st.DrawFn) -> dict[str, Any]:
    """A list of primitives beside its extensions; where one has a gap the other has not."""
    places = draw(st.lists(st.sampled_from(["value", "beside", "both"]), min_size=1, max_size=4))
    values = [f"http://fremmed.example/{n}" if p != "beside" else None for n, p in enumerate(places)]
    beside = [draw(BESIDE) if p != "value" else None for p in places]
    made: dict[str, Any] = {"instantiatesUri": values}
    if any(one is not None for one in beside):
        made["_instantiatesUri"] = beside
    return made if any(v is not None for v in values) else {"_instantiatesUri": beside}


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """One resource about PATIENT, without id and server's meta."""
    about = {"subject": {"reference": PATIENT}}
    base: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"resourceType": "Observation", "status": "final", "code": {"text": "Mål"}},
                {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Mål"}},
                {"resourceType": "Condition"},
                {"resourceType": "Procedure", "status": "completed"},
                {"resourceType": "Communication", "status": "completed"},
                {"resourceType": "CarePlan", "status": "active", "intent": "plan"},
                {"resourceType": "QuestionnaireResponse", "status": "completed"},
            ]
        )
    )
    kind = base["resourceType"]
    more: dict[str, st.SearchStrategy[Any]] = {
        "contained": CONTAINED,
        "extension": EXTENSIONS,
        "text": NARRATIVE,
        "meta": META,
        "language": st.just("nn"),
    }
    if kind != "QuestionnaireResponse":
        more["note"] = st.lists(
            st.fixed_dictionaries({"text": TEXT}, optional={"authorReference": REFERENCE, "_text": BESIDE}),
            min_size=1,
            max_size=3,
        )
        more["identifier"] = st.lists(
            st.fixed_dictionaries({"value": TEXT}, optional={"system": st.just("http://fremmed.example/id")}),
            min_size=1,
            max_size=2,
        )
    if kind == "Observation":
        more["valueQuantity"] = st.builds(lambda d: {"value": Decimal(d)}, st.sampled_from(DECIMALS))
        more["effectiveDateTime"] = st.sampled_from(INSTANTS)
    if kind in ("Condition", "Procedure"):
        more["code"] = CONCEPT
    made = {**base, **about, **draw(st.fixed_dictionaries({}, optional=more))}
    if "#inne" in str(made) and "contained" not in made:
        made["contained"] = draw(CONTAINED)
    if kind in ("CarePlan", "Communication") and draw(st.booleans()):
        made |= draw(gapped())
    return made
