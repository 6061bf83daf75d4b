"""What `mapping check` does: the laws on each section, and what the file leaves out."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from tempfile import TemporaryDirectory

from hypothesis.configuration import set_hypothesis_home_dir

from gateway import jsontext
from gateway.cli import screen
from gateway.cli.outcome import Impossible
from gateway.operating import mapping_of
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.trial.coverage import KINDS, Gap, gaps
from mappings.trial.search import Finding, search
from mappings.trial.telling import lines


def checked(
    file: str, *, cases: int, seed: int, section: str | None, synonyms: bool, report: bool, json: bool
) -> bool:
    """Try a file and show what was found; whether a law is broken. Raises Impossible."""
    mapping = mapping_of.load(file)
    broken = False
    with TemporaryDirectory() as folder:  # hypothesis keeps its own notes, and not where the user stands
        set_hypothesis_home_dir(folder)
        for one in _sections(mapping, section):
            broken = _tried(mapping, one, cases, seed, synonyms, report, json) or broken
            sys.stdout.flush()
    return broken


def _tried(
    mapping: SystemMapping, section: Section, cases: int, seed: int, synonyms: bool, report: bool, json: bool
) -> bool:
    started = time.monotonic()
    findings = search(mapping, section, cases=cases, seed=seed, synonyms=synonyms)
    left_out = gaps(mapping.declared, section.declared) if report else ()
    if json:
        _as_json(mapping, section, findings, left_out)
    else:
        _as_text(section, findings, cases, time.monotonic() - started)
        _left_out(left_out)
    return bool(findings)


def _sections(mapping: SystemMapping, name: str | None) -> tuple[Section, ...]:
    chosen = tuple(one for one in mapping.sections if name in (None, one.declared.name))
    if not chosen:
        known = ", ".join(one.declared.name for one in mapping.sections)
        raise Impossible(f"There is no section {name}; there are {known}.")
    return chosen


def _as_text(section: Section, findings: tuple[Finding, ...], cases: int, seconds: float) -> None:
    verdict = f"{len(findings)} of the laws broken" if findings else "the laws hold"
    screen.say(f"{section.declared.name}: {verdict} ({cases} cases, {seconds:.1f} s)")
    for finding in findings:
        for line in lines(finding):
            screen.say(f"  {line}")


def _left_out(found: tuple[Gap, ...]) -> None:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for gap in found:
        by_kind[gap.kind].append(f"{gap.name} ({gap.more})" if gap.more else gap.name)
    for kind, names in by_kind.items():
        screen.say(f"  {kind}: {', '.join(names)}")
        screen.say(f"    {KINDS[kind]}")


def _as_json(
    mapping: SystemMapping, section: Section, findings: tuple[Finding, ...], left_out: tuple[Gap, ...]
) -> None:
    """A line per finding, in the form of the tests' counterexamples, and one for what is left out."""
    named = {"mapping": mapping.name, "section": section.declared.name}
    for finding in findings:
        told = {"why": finding.broken.where, "law": finding.law, "case": finding.case.as_json()}
        screen.say(jsontext.encode({**named, **told}).decode())
    gaps_told = [{"kind": gap.kind, "name": gap.name, "more": gap.more} for gap in left_out]
    screen.say(jsontext.encode({**named, "broken": len(findings), "leftOut": gaps_told}).decode())
