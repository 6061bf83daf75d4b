"""Walks a FHIR resource and leaves out what a plan hides, and what still tells of it. Notes every cut.

The shape of FHIR JSON is known here: lists without gaps, primitives with their `_sibling`, required elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from consent import address
from consent.decision import Plan
from consent.shape import REQUIRED, is_hollow, is_mask, masked, without_orphans
from consent.words import leads_to, may_tell, words_in

GONE: Final[Any] = object()


@dataclass(frozen=True, slots=True)
class Cut:
    """One part left out. rule: hidden, element, B1, or trace for what told of another cut."""

    path: str
    rule: str
    value: Any
    releasable: bool = False


Verdict = Callable[[str, str, Any, str, str, str], Cut | None]  # kind, key, value, parent, path, shape


class Tracer:
    """One pass over one resource, and as many more as its cuts need."""

    def __init__(self, plan: Plan, released: Callable[[Cut], bool]) -> None:
        self.cuts: list[Cut] = []
        self._plan = plan
        self._released = released
        self._seen = 0
        self._let_go: set[str] = set()

    def walk(self, resource: dict[str, Any]) -> Any:
        """A copy without what the plan hides; GONE when nothing is left."""
        return self._resource(resource, "", self._hidden)

    def without(self, resource: dict[str, Any], secrets: frozenset[str]) -> Any:
        """A copy without whatever holds one of these words, and without narrative."""

        def telling(_: str, key: str, value: Any, parent: str, path: str, _shape: str) -> Cut | None:
            if key == "text" and not parent and isinstance(value, dict):
                return Cut(path, "trace", value)
            if not isinstance(value, str) or value in self._let_go or not may_tell(key, value):
                return None
            return Cut(path, "trace", value) if any(s in value for s in secrets) else None

        return self._resource(resource, "", telling)

    def fresh(self) -> list[Cut]:
        """The cuts since this was last asked."""
        found, self._seen = self.cuts[self._seen :], len(self.cuts)
        return found

    # --- what the plan hides -----------------------------------------------------------------------------

    def _hidden(self, kind: str, key: str, value: Any, parent: str, path: str, shape: str) -> Cut | None:
        plan = self._plan
        if leads_to(value, plan.hidden):
            return Cut(path, "hidden", value)
        if shape in plan.elements or (key == "extension" and _url(shape, value) in plan.elements):
            return Cut(path, "element", value)
        if plan.protection is None:
            return None
        if (key == "text" and not parent and isinstance(value, dict)) or address.cut(kind, key, value):
            return Cut(path, "B1", value)
        if not address.held(kind, key, value, plan, parent):
            return None
        found = Cut(path, "B1", value, releasable=True)
        if self._released(found):
            self._let_go |= set(words_in(value, key))
            return None
        return found

    # --- the walk ----------------------------------------------------------------------------------------

    def _resource(self, resource: dict[str, Any], path: str, verdict: Verdict) -> Any:
        kind = str(resource.get("resourceType", ""))
        copy = self._members(resource, kind, kind, "", path, verdict)
        return self._unreferenced_gone(copy, path) if copy is not GONE and "contained" in copy else copy

    def _node(
        self, kind: str, key: str, value: Any, parent: str, path: str, shape: str, verdict: Verdict
    ) -> Any:
        if isinstance(value, list):
            return self._list(kind, key, value, parent, path, shape, verdict)
        if is_mask(value):
            return value
        found = verdict(kind, key, value, parent, path, shape)
        if found is not None:
            self.cuts.append(found)
            return GONE
        if not isinstance(value, dict):
            return value
        if key == "contained":
            return self._contained(value, path, verdict)
        return self._members(value, kind, shape, key, path, verdict)

    def _list(
        self, kind: str, key: str, value: list[Any], parent: str, path: str, shape: str, verdict: Verdict
    ) -> Any:
        found = [
            self._node(kind, key, one, parent, f"{path}[{n}]", shape, verdict) for n, one in enumerate(value)
        ]
        kept = [one for one in found if one is not GONE]
        return kept if kept or not value else GONE

    def _contained(self, resource: dict[str, Any], path: str, verdict: Verdict) -> Any:
        if self._plan.protection is not None and resource.get("resourceType") in address.WHOLLY:
            self.cuts.append(Cut(path, "B1", resource))
            return GONE
        return self._resource(resource, path, verdict)

    def _members(
        self, node: dict[str, Any], kind: str, shape: str, parent: str, path: str, verdict: Verdict
    ) -> Any:
        out: dict[str, Any] = {}
        before = len(self.cuts)
        for key, value in node.items():
            own = f"{path}.{key}" if path else key
            made = self._node(kind, key, value, parent, own, f"{shape}.{key}", verdict)
            if made is not GONE:
                out[key] = made
        if len(self.cuts) == before:
            return out
        without_orphans(node, out)
        for key in REQUIRED.get(shape, ()):
            if key in node and key not in out:
                out |= masked(shape, key)
        return GONE if is_hollow(node, out, parent) else out

    def _unreferenced_gone(self, resource: dict[str, Any], path: str) -> dict[str, Any]:
        """Without contained resources that nothing points to any more, and without pointers to what is
        gone."""
        outer = {k: v for k, v in resource.items() if k != "contained"}
        named = set(_local(outer)) | set(_local(resource["contained"]))
        kept = [c for c in resource["contained"] if f"#{c.get('id')}" in named]
        self.cuts += [Cut(f"{path}contained", "trace", c) for c in resource["contained"] if c not in kept]
        return {**outer, "contained": kept} if kept else outer


def _url(shape: str, value: Any) -> str:
    return f"{shape}({value.get('url')})" if isinstance(value, dict) else ""


def _local(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str) and reference.startswith("#"):
            yield reference
        for value in node.values():
            yield from _local(value)
    elif isinstance(node, list):
        for value in node:
            yield from _local(value)


def words_of(cuts: Iterable[Cut]) -> frozenset[str]:
    """The words that would tell of what was cut."""
    return frozenset(w for c in cuts for w in words_in(c.value, c.path.rpartition(".")[2].partition("[")[0]))
