"""Counters of this process: requests by route and status, what became of records. Labels are names of our
own configuration and code, never anything from a request."""

from __future__ import annotations

import threading

from prometheus_client import CollectorRegistry, Counter, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """One registry for the process, and one for each tenant, so that none sees another's systems."""

    def __init__(self) -> None:
        self.process = CollectorRegistry()
        self.requests = Counter(
            "stafettbro_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.process,
        )
        self.seconds = Histogram(
            "stafettbro_request_seconds",
            "Time to answer a request.",
            ("route",),
            buckets=BUCKETS,
            registry=self.process,
        )
        self._intake: dict[str, tuple[CollectorRegistry, Counter]] = {}
        self._lock = threading.Lock()

    def took(self, tenant: str, system: str, status: str) -> None:
        """One record was answered."""
        self._of(tenant)[1].labels(system, status).inc()

    def of_tenant(self, tenant: str) -> CollectorRegistry:
        """The tenant's own counters."""
        return self._of(tenant)[0]

    def _of(self, tenant: str) -> tuple[CollectorRegistry, Counter]:
        with self._lock:
            if tenant not in self._intake:
                registry = CollectorRegistry()
                counter = Counter(
                    "stafettbro_records",
                    "Records answered at intake.",
                    ("system", "status"),
                    registry=registry,
                )
                self._intake[tenant] = (registry, counter)
            return self._intake[tenant]
