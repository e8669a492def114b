"""Test samples that are rows of a table: features with their values, which can be moved, and what the network says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.sample_browser import WRONG, SampleBrowser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from textual.app import ComposeResult, RenderResult

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP

STEP = 0.1
"""By how many standard deviations a key moves a value; with shift, ten times as many."""
TRACK = 10
"""Cells that show where a value lies between the least and the greatest of the data."""
ROOM_FOR_TRACK = 38
"""Cells from which there is room for it."""
ROUNDING = 1e-9
"""Standard deviations by which a value may differ and is still the same."""


def draw_features(
    names: Sequence[str],
    values: NDArray[np.float64],
    moved: NDArray[np.bool_],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    cursor: int,
    size: tuple[int, int],
) -> Content:
    """Draw a line a feature, as many as have room, the one at the cursor among them.

    Parameters
    ----------
    names
        Of the features, printable.
    values, moved
        What each is now, and whether it is another than in the data; shape (features,).
    bounds
        Least and greatest value of each feature.
    cursor
        The feature that a key moves.
    size
        Cells across and lines.
    """
    width, height = size
    height = max(1, height)
    first = min(max(0, cursor - height // 2), max(0, len(names) - height))
    track = TRACK if width >= ROOM_FOR_TRACK else 0
    label = max(4, min(max(len(name) for name in names), width - 10 - (track + 1 if track else 0)))
    lines = []
    for i in range(first, min(len(names), first + height)):
        mark, style = ("▸" if i == cursor else " "), ("bold" if i == cursor else "")
        parts: list[tuple[str, str]] = [(f"{mark}{shorten(names[i], label):<{label}} ", style)]
        parts.append((f"{values[i]:>7.4g}", "bold $text-warning" if moved[i] else style))
        if track:
            low, high = bounds[0][i], bounds[1][i]
            share = (values[i] - low) / (high - low) if high > low else 0.5
            at = int(np.clip(round(share * (track - 1)), 0, track - 1))
            parts.append((" " + "─" * at + "●" + "─" * (track - 1 - at), "$text-warning" if moved[i] else "dim"))
        if moved[i]:
            parts.append((" *", "bold $text-warning"))
        lines.append(Content.assemble(*parts))
    return Content("\n").join(lines)


class FeatureList(Widget):
    """The features of one sample."""

    DEFAULT_CSS = "FeatureList { width: 3fr; height: 1fr; text-wrap: nowrap; text-overflow: clip; margin-right: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._draw: Callable[[tuple[int, int]], Content] | None = None

    def show(self, draw: Callable[[tuple[int, int]], Content] | None) -> None:
        """Show what this draws for a size; None for nothing."""
        self._draw = draw
        self.refresh()

    def render(self) -> RenderResult:
        return Content() if self._draw is None else self._draw((self.size.width, self.size.height))


class FeatureBrowser(SampleBrowser):
    """Pages through rows, and shows what the network would say if a value were another."""

    DEFAULT_CSS = """
    FeatureBrowser Horizontal { height: 1fr; }
    FeatureBrowser ProbabilityBars { width: 2fr; }
    FeatureBrowser:focus TextLine { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "change(-1)", "Less", id="features.less", tooltip="A smaller value; with shift much smaller"),
        Binding("right", "change(1)", "More", id="features.more", tooltip="A larger value; with shift much larger"),
        Binding("shift+left", "change(-10)", "Much less", id="features.much_less", show=False),
        Binding("shift+right", "change(10)", "Much more", id="features.much_more", show=False),
        Binding("up", "feature(-1)", "Feature", id="features.up", show=False),
        Binding("down", "feature(1)", "Feature", id="features.down", tooltip="The next feature"),
        Binding("pageup", "move(-1)", "Previous", id="features.previous", tooltip="The sample before", show=False),
        Binding("pagedown", "move(1)", "Next sample", id="features.next", tooltip="The next sample"),
        Binding("backspace", "restore", "Its values", id="features.restore", tooltip="The sample's own values again"),
        WRONG,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._list = FeatureList()
        self._data: Dataset | None = None
        self._model: MLP | None = None
        self._rows: NDArray[np.float64] = np.zeros((0, 0))
        self._bounds = np.zeros(0), np.zeros(0)
        self._switches: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._values: NDArray[np.float64] = np.zeros(0)
        self._of: int | None = None
        self._cursor = 0

    def compose(self) -> ComposeResult:
        yield self._heading
        with Horizontal():
            yield self._list
            yield self._bars

    @property
    def values(self) -> NDArray[np.float64]:
        """The values as they are moved, shape (features,)."""
        return self._values.copy()

    def load(self, data: Dataset) -> None:
        """Take the test set of a run."""
        self._data, self._model, self._of, self._cursor = data, None, None, 0
        self._rows = data.raw(data.X_test)
        train = data.raw(data.X_train)
        self._bounds = train.min(axis=0), train.max(axis=0)
        bits: NDArray[np.bool_] = np.isclose(train, 0) | np.isclose(train, 1)
        self._switches = np.asarray(bits.all(axis=0), np.bool_)
        self.take_samples(data.y_test, data.class_names)

    def show_network(self, model: MLP, probabilities: NDArray[np.float64]) -> None:
        """Show what a network says: of the samples, shape (samples, classes), and of the one whose values are moved."""
        self._model = model
        self.show(probabilities)

    # -- keys

    def action_feature(self, by: int) -> None:
        """Choose the feature that is moved, around the ends."""
        if len(self._values):
            self._cursor = (self._cursor + by) % len(self._values)
            self._draw()

    def action_change(self, by: int) -> None:
        """Move its value; one that is 0 or 1 in all the data becomes the other."""
        if self._data is None or not len(self._values):
            return
        i, values = self._cursor, self._values.copy()
        if self._switches[i]:
            values[i] = float(by > 0)
        else:
            values[i] += by * STEP * float(self._data.scale[i])
        self._values = values
        self._draw()

    def action_restore(self) -> None:
        """Give the sample its own values again."""
        self._of = None
        self._draw()

    # -- drawing

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        sample, data = self.sample, self._data
        if sample is None or data is None:
            self.show_nothing()
            self._list.show(None)
            return
        own = self._rows[sample]
        if sample != self._of:
            self._of, self._values = sample, own.copy()
        values, cursor = self._values, min(self._cursor, len(own) - 1)
        moved = np.abs(values - own) > ROUNDING * data.scale
        self._list.show(lambda size: draw_features(data.feature_names, values, moved, self._bounds, cursor, size))
        self._heading.text = self.heading()
        if not moved.any() or self._model is None:
            self.show_bars()
            return
        p = self._model.predict_proba(data.standardise(values[None]))[0]
        self._bars.show(p, self._names, true=None)
        before = "" if self.predicted is None else f", not {shorten(self._names[self.predicted], 10)}"
        says = shorten(self._names[int(p.argmax())], 10)
        before = "" if self.predicted is None or int(p.argmax()) == self.predicted else before
        words = f"{int(moved.sum())} of {len(own)} values moved · says {says}{before}"
        self._heading.text = Content.styled(words, "bold $text-warning")
