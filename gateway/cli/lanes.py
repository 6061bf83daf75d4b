"""The commands `lanes …`: what waits for whom and why, and the three things one can do about it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from gateway.cli.options import CONFIG_FILE, Config
from gateway.cli.outcome import PlainCommand
from gateway.exchange.reasons import Reason

State = Literal["idle", "waiting", "running", "held"]
LaneId = Annotated[str, typer.Argument(metavar="ID", help="The lane's id, or enough of its beginning.")]

lanes = typer.Typer(
    name="lanes",
    no_args_is_help=True,
    help="""Look at the lanes, and mend them. A lane is one child and one recipient.

    ```
    stafettbro lanes list                        # those that are not idle, with the reason
    stafettbro lanes show 3f2c                   # one of them, with what is held and what was sent last
    stafettbro lanes release 3f2c                # go on at once
    stafettbro lanes backfill                    # how far first synchronizations and imports have come
    ```
    """,
)


@lanes.command("list", cls=PlainCommand)
def list_(
    config: Config = CONFIG_FILE,
    recipient: Annotated[str | None, typer.Option(metavar="SYSTEM", help="Only lanes to it.")] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The idle ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
) -> None:
    """Lanes that are not idle, longest waiting first; and recipients that are down.

    Example:

    ```
    stafettbro lanes list --recipient bup
    ```
    """
    from gateway.cli import lane_work

    lane_work.show_list(config, recipient=recipient, state=state, everything=everything, limit=limit)


@lanes.command("show", cls=PlainCommand)
def show(lane: LaneId, config: Config = CONFIG_FILE) -> None:
    """One lane: where it stands, the records its recipient refused, and the last attempts.

    Example:

    ```
    stafettbro lanes show 3f2c
    ```
    """
    from gateway.cli import lane_work

    lane_work.show_one(config, lane)


@lanes.command("backfill", cls=PlainCommand)
def backfill(
    recipient: Annotated[str | None, typer.Argument(metavar="[SYSTEM]", help="Only this recipient.")] = None,
    config: Config = CONFIG_FILE,
) -> None:
    """How far each new recipient has come, and what an import has left to send: all that goes behind live
    traffic. What a route would send before it opens: `preview`.

    Example:

    ```
    stafettbro lanes backfill bup
    ```
    """
    from gateway.cli import backfill_work

    backfill_work.show(config, recipient)


@lanes.command("release", cls=PlainCommand)
def release(lane: LaneId, config: Config = CONFIG_FILE) -> None:
    """Let a held or sleeping lane go on at once.

    Example:

    ```
    stafettbro lanes release 3f2c
    ```
    """
    from gateway.cli import lane_work

    lane_work.release(config, lane)


@lanes.command("replay", cls=PlainCommand)
def replay(lane: LaneId, config: Config = CONFIG_FILE) -> None:
    """Compare everything again with what the recipient holds, and send what differs.

    Always safe: what the recipient has already is not sent again.

    Example:

    ```
    stafettbro lanes replay 3f2c
    ```
    """
    from gateway.cli import lane_work

    lane_work.replay(config, lane)


@lanes.command("recheck", cls=PlainCommand)
def recheck(
    recipient: Annotated[str, typer.Argument(metavar="SYSTEM", help="Whose backup was restored.")],
    config: Config = CONFIG_FILE,
) -> None:
    """A recipient was restored from an older backup: look at everything it should hold, on all its lanes, and
    write again what is not there.

    What people have written there since is never overwritten.

    Example:

    ```
    stafettbro lanes recheck bup
    ```
    """
    from gateway.cli import lane_work

    lane_work.recheck(config, recipient)


@lanes.command("hold", cls=PlainCommand)
def hold(
    lane: LaneId,
    reason: Annotated[str, typer.Option(metavar="CODE", help=f"Why: {', '.join(Reason)}.")],
    config: Config = CONFIG_FILE,
) -> None:
    """Stop a lane. It keeps its place, and nothing is lost; `release` lets it go on.

    Example:

    ```
    stafettbro lanes hold 3f2c --reason agreed-stop
    ```
    """
    from gateway.cli import lane_work

    lane_work.hold(config, lane, reason)
