"""How far a pattern hangs on step, stencil and grid, as a dialog: the versions side by side as they go on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Label, Static

from nnfd.core.fields.judge import judge, names_of, table
from nnfd.core.fields.picture import extremes
from nnfd.core.fields.trust import Comparison, Way, compare
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.jobs.growing import Growing
from nnfd.tui.widgets.field_canvas import FieldCanvas, FieldPicture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from textual.app import ComposeResult

    from nnfd.core.fields.state import FieldState

WIDTHS = (9, 8, 10, 10, 12, 7, 11)
"""Of the columns of the table."""
DIFFERENCES = "magma"


class Trust(Dialog[None]):
    """Runs a state on in other ways beside the way it is, and says how far they part; escape leaves, and stops it.

    Parameters
    ----------
    shown
        The state to run on.
    first
        Returns the state that the run began with; called in a worker thread.
    name
        The field to look at.
    colormap
        What it is drawn in.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "differences", "Differences", id="trust.differences", tooltip="Pictures, or how they differ"),
        Binding("b", "beginning", "Beginning", id="trust.beginning", tooltip="From the start of the run, or from here"),
    ]
    DEFAULT_CSS = """
    Trust #trust-pictures { height: 1fr; min-height: 4; }
    Trust #trust-pictures Vertical { width: 1fr; margin-right: 1; }
    Trust #trust-pictures Label { width: 1fr; height: 1; text-wrap: nowrap; }
    Trust #trust-words { height: auto; max-height: 75%; scrollbar-size-vertical: 1; }
    Trust #trust-words Static { width: 1fr; height: auto; }
    Trust .-conclusion { text-style: bold; }
    Trust .-table { color: $text-muted; }
    """

    def __init__(self, shown: FieldState, first: Callable[[], FieldState], name: str, colormap: str) -> None:
        super().__init__()
        self._shown = shown
        self._first = first
        self._field = name
        self._colormap = colormap
        self._growing = Growing(self, self._compared, self._failed)
        self._from_start = False
        self._differences = False
        self.found: Comparison | None = None
        """The newest comparison."""
        self._canvases: dict[Way, FieldCanvas] = {way: FieldCanvas() for way in Way if way is not Way.PUSHED}
        self._names: dict[Way, Label] = {way: Label(str(way), markup=False) for way in self._canvases}
        self._title = Label("", classes="dialog-title", markup=False)
        self._table, self._conclusion, self._sentences = (Static("", markup=False) for _ in range(3))

    def compose(self) -> ComposeResult:
        self._table.add_class("-table")
        self._conclusion.add_class("-conclusion")
        with Vertical(classes="dialog"):
            yield self._title
            with Horizontal(id="trust-pictures"):
                for way, canvas in self._canvases.items():
                    with Vertical():
                        yield self._names[way]
                        yield canvas
            with VerticalScroll(id="trust-words"):
                yield self._table
                yield self._conclusion
                yield self._sentences
            yield Label("d differences · b from the beginning, or from here · escape leaves", classes="dialog-hint")

    def on_mount(self) -> None:
        self._begin()

    def on_unmount(self) -> None:
        self._growing.stop()

    def action_differences(self) -> None:
        """Draw how the others differ from the run as it is, or what they are."""
        self._differences = not self._differences
        self._draw()

    def action_beginning(self) -> None:
        """Begin anew, where the run began or where it is looked at."""
        self._from_start = not self._from_start
        self._begin()

    def _begin(self) -> None:
        self.found = None
        self._title.update("How far does it depend on step, stencil and grid?")
        self._conclusion.update("it is run on in four ways ...")
        self._table.update("")
        self._sentences.update("")
        self._growing.begin(partial(self._compare, self._from_start))

    def _compare(self, from_start: bool, stopping: Callable[[], bool]) -> Iterator[Comparison]:
        state = self._first() if from_start else self._shown
        steps = max(1, self._shown.step - state.step) if from_start else None
        return compare(state, self._field, stopping, steps=steps)

    def _compared(self, found: Comparison) -> None:
        self.found = found
        self._draw()

    def _failed(self, why: str) -> None:
        self._conclusion.update(why)

    def _draw(self) -> None:
        if (found := self.found) is None:
            return
        report = judge(found)
        self._title.update(report.head)
        self._conclusion.update(report.conclusion)
        self._table.update("\n".join(map(row_text, table(found))))
        self._sentences.update("\n".join(each.sentence for each in report.judgements))
        base = found.versions[Way.AS_IS].field
        low, high = extremes(base)
        for way, called in names_of(found).items():
            field, picture = found.versions[way].field, self._canvases[way]
            if self._differences and way is not Way.AS_IS:
                contrast = found.versions[Way.AS_IS].figures.contrast
                picture.picture = FieldPicture(np.abs(field - base), 0.0, contrast, DIFFERENCES)
                called = f"{called} differs"
            else:
                picture.picture = FieldPicture(field, low, high, self._colormap)
            self._names[way].update(called)
            picture.redraw()


def row_text(row: Sequence[str]) -> str:
    """Return a row of the table as one line."""
    name, *numbers = row
    return name.ljust(WIDTHS[0]) + "".join(text.rjust(width) for text, width in zip(numbers, WIDTHS[1:], strict=True))
