"""The screens of the dashboard, each made when it is first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnfd.core.params.presets import DEFAULT_PRESETS, load, load_shipped
from nnfd.tui.jobs.session import RunSpec, Session, Storage
from nnfd.tui.screens.opening import mode_of

if TYPE_CHECKING:
    from pathlib import Path

    from textual.screen import Screen

    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.relay import Relay
    from nnfd.tui.jobs.sweep import SweepJob
    from nnfd.tui.screens.compare.screen import CompareScreen
    from nnfd.tui.screens.lab.screen import LabScreen


class MadeScreens:
    """What was shown so far, and what a lab that was not is to open with.

    A screen is imported when it is made: the time for all of them would delay the first paint.

    Parameters
    ----------
    storage
        Where runs are kept.
    sweep
        The sweep that is done here, if any.
    """

    def __init__(self, storage: Storage, sweep: SweepJob | None) -> None:
        self.storage = storage
        self.sweep = sweep
        self._begin_with: dict[str, tuple[RunSpec, RunFolder | None]] = {}
        self.labs: dict[str, LabScreen[Any]] = {}
        """By mode."""
        self.compare: CompareScreen | None = None

    def begin_with(self, mode: str, spec: RunSpec, folder: RunFolder | None) -> None:
        """Let a lab that is not there yet open with this run."""
        self._begin_with[mode] = spec, folder

    def prepare(self, mode: str) -> None:
        """Let a lab that has no run yet open with that of its preset. Raises as :meth:`Storage.new_folder` does."""
        if mode in DEFAULT_PRESETS and mode not in self._begin_with:
            spec = _default_spec(mode)
            self.begin_with(mode, spec, self.storage.new_folder(spec))

    def make(self, mode: str) -> Screen[None]:
        """Make the screen of a mode."""
        match mode:
            case "compare":
                from nnfd.tui.screens.compare.screen import CompareScreen

                self.compare = CompareScreen(self.storage)
                return self.compare
            case "runs":
                from nnfd.tui.screens.runs.screen import RunsScreen

                return RunsScreen(self.storage)
            case "sweep":
                from nnfd.tui.screens.sweep.screen import SweepScreen

                assert self.sweep is not None, "the mode is there with a sweep only"
                return SweepScreen(self.sweep)
            case _:
                self.labs[mode] = self._make_lab(mode)
                return self.labs[mode]

    def _make_lab(self, mode: str) -> LabScreen[Any]:
        spec, folder = self._begin_with[mode]
        if mode == "network":
            from nnfd.tui.screens.network.screen import NetworkScreen

            return NetworkScreen(spec, self.storage, folder=folder)
        from nnfd.tui.screens.fur.screen import FurScreen

        return FurScreen(spec, self.storage, folder=folder)

    def labs_with(self, path: Path) -> list[LabScreen[Any]]:
        """Return the labs that have the run in this folder."""
        return [lab for lab in self.labs.values() if lab.session.folder is not None and lab.session.folder.is_at(path)]

    @property
    def own_sessions(self) -> list[Session]:
        """The runs that were in front last and are done here, not only looked at."""
        return [lab.session for lab in self.labs.values() if isinstance(lab.session, Session)]

    @property
    def jobs(self) -> list[SweepJob | Relay]:
        """What else is done here."""
        relay = [] if self.compare is None else [self.compare.relay_line.job]
        return [*relay, *([] if self.sweep is None else [self.sweep])]


def _default_spec(mode: str) -> RunSpec:
    preset = load(DEFAULT_PRESETS[mode])
    if mode_of(preset.kind) != mode:  # a preset of the user's took the name
        preset = load_shipped(DEFAULT_PRESETS[mode])
    return RunSpec(preset.params, preset.name, preset.title)
