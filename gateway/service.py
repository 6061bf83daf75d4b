"""Puts the parts together from the configuration: the hub, the mappings, the way in, the adapters, a worker.
The API, the command line and the tests all start from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import adapters
import mappings
from adapters.contract import Adapter
from gateway.access.tokens_out import token_source
from gateway.config import Settings, System
from gateway.consents.postman import employ
from gateway.documents import DocumentMapping
from gateway.errors import ConfigurationError
from gateway.exchange.facts import FactsReader
from gateway.exchange.merging import Merging
from gateway.exchange.recall import Recaller
from gateway.exchange.worker import Worker
from gateway.file_form import form_of
from gateway.hub import erasing
from gateway.hub.journal import Journal
from gateway.hub.opened import open_store
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema import bring_up
from gateway.hub.store import Store
from gateway.intake import Combiner, Intake
from gateway.intake.acting import Acting
from gateway.intake.refusals import Refusals
from gateway.intake.replay import replay
from gateway.intake.withdraw import Withdrawer
from gateway.operating.clerk import Clerk
from gateway.welfare import office
from gateway.welfare.courier import Courier, Way
from gateway.welfare.office import Office
from mappings.dialects import InlineMapping
from mappings.fhir import FhirMapping
from mappings.installation import item_system
from mappings.model import MappingError, RecordMapping


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Service:
    """Everything a process of the gateway needs, built once."""

    settings: Settings
    store: Store
    mappings: dict[str, RecordMapping]  # by system
    key: IdentifierKey
    facts: FactsReader
    intake: Intake
    combiner: Combiner
    journal: Journal
    clock: Callable[[], datetime]
    refusals: Refusals
    welfare: Office | None = None  # what consent does not gate, where it is used and has been opened
    worker: Worker | None = None

    def woken(self) -> None:
        """Lanes have something to do."""
        if self.worker is not None:
            self.worker.nudge()

    def withdrawer(self, tenant: str, source: str) -> Withdrawer:
        """What takes consents of a tenant back, told of by this source (a system's id)."""
        return Withdrawer(self.store, self.journal, tenant, source)

    def recaller(self, tenant: str) -> Recaller:
        """What recalls items of a tenant."""
        return Recaller(self.store, self.settings, self.journal, tenant)

    def merging(self, tenant: str) -> Merging:
        """What merges and parts persons of a tenant."""
        return Merging(self.store, self.settings, self.journal, self.intake, tenant)

    def acting(self, tenant: str, system: str | None) -> Acting:
        """Keeps what named persons decide, on behalf of a system or an operator."""
        return Acting(self.store, self.journal, tenant, system)

    def add_worker(self) -> Worker:
        """A worker in this process, woken by this process's own intake."""
        name = self.settings.installation
        adapters_of = {s.id: open_adapter(s, name) for s in self.settings.systems if s.url or s.folder}
        postman = employ(self.store, self.settings, self.facts, self.clock)
        self.worker = Worker(
            store=self.store,
            settings=self.settings,
            mappings=self.mappings,
            adapters=adapters_of,
            facts=self.facts,
            intake=self.intake,
            clock=self.clock,
            beside=(
                Clerk(self.store, self.settings, self.clock).round,
                *((postman.round,) if postman is not None else ()),
            ),
        )
        return self.worker

    def open_welfare(self) -> None:
        """Open what consent does not gate: only the process that serves has to do with it, and with its key.
        Raises ConfigurationError for a key that is not the store's."""
        self.welfare = office.opened(self.settings, self.clock)

    def add_courier(self) -> Courier | None:
        """What carries reports and anonymous texts in this process; None where nobody uses them."""
        if self.welfare is None:
            return None
        name = self.settings.installation
        reached = office.recipients(self.settings)
        return self.welfare.employ(
            {s.id: Way(open_adapter(s, name), s.send_deadline_seconds) for s in reached}
        )

    def close(self) -> None:
        """Store what waits, and give back the databases' connections."""
        self.combiner.close()
        self.refusals.close()
        self.store.close()
        if self.welfare is not None:
            self.welfare.close()


def build(settings: Settings, clock: Callable[[], datetime] = now) -> Service:
    """Migrate the database and build the parts. Raises ConfigurationError where a mapping is wrong."""
    bring_up(settings.database_url, settings.database_owner_url)
    store = open_store(settings)
    key = IdentifierKey.of(settings)
    by_system = {system.id: load_mapping(system) for system in settings.systems}
    service: Service

    def woken() -> None:
        service.woken()

    journal = Journal(settings.journal_folder or settings.state_folder / "journal")
    journal.open(store, settings.tenant_ids)
    erasing.again(store, settings.tenant_ids)
    erasing.finish(store, settings.tenant_ids)
    replay(store, journal, clock())
    refusals = Refusals(store, clock)
    intake = Intake(store, settings, by_system, key, clock, journal, woken, refusals.count)
    service = Service(
        settings=settings,
        store=store,
        mappings=by_system,
        key=key,
        facts=FactsReader(settings, key),
        intake=intake,
        combiner=Combiner(intake, storers=1 if store.sqlite else 2),
        journal=journal,
        clock=clock,
        refusals=refusals,
    )
    return service


def load_mapping(system: System) -> RecordMapping:
    """The mapping of a system: ours by name, or a file of the user's."""
    name = system.mapping_name
    if name == "fhir" and system.receives == "document":
        return DocumentMapping()
    if name == "fhir":
        kind = InlineMapping if system.activities == "inline" else FhirMapping
        return kind(system.takes)
    try:
        return mappings.load(name)
    except MappingError as error:
        raise ConfigurationError(f"system {system.id}: mapping {name}: {error}") from error


def open_adapter(system: System, installation: str | None = None) -> Adapter:
    """The adapter of a system, not yet connected. installation: our name among gateways. Raises
    ConfigurationError where a secret is missing or a folder's mapping is wrong."""
    form, csv = form_of(system, load_mapping(system))
    try:
        return adapters.open_adapter(
            system.adapter,
            tokens=token_source(system),
            url=system.url,
            ids=system.ids,
            deadline=system.send_deadline_seconds,
            folder=system.folder,
            folder_format=form,
            csv=csv,
            types=system.types,
            history=system.poll_by == "history",
            item_system=item_system(installation),
            snapshot=system.snapshot,
            tasks=system.acknowledges,
        )
    except ValueError as error:
        raise ConfigurationError(f"system {system.id}: {error}") from error
