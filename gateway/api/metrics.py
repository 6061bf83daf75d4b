"""Figures for Prometheus: this process's counters, and the caller's tenant as it stands in the database at
the time of the scrape. Labels are names of systems and states, never persons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import errors
from gateway.api.fhir_types import KINDS
from gateway.consents.nudges import of_tenants
from gateway.exchange import opening
from gateway.exchange.unshown import count_without_form
from gateway.hub.audit import rows
from gateway.hub.schema.tables import lane, recipient

router = APIRouter(tags=["operations"])
TEXT = {"text/plain": {"schema": {"type": "string"}}}


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    responses={200: {"description": "In the text format", "content": TEXT}, **errors()},
    response_class=Response,
)
def metrics(desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.METRICS_READ))]) -> Response:
    scrape = CollectorRegistry()
    scrape.register(_Now(desk, caller.tenant))
    registries = (desk.meters.process, desk.meters.of_tenant(caller.tenant), scrape)
    return Response(b"".join(generate_latest(r) for r in registries), media_type=CONTENT_TYPE_LATEST)


class _Now(Collector):
    """What the database says at this moment."""

    def __init__(self, desk: Desk, tenant: str) -> None:
        self._desk = desk
        self._tenant = tenant

    def collect(self) -> Iterable[Metric]:
        """Lanes, breakers, the oldest wait, the worker."""
        service = self._desk.service
        with service.store.read(self._tenant) as connection:
            yield self._lanes(connection)
            yield self._breakers(connection)
            yield self._oldest(connection, service.clock())
            yield self._backfill(connection)
            yield self._unshown(connection)
            yield self._nudges(connection)
            yield self._unchained(connection)
        yield from self._worker()

    def _lanes(self, connection: Connection) -> Metric:
        family = GaugeMetricFamily("stafettbro_lanes", "Lanes.", labels=("recipient", "state"))
        rows = connection.execute(
            select(lane.c.recipient, lane.c.state, func.count())
            .where(lane.c.tenant == self._tenant)
            .group_by(lane.c.recipient, lane.c.state)
        )
        for name, state, count in rows:
            family.add_metric((name, state), count)
        return family

    def _breakers(self, connection: Connection) -> Metric:
        family = GaugeMetricFamily("stafettbro_breaker_open", "1: recipient down.", labels=("recipient",))
        rows = connection.execute(
            select(recipient.c.system, recipient.c.breaker).where(recipient.c.tenant == self._tenant)
        )
        for name, breaker in rows:
            family.add_metric((name,), float(breaker == "open"))
        return family

    def _oldest(self, connection: Connection, now: datetime) -> Metric:
        family = GaugeMetricFamily(
            "stafettbro_oldest_wait_seconds", "Age of the longest waiting lane.", labels=("recipient",)
        )
        rows = connection.execute(
            select(lane.c.recipient, func.min(lane.c.waiting_since))
            .where(lane.c.tenant == self._tenant, lane.c.state == "waiting")
            .group_by(lane.c.recipient)
        )
        for name, since in rows:
            family.add_metric((name,), max(0.0, (now - since).total_seconds()))
        return family

    def _backfill(self, connection: Connection) -> Metric:
        family = GaugeMetricFamily(
            "stafettbro_backfill_lanes", "Lanes that wait behind live traffic.", labels=("recipient",)
        )
        for name, count in opening.waiting(connection, self._tenant).items():
            family.add_metric((name,), count)
        return family

    def _unshown(self, connection: Connection) -> Metric:
        family = GaugeMetricFamily(
            "stafettbro_items_without_form", "Items a system has no form for.", labels=("system", "type")
        )
        service = self._desk.service
        for name, kind, count in count_without_form(
            connection, service.settings, self._tenant, service.mappings, KINDS
        ):
            family.add_metric((name, kind), count)
        return family

    def _nudges(self, connection: Connection) -> Metric:
        family = GaugeMetricFamily("stafettbro_nudges", "Nudges by e-mail, of 90 days.", labels=("state",))
        for nudges in of_tenants(self._desk.service.settings, self._desk.service.facts):
            if nudges.tenant == self._tenant:
                for state, count in nudges.counts(connection).items():
                    family.add_metric((state,), count)
        return family

    def _unchained(self, connection: Connection) -> Metric:
        found = rows.unchained(connection, self._tenant)
        return GaugeMetricFamily(
            "stafettbro_audit_unchained", "Entries of the audit that are not chained yet.", value=found
        )

    def _worker(self) -> Iterable[Metric]:
        worker = self._desk.service.worker
        if worker is None:
            return
        counted = {
            "runs": "Runs of lanes.",
            "repaired": "Lanes the sweeper had to wake; zero when all is well.",
            "taken_over": "Lanes taken over from dead workers.",
            "failed": "Failures inside the worker.",
        }
        for name, text in counted.items():
            yield CounterMetricFamily(f"stafettbro_worker_{name}", text, value=getattr(worker.counters, name))
