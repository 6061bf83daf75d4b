"""Every table of the hub's database, in one metadata."""

from __future__ import annotations

from gateway.hub.schema import access_tables as access_tables
from gateway.hub.schema import acts as acts
from gateway.hub.schema import audit as audit
from gateway.hub.schema import backfill as backfill
from gateway.hub.schema import clinic_tables as clinic_tables
from gateway.hub.schema import deviations as deviations
from gateway.hub.schema import endings as endings
from gateway.hub.schema import erasures as erasures
from gateway.hub.schema import identities as identities
from gateway.hub.schema import journal_mark as journal_mark
from gateway.hub.schema import key_word as key_word
from gateway.hub.schema import login_tables as login_tables
from gateway.hub.schema import notices as notices
from gateway.hub.schema import nudges as nudges
from gateway.hub.schema import proofs as proofs
from gateway.hub.schema import receipts as receipts
from gateway.hub.schema import reminders as reminders
from gateway.hub.schema import seats as seats
from gateway.hub.schema import tallies as tallies
from gateway.hub.schema.tables import metadata as metadata
