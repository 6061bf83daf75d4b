"""One verdict for all tests of this folder: HL7's validator starts once and judges everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from gateway.api.published import contents
from mappings import canonical
from mappings.profiles import profiles_of
from tests import databases
from tests.access import issuer_server
from tests.api.world import World, settings
from tests.conformance import emitted, hl7, made, spoiled
from tests.conformance.downloaded import downloaded
from tests.conformance.emitted import Emitted, is_bare
from tests.conformance.hl7 import Finding
from tests.conformance.served import served

DEFINITIONS = "the package"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was judged, and what the validator said of each set."""

    resources: tuple[Emitted, ...]
    definitions: tuple[Emitted, ...]
    findings: Mapping[str, list[Finding]]

    def of(self, *groups: tuple[Emitted, ...]) -> list[Finding]:
        """What was said of these."""
        sets = {one.set for group in groups for one in group}
        return [finding for name in sorted(sets) for finding in self.findings[name]]


@pytest.fixture(scope="session")
def answers(
    _sqlite_template: databases.SqliteTemplate, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Emitted, ...]:
    """What a gateway over a fresh database answers."""
    folder = tmp_path_factory.mktemp("gateway")
    with _sqlite_template.copy(folder) as url, issuer_server.running() as issuer:
        world = World(settings(url, folder, issuer), issuer)
        try:
            found = tuple(served(world))
        finally:
            world.close()
        return (*found, *downloaded(folder, issuer))


@pytest.fixture(scope="session")
def everything(answers: tuple[Emitted, ...]) -> tuple[Emitted, ...]:
    """Every distinct resource that the project emits."""
    return tuple(emitted.distinct([*emitted.from_samples(), *emitted.generated(), *made.over(), *answers]))


@pytest.fixture(scope="session")
def verdict(everything: tuple[Emitted, ...], tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """The validator's verdict over everything, the package itself and what was spoiled on purpose."""
    hl7.needed()
    folder = tmp_path_factory.mktemp("conformance")
    published = [(path, one) for path, one in contents() if "resourceType" in one]
    definitions = tuple(Emitted(DEFINITIONS, path, resource) for path, resource in published)
    package = folder / "package"
    package.mkdir()
    for one in definitions:
        hl7.write(package / one.name.rpartition("/")[2], one.resource)
    hl7.write(package / "volven-9602.json", hl7.document_types())
    cases = [(one, profiles(one)) for one in everything]
    cases += [(hl7.without_network(one), []) for one in definitions]
    cases += [(one, profiles(one)) for one in spoiled.cases()]
    findings: dict[str, list[Finding]] = defaultdict(list)
    for set_name, finding in hl7.judge(folder, cases, [package, hl7.NATIONAL]):
        findings[set_name].append(finding)
    return Verdict(everything, definitions, findings)


def profiles(one: Emitted) -> list[str]:
    """The profiles that a resource is judged by, our own; those on a national one bring it along. What is
    told without content is R4 and no more: our profiles say what an item holds."""
    if is_bare(one):
        return []
    return [canonical.extension(name) for name in profiles_of(one.resource)]
