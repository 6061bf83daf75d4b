"""Notices: what somebody who coordinates has to attend to, raised once and cleared when there is nothing to
tell any more, in the caller's transaction. They are listed elsewhere (gateway/consents/reminding.py). Those
of deadlines and of who holds a log are raised and cleared by gateway/exchange/watching.py alone.

A new kind is a member of `Kind`, its words in gateway/consents/notice_words.py, and its weight in the working
list. It is raised by `raise_notice` and cleared by `clear_notice`; both may be repeated without harm.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.notices import notice

COORDINATOR: Final = "coordinator"
YOUNG_PERSON: Final = "young-person"


class Kind(StrEnum):
    """What a notice tells of, at most 40 characters. Kinds about consents and birthdays have rows of another
    table and are named in gateway/exchange/occasions.py."""

    EVALUATION_NEAR = "evaluation-near"  # of a goal
    EVALUATION_OVERDUE = "evaluation-overdue"
    MEASURE_NEAR = "measure-near"
    MEASURE_OVERDUE = "measure-overdue"
    MEASURE_UNASSIGNED = "measure-unassigned"  # nobody is responsible, or who was has left
    REVISION_NEAR = "revision-near"  # of a plan
    REVISION_OVERDUE = "revision-overdue"
    OWNERLESS = "ownerless"  # nobody holds the log, nobody coordinates the plan
    SEVERAL_HOLDERS = "several-holders"  # two or more hold the log at once
    UNACKNOWLEDGED = "unacknowledged"  # sent, and the recipient has not said that it took it
    VANISHED = "vanished"  # its source no longer has it; it is kept, and a person decides
    REFERRAL_RETURNED = "referral-returned"  # by somebody who may not refer there: it is not sent
    WRONG_PERSON = "wrong-person"  # an organization says that this is none of its patients; about: the act
    PERSON_QUESTION = "person-question"  # whether two are one, or which number is right


def raise_notice(
    connection: Connection,
    tenant: str,
    kind: Kind,
    person: str,
    about: str,
    now: datetime,
    *,
    frame: str | None = None,
    addressee: str = COORDINATOR,
    due: datetime | None = None,
    at: datetime | None = None,
) -> None:
    """Raise a notice of this kind about one thing of a person, unless one stands already, open or done: it
    comes again only after it has been cleared. about: a reference ("Goal/…") or an id, at most 128
    characters, never content. frame: the log or plan whose coordinators it is for; None: all of the person's.
    due: not to be told before; None: at once. at: when that happens which it tells of; None: now."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {
        "tenant": tenant,
        "id": str(uuid.uuid4()),
        "person": person,
        "kind": kind.value,
        "about": about,
        "frame": frame,
        "addressee": addressee,
        "at": at or now,
        "due": due or now,
    }
    statement = dialect.insert(notice).on_conflict_do_nothing(
        index_elements=["tenant", "person", "kind", "about", "addressee"],
        index_where=notice.c.settled.is_(None),
    )
    connection.execute(statement, row)


def clear_notice(
    connection: Connection, tenant: str, kind: Kind, person: str, about: str, now: datetime
) -> None:
    """There is nothing to tell of this any more, whoever it was for. Without one, nothing happens."""
    columns = notice.c
    connection.execute(
        update(notice)
        .where(
            columns.tenant == tenant,
            columns.person == person,
            columns.kind == kind.value,
            columns.about == about,
            columns.settled.is_(None),
        )
        .values(settled=now)
    )
