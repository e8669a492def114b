"""The loss around a run in the space of its weights, as a dialog: it grows from coarse to fine and stops when left."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label

from nnfd.core.network.insight.landscape import (
    Detail,
    Plane,
    chosen_frames,
    detail_for,
    losses,
    path_plane,
    random_plane,
)
from nnfd.core.network.train import model_at
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.jobs.growing import Growing
from nnfd.tui.widgets.glyphs import GlyphView
from nnfd.tui.widgets.landscape_picture import BEST, END, START, bounds, draw_landscape, palette
from nnfd.tui.widgets.text_line import TextLine, fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from textual import events
    from textual.app import ComposeResult

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.state import NetworkState
    from nnfd.core.runs.frames import FrameStore


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """What is known of a landscape."""

    plane: Plane
    detail: Detail
    heights: NDArray[np.float64]
    """Losses, shape (rows, columns), the lowest row first."""
    known: NDArray[np.bool_]
    """Which rows are computed."""

    @property
    def is_whole(self) -> bool:
        return bool(self.known.all())


def path_of(frames: FrameStore, state: NetworkState) -> list[tuple[int, NDArray[Any]]]:
    """Return epoch and weights of kept frames, the newest state last. Raises ``RunError`` if one is damaged."""
    earlier = [step for step in frames.steps() if step < state.epoch]
    found = []
    for step in chosen_frames([*earlier, state.epoch], state.theta.size)[:-1]:
        with contextlib.suppress(KeyError):  # thinned meanwhile
            found.append((step, frames.load(step)["theta"]))
    return [*found, (state.epoch, state.theta)]


class Landscape(Dialog[None]):
    """Shows the loss over the plane of the run's path, or over a random one; escape leaves, and stops it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "d", "directions", "Directions", id="landscape.directions", tooltip="The path's plane, or a random one"
        ),
    ]
    DEFAULT_CSS = "Landscape TextLine { color: $text-muted; }"

    def __init__(self, frames: FrameStore, state: NetworkState, data: Dataset) -> None:
        super().__init__()
        self._frames = frames
        self._state = state
        self._data = data
        self._random = False
        self._growing = Growing(self, self._grown, self._failed)
        self.map: Map | None = None
        """What is known."""
        self._picture = GlyphView()
        self._height, self._place, self._signs = TextLine(), TextLine(), TextLine()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(f"Loss around epoch {self._state.epoch:,}", classes="dialog-title")
            yield self._picture
            yield self._height
            yield self._place
            yield self._signs
            yield Label("d other directions · escape leaves", classes="dialog-hint")

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)  # then it is known how much room there is

    def on_unmount(self) -> None:
        self._growing.stop()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    def action_directions(self) -> None:
        """Begin anew with the other directions."""
        self._random = not self._random
        self._begin()

    def _begin(self) -> None:
        self.map = None
        self._height.text, self._place.text, self._signs.text = "the path is read ...", "", ""
        self._picture.show(None, palette())
        room = 2 * max(1, self._picture.size.height), max(1, self._picture.size.width)
        self._growing.begin(partial(self._compute, room, self._random))

    def _compute(self, room: tuple[int, int], at_random: bool, stopping: Callable[[], bool]) -> Iterator[Map]:
        state, data = self._state, self._data
        model = model_at(state.params, state.layer_sizes, state.theta, state.stats)
        path = path_of(self._frames, state)
        plane = random_plane(model, path) if at_random else path_plane(path)
        detail = detail_for(model, data, *room)
        heights, known = np.full((detail.rows, detail.columns), np.nan), np.zeros(detail.rows, np.bool_)
        for row in losses(model, data, plane, detail, stopping):
            heights[row.number], known[row.number] = row.losses, True
            yield Map(plane, detail, heights.copy(), known.copy())

    def _grown(self, found: Map) -> None:
        self.map = found
        self._draw()

    def _failed(self, why: str) -> None:
        self.map = None
        other = "the path's directions" if self._random else "random directions"
        self._height.text, self._place.text = why, f"d takes {other}"

    def _draw(self) -> None:
        if self.map is None or not self.is_mounted:
            return
        found, best, colour = self.map, self._state.best_epoch, self._picture.in_colour
        shape = self._picture.size.height, self._picture.size.width
        cells = draw_landscape(found.heights, found.known, found.plane, best, shape, colour=colour)
        self._picture.show(cells, palette())
        self._height.text = self._height_words(found)
        self._place.text = self._place_words(found.plane)
        end = "" if best == self._state.epoch else f" · {END} epoch {self._state.epoch:,}"
        starred = f" · {BEST} epoch {best:,}, the best" if best in found.plane.epochs else ""
        self._signs.text = f"{START} epoch {found.plane.epochs[0]:,}{starred}{end}"

    def _height_words(self, found: Map) -> str:
        low, high = bounds(found.heights)
        dark = "dark" if self._picture.in_colour else "blank"
        share = "" if found.is_whole else f"{100 * found.known.mean():.0f} % · "
        n, of = found.detail.samples, len(self._data.y_train)
        samples = f"all {n:,}" if n == of else f"{n:,} of {of:,}"
        words = f"{share}loss {low:.3g} ({dark}) to {high:.3g}, log scale · {samples}"
        return fitting((f"{words} training samples", f"{words} samples"), self._height.size.width)

    def _place_words(self, plane: Plane) -> str:
        inside, room = f"{100 * plane.share:.1f} % of the path lies in", self._place.size.width
        if self._random:
            random = f"{inside} the plane of two random directions"
            return fitting((f"{random}, as long as the weights", random), room)
        (x0, y0), (x1, y1) = plane.low, plane.high
        where = f"→ {x0:.3g}…{x1:.3g} ↑ {y0:.3g}…{y1:.3g}"
        return fitting((f"{inside} the plane of its main directions: {where}", f"{inside} its plane: {where}"), room)
