"""Edits of one run raced from one of its epochs: a branch each, done one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.errors import StoppedError
from nnfd.core.network.branch import Branch, edited
from nnfd.core.network.race import Racer, Standing, result, standing
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.relay import Relay
from nnfd.tui.jobs.session import RunSpec, resumed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import Storage

PARENT = "parent"
"""What the run is called from which the others branch."""


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """What is to be raced."""

    parent: Path
    """Its folder."""
    best: Standing | None
    """How the parent itself did after that epoch, as far as it was by then."""
    epoch: int
    preset: str
    title: str
    find: Callable[[Callable[[], bool]], Generator[int, None, Branch]]
    """Finds where a branch without an edit begins."""
    racers: Sequence[Racer]


def standing_of(history: NetworkHistory, since: int, name: str = PARENT) -> Standing | None:
    """Return how a run did after some epoch, as far as it is known and its losses are under one weight decay."""
    log = history.curves
    if log is None or history.params is None:
        return None
    l2 = history.params_at(since, history.params).values()["l2"]
    others = (edit.position for edit in history.edits if edit.position > since and edit.params.values()["l2"] != l2)
    until = min(others, default=np.inf)
    return standing(name, l2, log.column("epoch"), log.column("val_loss"), log.column("val_acc"), since, until)


class RaceJob(Relay):
    """Does the branches of a race; after a stop it can be begun again with what is left.

    Parameters
    ----------
    race
        What is to be raced.
    storage
        Where runs are recorded; it must record.
    on_run
        Called with folder and name of each branch as soon as it begins.
    on_doubt
        Called with one line if the branches begin only approximately as their parent was.
    on_end
        Called at the end, whatever it was.
    """

    title = "race"

    def __init__(
        self,
        race: Race,
        storage: Storage,
        *,
        on_run: Callable[[Path, str], object],
        on_doubt: Callable[[str], object],
        on_end: Callable[[], object],
    ) -> None:
        super().__init__(storage, on_end)
        self._race = race
        self._on_run, self._on_doubt = on_run, on_doubt
        self._start: Branch | None = None
        self._folders: dict[str, Path] = {}
        """Of the branches that have begun."""
        self._over: set[str] = set()
        self._standings: dict[str, Standing] = {}

    @property
    def total(self) -> int:
        return len(self._race.racers)

    @property
    def sentence(self) -> str:
        """Which did best and by how much, of those that are done."""
        return result(self._race.best, [*self._standings.values()]) if self._standings else ""

    def legs(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        yield from ((racer.name, partial(self._branch, racer)) for racer in self._race.racers)

    def _branch(self, racer: Racer) -> bool:
        if racer.name in self._over:
            return True
        try:
            spec, folder = self._to_go_on(racer) or self._new(racer)
        except StoppedError:
            return False
        self._folders[racer.name] = folder.path
        history = NetworkHistory()
        for event in spec.resumption.events if spec.resumption else ():
            history.add(event)
        over = self._train(spec, folder, lambda path: self._on_run(path, racer.name), history.add)
        if over:
            self._over.add(racer.name)
        if (best := standing_of(history, self._race.epoch, racer.name)) is not None:
            self._standings[racer.name] = best
        return over

    def _to_go_on(self, racer: Racer) -> tuple[RunSpec, RunFolder] | None:
        """Take over a branch that was stopped."""
        path = self._folders.get(racer.name)
        return None if path is None else resumed(path)

    def _new(self, racer: Racer) -> tuple[RunSpec, RunFolder]:
        start = edited(self._begin(), racer.params)
        spec = RunSpec(racer.params, self._race.preset, self._race.title, start.state, start.best)
        folder = self._storage.new_folder(spec)
        assert folder is not None, "the screen asks for recorded runs only"
        return spec, folder

    def _begin(self) -> Branch:
        """Return where a branch without an edit begins; it is computed once."""
        if self._start is None:
            finding = self._race.find(lambda: self._stopping)
            try:
                while True:
                    next(finding)
            except StopIteration as end:
                self._start = end.value
            assert self._start is not None
            if self._start.doubt:
                self._on_doubt(self._start.doubt)
        return self._start
