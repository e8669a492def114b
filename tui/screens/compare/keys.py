"""The keys of the Compare screen."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.screen import Screen

from nnfd.tui.dialogs.pick_runs import PickRuns
from nnfd.tui.messages import OpenRun
from nnfd.tui.screens.compare.runs import BaselineRow
from nnfd.tui.screens.compare.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.binding import BindingType

    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.screens.compare.course_line import CourseLine
    from nnfd.tui.screens.compare.runs import AnyRun
    from nnfd.tui.screens.compare.view import CompareView
    from nnfd.tui.widgets.compare_table import CompareTable


class CompareKeys(Screen[None]):
    """The keys; the runs they work on are the subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "course", "Course", id="compare.course", tooltip="Take or train the course's runs; stop that"),
        Binding("space", "pause", "Pause", id="compare.pause", tooltip="Pause the course's training, or go on"),
        Binding("p", "pick", "Pick", id="compare.pick", tooltip="Add runs that were recorded"),
        Binding("v", "view", "View", id="compare.view", tooltip="Curves, confusion matrices, patterns"),
        Binding("m", "metric", "Metric", id="compare.metric", tooltip="The next number to draw"),
        Binding("l", "log", "Log", id="compare.log", tooltip="Curves on a log scale and back"),
        Binding("o", "smooth", "Smooth", id="compare.smooth", tooltip="Smooth the curves: not, a little, much"),
        Binding("n", "percent", "Counts/%", id="compare.percent", tooltip="Counts, or % of each true class"),
        Binding("a", "scale", "Scale", id="compare.scale", tooltip="Colours: a range for each pattern, or one for all"),
        Binding("h", "hide", "Hide", id="compare.hide", tooltip="Hide the run, and show it again", show=False),
        Binding("d,delete", "remove", "Take out", id="compare.remove", tooltip="Take the run out", show=False),
        Binding("s", "sort", "Sort", id="compare.sort", tooltip="Sort by the next column", show=False),
        Binding("S", "reverse", "Reverse", id="compare.reverse", tooltip="Turn the order round", show=False),
        Binding("enter", "open", "Open", id="compare.open", tooltip="Open the run in its lab", show=False),
    ]

    storage: Storage
    runs: list[AnyRun]
    course_line: CourseLine

    # -- what the screen gives

    @property
    @abstractmethod
    def table(self) -> CompareTable:
        """The table of the runs."""

    @property
    @abstractmethod
    def view(self) -> CompareView:
        """The curves, matrices or patterns."""

    @abstractmethod
    def under_cursor(self) -> AnyRun | None:
        """Return the run that the cursor is on."""

    @abstractmethod
    def add_runs(self, paths: Sequence[Path]) -> None:
        """Put these runs into the comparison."""

    @abstractmethod
    def show(self) -> None:
        """Bring everything up to date."""

    # -- what is possible

    def possible_actions(self) -> tuple[bool | None, ...]:
        """Return what :meth:`check_action` says of every key."""
        return tuple(self.check_action(key.action, ()) for key in self.BINDINGS if isinstance(key, Binding))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys of the other views, and grey out what is not possible now."""
        match action:
            case "pause":
                return self.course_line.under_way
            case "metric" | "log" | "smooth":
                return self.is_mounted and self.view.view is View.CURVES
            case "percent":
                return self.is_mounted and self.view.view is View.MATRICES
            case "scale":
                return self.is_mounted and self.view.view is View.PATTERNS
            case "hide" | "remove" | "open" | "sort" | "reverse" | "view":
                return True if self.runs else None
            case _:
                return super().check_action(action, parameters)

    def action_view(self) -> None:
        """Show the next view."""
        self.view.next_view()
        self.show()
        # the table may have become lower
        self.call_after_refresh(lambda: self.table.move_cursor(row=self.table.cursor_row))

    def action_metric(self) -> None:
        """Draw the next number."""
        self.view.next_metric()

    def action_log(self) -> None:
        """Change the scale of the curves."""
        self.view.curves.toggle_log()

    def action_smooth(self) -> None:
        """Change the smoothing of the curves."""
        self.view.curves.cycle_smoothing()

    def action_percent(self) -> None:
        """Show counts or shares."""
        self.view.matrices.toggle_percent()

    def action_scale(self) -> None:
        """Change the scale of the patterns' colours."""
        self.view.pictures.toggle_common()
        self.show()

    def action_hide(self) -> None:
        """Hide the run under the cursor in the view, or show it again."""
        if (run := self.under_cursor()) is not None:
            run.visible = not run.visible
            self.show()

    def action_remove(self) -> None:
        """Take the run under the cursor out."""
        if (run := self.under_cursor()) is not None:
            self.runs.remove(run)
            self.show()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_by_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.table.turn_round()

    def action_open(self) -> None:
        """Open the run under the cursor in its lab."""
        run = self.under_cursor()
        if isinstance(run, BaselineRow):
            self.notify("scikit-learn's classifier is no run of ours: it has no lab to open in", markup=False)
        elif run is not None and run.path is not None:
            self.post_message(OpenRun(run.path))

    def action_pick(self) -> None:
        """Choose runs to add."""

        def add(paths: Sequence[Path] | None) -> None:
            self.add_runs(paths or [])

        self.app.push_screen(PickRuns(self.storage.root), add)

    def action_course(self) -> None:
        """Take or train the course's runs; stop that if it is under way."""
        self.course_line.begin_or_stop()

    def action_pause(self) -> None:
        """Hold the course's training, or go on with it."""
        self.course_line.toggle_pause()
