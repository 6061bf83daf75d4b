"""The scopes a token may carry, one per kind of thing a caller can do. Names only, no rules."""

from __future__ import annotations

from typing import Final

RECORDS_WRITE: Final = "records.write"  # hand in records: POST /systems/{system}/records
RECORDS_READ: Final = "records.read"  # pull what the system should take in
FHIR_READ: Final = "fhir.read"
FHIR_WRITE: Final = "fhir.write"
TIMELINE_READ: Final = "timeline.read"
DECISIONS_READ: Final = "decisions.read"
NOTICES_READ: Final = "notices.read"  # what coordinators are reminded of
NOTICES_WRITE: Final = "notices.write"  # say that one is done
WORK_READ: Final = "work.read"  # working lists of those who coordinate
CONFLICTS_READ: Final = "conflicts.read"  # what systems disagree about, with both values
CONFLICTS_WRITE: Final = "conflicts.write"  # decide it
CONSENTS_WRITE: Final = "consents.write"  # take a consent back
ACTS_WRITE: Final = "acts.write"  # let go, object, withhold, find necessary, set an objection aside
EMERGENCY_WRITE: Final = "emergency.write"  # share one item because of danger to life or health
RECALL_WRITE: Final = "recall.write"  # recall items from everyone who got them
PEOPLE_WRITE: Final = "people.write"  # say that two persons are one, or are not
RECEIPTS_WRITE: Final = "receipts.write"  # acknowledge what one's own system got
RECEIPTS_READ: Final = "receipts.read"  # how far items have come at their recipients
DEVIATIONS_READ: Final = "deviations.read"
LANES_READ: Final = "lanes.read"
LANES_WRITE: Final = "lanes.write"  # release, replay, hold
METRICS_READ: Final = "metrics.read"
AUDIT_READ: Final = "audit.read"  # oversee who did what with whose data
WELFARE_WRITE: Final = "welfare.write"  # report a concern to child welfare
WELFARE_READ: Final = "welfare.read"  # see one's own reports, or those one received, and their deadlines
WELFARE_ANSWER: Final = "welfare.answer"  # child welfare: answer the one who reported
DISCUSSION_WRITE: Final = "discussion.write"  # check an anonymous text, and send it when a person confirms

# What consent does not gate.
UNGATED: Final = frozenset({WELFARE_WRITE, WELFARE_READ, WELFARE_ANSWER, DISCUSSION_WRITE})
ALL: Final = frozenset(
    {
        RECORDS_WRITE,
        RECORDS_READ,
        FHIR_READ,
        FHIR_WRITE,
        TIMELINE_READ,
        DECISIONS_READ,
        NOTICES_READ,
        NOTICES_WRITE,
        WORK_READ,
        CONFLICTS_READ,
        CONFLICTS_WRITE,
        CONSENTS_WRITE,
        ACTS_WRITE,
        EMERGENCY_WRITE,
        RECALL_WRITE,
        PEOPLE_WRITE,
        RECEIPTS_WRITE,
        RECEIPTS_READ,
        DEVIATIONS_READ,
        LANES_READ,
        LANES_WRITE,
        METRICS_READ,
        AUDIT_READ,
        *UNGATED,
    }
)
