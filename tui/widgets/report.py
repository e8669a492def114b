"""The classification report as a table, ours and the baseline's side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import shorten

if TYPE_CHECKING:
    from textual.app import ComposeResult, RenderResult

    from nnfd.core.network.evaluate import Evaluation

WIDE = 58
"""From this width on the baseline's precision and recall stand beside its f1."""


def _score(value: float, width: int) -> str:
    return f"{value:.2f}".rjust(width)


def draw_report(ours: Evaluation, baseline: Evaluation | None, width: int) -> Content:
    """Draw the report; with a baseline, its columns to the right, and in each line the better f1 is bold.

    Without room for all of the baseline's columns only its f1 is shown.
    """
    wide = baseline is not None and width >= WIDE
    theirs = baseline.report if baseline else ()
    room = width - 24 - (22 if wide else 9 if theirs else 0)
    label = max(5, min(14, room, max((len(line.name) for line in ours.report), default=0)))
    head = "".ljust(label) + "  prec   rec    f1  supp"
    if wide:
        head += " │ prec   rec    f1"
    elif baseline:
        head += " │ base"
    lines: list[Content] = [Content.styled(head, "bold")]
    if baseline:
        over = " " * (label + 8) + "this network".ljust(17) + ("│ baseline" if wide else "│ f1")
        lines.insert(0, Content.styled(over, "dim"))
    lines.append(_accuracy(ours, baseline, label, wide=wide))
    for i, line in enumerate(ours.report):
        other = theirs[i] if i < len(theirs) else None
        parts: list[tuple[str, str]] = [
            (shorten(printable(line.name), label).ljust(label), "bold"),
            (_score(line.precision, 6) + _score(line.recall, 6), ""),
            (_score(line.f1, 6), "bold" if other is None or line.f1 >= other.f1 else ""),
            (str(line.support).rjust(6), "dim"),
        ]
        if other is not None:
            before = _score(other.precision, 5) + _score(other.recall, 6) if wide else ""
            parts.append((" │" + before, ""))
            parts.append((_score(other.f1, 6 if wide else 5), "bold" if other.f1 > line.f1 else ""))
        lines.append(Content.assemble(*parts))
    return Content("\n").join(lines)


def _accuracy(ours: Evaluation, baseline: Evaluation | None, label: int, *, wide: bool) -> Content:
    parts: list[tuple[str, str]] = [
        ("accuracy".ljust(label + 10), "bold"),
        (f"{ours.accuracy:.4f}".rjust(8), "bold"),
        (str(len(ours.true)).rjust(6), "dim"),
    ]
    if baseline is not None:
        parts.append((" │" + f"{baseline.accuracy:.4f}".rjust(17 if wide else 7), "bold"))
    return Content.assemble(*parts)


class _Lines(Widget):
    DEFAULT_CSS = "_Lines { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: clip; }"

    ours: reactive[Evaluation | None] = reactive(None)
    baseline: reactive[Evaluation | None] = reactive(None)

    # the whole screen is laid out anew only for another number of lines: that takes longer than to draw an epoch

    def watch_ours(self, before: Evaluation | None, now: Evaluation | None) -> None:
        if before is None or now is None or len(before.class_names) != len(now.class_names):
            self.refresh(layout=True)

    def watch_baseline(self, before: Evaluation | None, now: Evaluation | None) -> None:
        if (before is None) != (now is None):
            self.refresh(layout=True)

    def render(self) -> RenderResult:
        if self.ours is None:
            return Content.styled("no evaluation before the first epoch", "dim")
        return draw_report(self.ours, self.baseline, self.size.width)


class ReportTable(VerticalScroll):
    """The report of what is shown, and the baseline's once it is known; it scrolls if the classes are many."""

    DEFAULT_CSS = "ReportTable { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines = _Lines()

    def compose(self) -> ComposeResult:
        """Lay out the lines that are scrolled."""
        yield self._lines

    def show(self, ours: Evaluation | None, baseline: Evaluation | None = None) -> None:
        """Show these reports; the class names may be any text."""
        self._lines.ours, self._lines.baseline = ours, baseline
