"""The progress of an import on a terminal: how many records, how many a second, how long it still takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gateway.cli import screen


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    progress: Progress
    task: TaskID

    def add(self, count: int) -> None:
        """So many more."""
        self.progress.advance(self.task, count)


class Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """As text."""
        return Text(f"{task.speed:,.0f} records/s" if task.speed else "")


@contextmanager
def reading(size: int) -> Iterator[Bar]:
    """While the files are looked through; size in bytes."""
    with _bar("Reading", size, 0, DownloadColumn()) as bar:
        yield bar


@contextmanager
def taking(total: int, done: int) -> Iterator[Bar]:
    """While records go in."""
    with _bar("Taking in", total, done, MofNCompleteColumn(), Rate()) as bar:
        yield bar


@contextmanager
def _bar(title: str, total: int, done: int, *columns: ProgressColumn) -> Iterator[Bar]:
    console = screen.beside()
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(
        TextColumn(title),
        BarColumn(),
        *columns,
        *times,
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        yield Bar(progress, progress.add_task("", total=total, completed=done))
