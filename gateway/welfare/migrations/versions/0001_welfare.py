"""The store of reports as it begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SYSTEM, ID, NUMBER, CODE = sa.String(40), sa.String(36), sa.String(9), sa.String(20)


def _time(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _content() -> sa.Column[bytes]:
    return sa.Column("content", sa.LargeBinary, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    _reports()
    _dispatches()
    op.create_table(
        "discussion",
        sa.Column("tenant", SYSTEM, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("source", SYSTEM, nullable=False),
        sa.Column("request_name", sa.String(64), nullable=False),
        sa.Column("recipient", SYSTEM, nullable=False),
        sa.Column("findings", sa.Integer, nullable=False),
        _time("confirmed"),
        _content(),
        sa.UniqueConstraint("tenant", "source", "request_name", name="uq_discussion_request"),
    )
    op.create_table("key_check", sa.Column("id", sa.Integer, primary_key=True), _content())


def _reports() -> None:
    op.create_table(
        "report",
        sa.Column("tenant", SYSTEM, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("source", SYSTEM, nullable=False),
        sa.Column("record_name", sa.String(64), nullable=False),
        sa.Column("author", NUMBER, nullable=False),
        sa.Column("recipient", SYSTEM, nullable=False),
        sa.Column("recipient_organization", NUMBER, nullable=False),
        *(_time(name) for name in ("received", "assess_by", "answer_by", "investigate_by")),
        *(_time(name, nullable=True) for name in ("assessed", "answered", "investigated")),
        _content(),
        sa.UniqueConstraint("tenant", "source", "record_name", name="uq_report_record"),
    )
    op.create_index("ix_report_recipient", "report", ["tenant", "recipient", "received"])
    op.create_table(
        "feedback",
        sa.Column("tenant", SYSTEM, primary_key=True),
        sa.Column("report", ID, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("state", CODE, nullable=False),
        _time("said"),
        _time("stored"),
        _content(),
    )
    op.create_table(
        "reading",
        sa.Column("tenant", SYSTEM, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("report", ID),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("system", SYSTEM, nullable=False),
        sa.Column("organization", NUMBER, nullable=False),
        sa.Column("act", CODE, nullable=False),
        _time("at"),
    )
    op.create_index("ix_reading_report", "reading", ["tenant", "report", "at"])


def _dispatches() -> None:
    op.create_table(
        "dispatch",
        sa.Column("tenant", SYSTEM, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("recipient", SYSTEM, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        _time("created"),
        *(_time(name, nullable=True) for name in ("next_at", "until", "closed")),
        sa.Column("error", sa.String(200)),
        _content(),
    )
    op.create_index("ix_dispatch_state", "dispatch", ["state", "next_at"])
