"""A campaign of requests that mean no good: `python -m tests.fuzz.campaign` (make fuzz). FUZZ_REQUESTS says
how many, FUZZ_SEED which, FUZZ_DATABASE=postgresql over what. The same seed asks the same in the same
order, in a shorter campaign too."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests import databases
from tests.fuzz import askers, asking, contracted, remains
from tests.fuzz.installation import Installation, installed
from tests.fuzz.judgement import Judge
from tests.fuzz.known import Known, plant
from tests.fuzz.sweep import sweep
from tests.fuzz.wire import CURRENT, Asked, Wire
from tests.postgres import Cluster

SEED = 20261122
REQUESTS = 100_000
OURS, THEIRS = 6, 3  # requests of a round for each operation: made up by us; of each kind by Schemathesis
REPORT = Path("build/fuzz/report.json")
Told = Callable[[int], None]


class _Enough(Exception):
    """The campaign has asked what it was to ask."""


@dataclass
class Campaign:
    """Asks, in rounds that are all alike."""

    made: Installation
    known: Known
    judge: Judge
    wire: Wire
    most: int
    seed: int
    told: Told

    def run(self) -> None:
        """Rounds until all is asked."""
        document = contracted.document()
        operations = contracted.operations(document)
        named = tuple(f"{one.method.upper()} {one.path}" for one in operations)
        queries = {name: _query(document, one) for name, one in zip(named, operations, strict=True)}
        ours = {
            name: asking.requests(self.known, name, *queries.get(name, ([], 0)))
            for name in (*named, *askers.PAGES)
        }
        turn = 0
        try:
            for one in sweep(self.known):
                self.ask(one)
            while True:
                self.made.renew()
                for name, requests in ours.items():
                    weight = 3 if askers.CONTENT.search(name) else 1
                    self._many(OURS * weight, turn, name, self.ask, requests)
                for operation in operations:
                    for mode in contracted.MODES:
                        self._schemathesis(operation, mode, turn)
                turn += 1
        except _Enough:
            self.wire.close()

    def _schemathesis(self, operation: Any, mode: Any, turn: int) -> None:
        if mode is contracted.MODES[1] and not contracted.takes_something(operation):
            return

        def each(pair: Any) -> None:
            one = contracted.asked(*pair, self.known, self.made.url)
            if one is not None:
                self.ask(one)

        pairs = st.tuples(operation.as_strategy(generation_mode=mode), contracted.picked())
        self._many(THEIRS, turn, f"{operation.label} {mode}", each, pairs)

    def _many(self, number: int, turn: int, what: str, each: Callable[[Any], None], from_: Any) -> None:
        @seed(f"{self.seed} {turn} {what}")
        @settings(
            max_examples=number, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(from_)
        def run(one: Any) -> None:
            each(one)

        run()

    def _reread(self, one: Asked) -> Asked:
        read = Asked(one.caller, b"GET", one.target.partition(b"?")[0])
        answer = self.wire.ask(read, self.made.credentials(one.caller))
        tag = {name.lower(): value for name, value in answer.headers}.get("etag", 'W/"1"').encode()
        return replace(one, headers=tuple((k, tag if v == CURRENT else v) for k, v in one.headers))

    def ask(self, one: Asked) -> None:
        """One request, looked at at once."""
        if self.judge.asked >= self.most:
            raise _Enough
        if (b"If-Match", CURRENT) in one.headers:
            one = self._reread(one)
        self.judge.look(one, self.wire.ask(one, self.made.credentials(one.caller)))
        self.told(self.judge.asked)


def _query(document: dict[str, Any], operation: Any) -> tuple[list[str], int]:
    """The parameters of an operation's query, and how many of the first it needs."""
    told = document["paths"][operation.path][operation.method].get("parameters", [])
    own = sorted((one for one in told if one["in"] == "query"), key=lambda one: not one.get("required"))
    needed = sum(bool(one.get("required")) for one in own)
    return [one["name"] for one in own], needed or int("patient" in {one["name"] for one in own})


def run(
    folder: Path, number: int, chosen: int, cluster: Cluster | None = None, told: Told = lambda _: None
) -> dict[str, Any]:
    """One campaign: the report. cluster: a PostgreSQL of its own, whose files are searched too."""
    began = time.monotonic()
    url = databases.installed(cluster) if cluster else f"sqlite:///{folder / 'stafettbro.db'}"
    with installed(folder, url) as made:
        made.renew()
        known = plant(made)
        judge = Judge(made.canaries)
        before = remains.shown(made, known, judge)
        started = time.monotonic()
        Campaign(made, known, judge, made.wire(), number, chosen, told).run()
        lasted = time.monotonic() - started
        after = remains.shown(made, known, judge)
        figures = made.http.get(
            f"{made.url}/metrics", headers={"Authorization": f"Bearer {made.tokens['drift']}"}
        ).content
        alive = made.alive()
        left = remains.search(made, figures, cluster)
    wrong = {"answers": judge.wrong, "left behind": len(left), "processes that ended": int(not alive)}
    wrong["shown no more to who may see it"] = len(before - after) + int(len(before) < 10)
    return {
        "seed": chosen,
        "requests": judge.asked,
        "seconds": round(lasted, 1),
        "seconds in all": round(time.monotonic() - began, 1),
        "words": len(made.canaries.may),
        "words told to who may see them": len({word for _, word in judge.told}),
        "statuses": dict(sorted(sum(judge.statuses.values(), Counter()).items())),
        "operations": {name: dict(sorted(some.items())) for name, some in sorted(judge.statuses.items())},
        "wrong": wrong,
        "wrong in all": sum(wrong.values()),
        "findings": judge.findings,
        "left behind": left[:50],
    }


def summary(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [f"{report[name]!s:>12}  {name}" for name in ("requests", "seconds", "seconds in all", "words")]
    lines += [f"{count:>12}  answered {status}" for status, count in report["statuses"].items()]
    lines += [f"{count:>12}  wrong: {what}" for what, count in report["wrong"].items()]
    kinds = Counter(f"{one['what']} at {one['operation']} by {one['caller']}" for one in report["findings"])
    lines += [f"{count:>12}    {kind}" for kind, count in kinds.most_common(30)]
    lines += [f"{'':>12}    left in {place}: {word}" for place, word in report["left behind"][:20]]
    if report["findings"]:
        first = min(one["number"] for one in report["findings"])
        lines.append(f"Again, up to the first: FUZZ_SEED={report['seed']} FUZZ_REQUESTS={first} make fuzz")
    return "\n".join(lines)


def main() -> int:
    """Run, tell, and say whether all was well."""
    chosen, number = int(os.environ.get("FUZZ_SEED", SEED)), int(os.environ.get("FUZZ_REQUESTS", REQUESTS))
    cluster = Cluster() if os.environ.get("FUZZ_DATABASE") == "postgresql" else None
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-fuzz-"))

    def told(asked: int) -> None:
        if asked % 1_000 == 0:
            print(f"{asked} of {number} requests", flush=True)  # noqa: T201

    try:
        report = run(folder, number, chosen, cluster, told)
    finally:
        if cluster:
            cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(summary(report))  # noqa: T201
    return 1 if report["wrong in all"] else 0


if __name__ == "__main__":
    sys.exit(main())
