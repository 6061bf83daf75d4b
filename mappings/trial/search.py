"""The search: hypothesis makes cases of a section, and of those that break a law finds the smallest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st

from mappings import jsontext
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.trial.attempt import Bench, Broken
from mappings.trial.cases import Case, CaseMaker
from mappings.trial.laws import LAWS, tried
from mappings.trial.records import ids_for
from mappings.trial.shape import misshapen
from mappings.trial.understood import understood


@dataclass(frozen=True, slots=True)
class Finding:
    """A law that a section breaks, and the smallest case that was found."""

    section: str
    law: str
    case: Case
    broken: Broken


class _LawBroken(Exception):
    """Tells hypothesis that a case is of interest; a class for each law, so that each is shrunk by itself."""


_BY_LAW: Final = {law: type(f"Broken {law}", (_LawBroken,), {}) for law in LAWS}


def bench(mapping: SystemMapping, section: Section) -> Bench:
    """A section made ready for its laws."""
    ids = ids_for(mapping, section)
    return Bench(mapping, section, ids, understood(mapping, section, ids), misshapen)


def search(
    mapping: SystemMapping,
    section: Section,
    *,
    cases: int,
    seed: int = 0,
    laws: Iterable[str] = LAWS,
    synonyms: bool = False,
) -> tuple[Finding, ...]:
    """Put the laws to so many cases of a section. Same seed, same cases. synonyms: several words for one FHIR
    code are meant; the first is what FHIR alone gives back."""
    ready, maker = bench(mapping, section), CaseMaker(mapping, section, synonyms=synonyms)
    left, findings = list(laws), dict[str, Finding]()
    while left:
        found = _round(ready, maker, left, cases, seed)
        if not found:
            break
        findings |= found
        left = [law for law in left if law not in found]
    return tuple(findings[law] for law in LAWS if law in findings)


def _round(ready: Bench, maker: CaseMaker, laws: list[str], cases: int, seed: int) -> dict[str, Finding]:
    """The first law that each case breaks; one law may hide another."""
    smallest: dict[str, tuple[int, Finding]] = {}
    name = ready.section.declared.name

    def judge(parts: tuple[bytes, bytes, bytes, bytes, bytes]) -> None:
        case = maker.case(*parts)
        law, broken = next(tried(ready, case, laws), (None, None))
        if law is None or broken is None:
            return
        size = len(jsontext.encode(case.as_json()))
        if law not in smallest or size <= smallest[law][0]:
            smallest[law] = size, Finding(name, law, case, broken)
        raise _BY_LAW[law]

    try:
        _test(judge, maker, cases, seed)()
    except _LawBroken:
        pass
    except BaseExceptionGroup as group:
        if group.split(_LawBroken)[1] is not None:
            raise
    return {law: finding for law, (_, finding) in smallest.items()}


def _test(
    judge: Callable[[tuple[bytes, bytes, bytes, bytes, bytes]], None], maker: CaseMaker, cases: int, seed: int
) -> Callable[[], None]:
    parts = st.tuples(*(st.binary(min_size=size, max_size=size) for size in maker.sizes))
    settings = hypothesis.settings(
        max_examples=cases,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    test: Callable[[], None] = hypothesis.seed(seed)(settings(hypothesis.given(parts)(judge)))
    return test
