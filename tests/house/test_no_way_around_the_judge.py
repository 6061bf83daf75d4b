"""What leaves has been decided: a resource reaches a recipient or reader only inside a view, only the judge
makes views with anything in them, and whoever reads the hub's content otherwise is named here, with the
reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "gateway"
JUDGE = "exchange/judge.py"
# Modules outside the hub and the way in that read resources, and why none of them tells what was not decided.
READERS = {
    "access/participants.py": "finds as whom somebody who has logged in takes part",
    "api/anonymous.py": "names of the child that a text is searched for; the caller wrote the text",
    "api/conflicts.py": "puts each value to the judge",
    "api/consent_life.py": "how consents stand: references, codes and times",
    "api/consents.py": "whose consent is to be withdrawn",
    "api/decisions.py": "puts each item to the judge; tells decisions, never content",
    "api/rulings.py": "puts each value of a conflict to the judge",
    "api/plans.py": "which of nine points are there, of what the judge lets be seen",
    "cli/consent_report.py": "how consents stand: references, codes and times",
    "cli/explanation.py": "puts each item to the judge; tells decisions, never content",
    "cli/export_content.py": "the data controller's own export, noted as such",
    "cli/export_files.py": "the same, as files",
    "cli/export_filtered.py": "puts each item to the judge",
    "cli/export_page.py": "the same, as a page",
    "operating/assumed.py": "what decisions about pasted records rest on; reads nothing of the hub",
    "operating/bench.py": "puts pasted records to the judge; of the hub, who wrote what they replace",
    "operating/forecast.py": "puts each item to the judge; tells counts and references",
    "operating/judged.py": "holds views",
    "operating/pasted.py": "makes versions of what was pasted; reads nothing of the hub",
    "cli/lane_work.py": "references of what a lane holds",
    "consents/caseload.py": "who coordinates which log or plan",
    "consents/gathering.py": "puts each row to the judge",
    "consents/history.py": "what changed in consents: codes and times",
    "consents/sharing.py": "whether sharing goes on: puts each item to the judge",
    "consents/state.py": "how consents stand: references, codes and times",
    "consents/work.py": "to which log a conflict belongs; references, codes and times",
    "exchange/awaited.py": "notices that something is not acknowledged: references",
    "exchange/awaiting.py": "what address protection holds, for the system it was made in alone",
    "exchange/deliveries.py": "references of what was sent, and whether it is registered in error",
    "exchange/contested.py": "puts each value of a conflict to the judge",
    "exchange/deviations.py": "references of what was recalled",
    "exchange/differences.py": "compares views with what the recipient holds",
    "exchange/disclosures.py": "the log of what was told",
    "exchange/facts.py": "what decisions rest on",
    "exchange/judge.py": "decides",
    "exchange/merging.py": "references of what was told because of a merge, and to whom",
    "exchange/notices.py": "what leaves by its type, without content",
    "exchange/participant_sight.py": "puts each item to the judge",
    "exchange/prepare.py": "puts each item to the judge",
    "exchange/recall.py": "marks items as registered in error",
    "exchange/seen.py": "holds views; what a system wrote itself, it may read back",
    "exchange/ruling.py": "writes what was decided, of what the judge let be seen",
    "exchange/referrals.py": "to whom and by whom a referral is; gives empty views alone",
    "exchange/outcomes.py": "what a decision comes to, as a code",
    "exchange/selection.py": "puts each item to the judge",
    "exchange/shown.py": "holds views",
    "exchange/sight.py": "puts each item to the judge",
    "exchange/sides.py": "what decisions rest on, of persons that were merged",
    "exchange/statements.py": "what decisions rest on",
    "exchange/unshown.py": "puts each item to the judge; tells element names",
    "exchange/watching.py": "deadlines, and who is responsible: references, codes and times",
    "consents/onlookers.py": "puts each item to the judge; tells references",
    "web/door.py": "a digest of the draft that its own reader is at; no rows",
    "web/coordinator/reach.py": "puts an entry to the judge for each recipient; tells decisions",
    "web/coordinator/conflict_look.py": "puts each value of a conflict to the judge",
    "web/coordinator/conflict_pages.py": "puts each item to the judge before it is decided",
    "operating/children.py": "levels, days and deadlines as values of one child, for statistics that show no "
    "count below five (suppression.py); no text, name or identifier, and nothing is kept of the child",
    "operating/trace.py": "puts each item to the judge; tells references, decisions, codes and times",
    "web/operations/message_list.py": "references of what was sent and received",
    "web/insight.py": "puts each item to the judge",
    "web/clinic/list_pages.py": "puts each item to the judge, for which plans come first",
    "web/coordinator/attention.py": "puts each item to the judge; of what nobody holds: kind and system",
    "web/standing.py": "where somebody who has logged in takes part",
}
ASKED = {"gateway.hub.versions", "gateway.hub.past", "gateway.hub.content"}
OWN_ROWS = {
    "api/idempotency.py",
    "access/endings.py",
    "access/known_people.py",
    "access/login_sessions.py",
    "exchange/timers.py",
}  # packed content of rows of their own
SENDERS = {
    "exchange/send.py",
    "welfare/courier.py",
}  # the one tells what was prepared, the other reports (G5)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(GATEWAY.rglob("*.py")):
        yield path.relative_to(GATEWAY).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
            if called == name:
                yield node


def test_whoever_reads_the_content_of_the_hub_is_named_with_a_reason() -> None:
    outside = ("hub/", "intake/", "demo/", "welfare/")
    found = {
        name
        for name, tree in modules()
        if not name.startswith(outside) and ASKED & imported(tree) and name != "hub/content.py"
    }
    assert found - OWN_ROWS == READERS.keys(), "named with a reason, or does it tell what nobody decided?"


def test_only_the_judge_makes_a_view_of_something() -> None:
    made: dict[str, list[ast.Call]] = {name: list(calls(tree, "View")) for name, tree in modules()}
    for name, found in made.items():
        for call in found if name not in (JUDGE, "exchange/seen.py") else ():
            resources = call.args[1]
            assert isinstance(resources, ast.Dict), name
            assert not resources.keys, f"{name} shows what nobody decided"
    assert made[JUDGE]
    assert len(made["exchange/seen.py"]) == 1  # what a system wrote itself


def test_only_the_judge_asks_the_consent_library() -> None:
    asking = {name for name, tree in modules() if any(map(_of_the_library, calls(tree, "decide")))}
    taking = {name for name, tree in modules() if "consent.decide" in imported(tree)}
    assert asking | taking == {JUDGE}


def _of_the_library(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", None) == "consent"


@pytest.mark.parametrize("method", ["write", "create_person"])
def test_only_the_sender_calls_a_recipient(method: str) -> None:
    found = {
        name
        for name, tree in modules()
        for call in calls(tree, method)
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith("adapter")
    }
    assert found <= SENDERS
    assert "exchange/send.py" in found
