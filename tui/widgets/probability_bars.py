"""Predicted probabilities as bars, one line a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content
from textual.widget import Widget

from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.status_line import bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual.app import RenderResult


def draw_bars(
    probabilities: NDArray[np.float64], names: Sequence[str], width: int, height: int, *, true: int | None
) -> Content:
    """Draw the bars.

    ``✓`` marks the true class, ``✗`` the predicted one if it is another; without a known truth ``◂`` marks the
    predicted one. If not every class has a line, the most probable ones and the true one are shown.
    """
    top = int(probabilities.argmax())
    shown = range(len(names))
    if len(names) > height:
        ranked = np.argsort(-probabilities, kind="stable")[: max(1, height)].tolist()
        if true is not None and true not in ranked:
            ranked[-1] = true
        shown = sorted(ranked)  # type: ignore[assignment]
    label = min(max((len(name) for name in names), default=1), max(1, min(12, width - 16)))
    cells = max(1, width - label - 8)
    lines = []
    for i in shown:
        mark, style = " ", ""
        if true is None:
            mark, style = ("◂", "bold $text-primary") if i == top else (mark, style)
        elif i == true:
            mark, style = "✓", "bold $text-success"
        elif i == top:
            mark, style = "✗", "bold $text-error"
        share = float(probabilities[i])
        lines.append(
            Content.assemble(
                (shorten(names[i], label).rjust(label) + " ", style or "bold"),
                (bar(share, cells), style or "$text-primary"),
                (f" {share:.2f}", style),
                (f" {mark}", style),
            )
        )
    return Content("\n").join(lines)


class ProbabilityBars(Widget):
    """The bars of one sample."""

    DEFAULT_CSS = "ProbabilityBars { width: 1fr; height: 1fr; text-wrap: nowrap; text-overflow: clip; }"

    def __init__(self) -> None:
        super().__init__()
        self._probabilities: NDArray[np.float64] | None = None
        self._names: tuple[str, ...] = ()
        self._true: int | None = None

    def show(self, probabilities: NDArray[np.float64], names: Sequence[str], *, true: int | None = None) -> None:
        """Show probabilities, shape (classes,), with the true class if it is known. Names must be printable."""
        self._probabilities, self._names, self._true = probabilities, tuple(names), true
        self.refresh()

    def clear(self) -> None:
        """Show nothing."""
        self._probabilities = None
        self.refresh()

    def render(self) -> RenderResult:
        """Draw the bars."""
        if self._probabilities is None:
            return Content()
        return draw_bars(self._probabilities, self._names, *self.size, true=self._true)
