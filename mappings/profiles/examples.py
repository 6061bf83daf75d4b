"""Examples of every profile: what the small invented records in examples.json become by the mapping files
themselves, so that they can never differ from what is really emitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mappings import canonical, derived, load, reading
from mappings.lens.section import PROVENANCE
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, Ids, Record, Resource

Profiles = Callable[[Resource], list[str]]
TEAM: Final = "team"


def examples(records: dict[str, list[Record]], profiles: Profiles) -> Iterator[Resource]:
    """The resources, each naming its profiles. records: by mapping file; profiles: names of what fits one."""
    for system, natives in records.items():
        for resource in _whole(list(_made(load(system), natives))):
            named = [canonical.extension(name) for name in profiles(resource)]
            meta = {**resource.get("meta", {}), "profile": named} if named else resource.get("meta")
            yield {**resource, "meta": meta} if meta else resource


def _made(mapping: SystemMapping, natives: list[Record]) -> Iterator[Resource]:
    refs = {one["id"]: f"{mapping.describe(one).resource_type}/{one['id']}" for one in natives}
    frame = natives[0]["id"]
    back = {ref: native for native, ref in refs.items()}
    ids = Ids(f"Patient/{frame}-barn", refs[frame], mapping.name, refs, back)
    for native in natives:
        focus = mapping.put(native, EMPTY, ids).focus
        yield from (one for slot, one in focus.items() if slot != PROVENANCE or native["id"] == frame)


def _whole(resources: list[Resource]) -> Iterable[Resource]:
    """The log or plan with its members and its team."""
    for one in resources:
        if one["resourceType"] != "CarePlan":
            yield one
            continue
        members = [m for m in resources if reading.belongs_to(m) == f"CarePlan/{one['id']}"]
        team = derived.care_team(one, f"{one['id']}-{TEAM}", members)
        yield derived.with_members(one, members, team)
        if team is not None:
            yield team
