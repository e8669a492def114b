"""The living atlas as a dialog: what is predicted over two parameters, then a small pattern growing at each point."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label

from nnfd.core.errors import ParamsError
from nnfd.core.fields.atlas.atlas import Atlas
from nnfd.core.fields.atlas.axes import read_axes
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import default_colormap
from nnfd.core.params import FieldParams
from nnfd.core.text import printable
from nnfd.tui.dialogs.ask import AskText, Dialog
from nnfd.tui.guard.complaint import complain
from nnfd.tui.guard.safe_app import way_of
from nnfd.tui.jobs.atlas import AtlasJob
from nnfd.tui.jobs.growing import Growing
from nnfd.tui.widgets.arrow_keys import arrow_keys
from nnfd.tui.widgets.atlas_picture import LOST, SIGNS, Room, Scene, cells_for, draw_atlas, palette
from nnfd.tui.widgets.glyphs import GlyphView
from nnfd.tui.widgets.text_line import TextLine, fitting
from nnfd.tui.widgets.viewport import short_number

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from nnfd.core.fields.atlas.atlas import Forecast, Place
    from nnfd.tui.jobs.atlas import Frame

SIGN_WORDS = ("pattern", "uniform", "neither")
"""What the signs under the points say, in their order."""


class AtlasDialog(Dialog[FieldParams]):
    """Shows an atlas of a run's model; enter begins a run of the point that is marked, escape leaves.

    Parameters
    ----------
    params
        The run's parameters; all but the two axes hold everywhere.
    title
        What is run.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="atlas.open", tooltip="Begin a run with the parameters of this point"),
        Binding("e", "axes", "Axes", id="atlas.axes", tooltip="Other parameters, or other ranges"),
        *arrow_keys("move", "atlas", "Go to another point"),
    ]
    DEFAULT_CSS = """
    AtlasDialog TextLine { color: $text-muted; }
    AtlasDialog .-point { color: $foreground; }
    """

    def __init__(self, params: FieldParams, title: str) -> None:
        super().__init__()
        self._params = params
        self._title = title
        self._axes = ""
        self._job: AtlasJob | None = None
        self._growing = Growing(self, self._grown, self._failed)
        self.atlas: Atlas | None = None
        """What is looked at; its region is known row by row."""
        self.frame: Frame | None = None
        """The newest patterns."""
        self.cursor: Place = (0, 0)
        """Row, from the lowest, and column of the point that is marked."""
        self._head = TextLine(classes="dialog-title")
        self._picture = GlyphView()
        self._key, self._point, self._seen = TextLine(), TextLine(classes="-point"), TextLine(classes="-point")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield self._head
            yield self._picture
            yield self._key
            yield self._point
            yield self._seen
            yield Label("arrows choose a point · enter opens it · e other axes · escape leaves", classes="dialog-hint")

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)  # then it is known how much room there is

    def on_unmount(self) -> None:
        self._growing.stop()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    def _begin(self) -> None:
        self.atlas = self.frame = None
        self._head.text, self._key.text = f"Atlas · {self._title}", "looking for what decides ..."
        self._point.text = self._seen.text = ""
        self._job = AtlasJob(self._params, self._axes, cells_for(self._room()), way_of(self.app))
        self._growing.begin(self._job.run)

    # -- what is shown

    def _grown(self, known: tuple[Atlas, Frame | None]) -> None:
        assert self._job is not None
        if self.atlas is None:
            self.cursor = self._job.place
        self.atlas, self.frame = known
        self._draw()
        if self.frame is not None:
            self._job.drawn.set()

    def _failed(self, why: str) -> None:
        self._key.text = why
        complain(self, why)  # it may be longer than the line

    def notify_style_update(self) -> None:
        """Draw anew in another theme."""
        super().notify_style_update()
        if self.is_mounted:
            self.call_after_refresh(self._draw)

    def _room(self) -> Room:
        return Room(self._picture.size.height, self._picture.size.width)

    def _draw(self) -> None:
        atlas, frame = self.atlas, self.frame
        if atlas is None or not self.is_mounted:
            return
        known = atlas.forecasts[: atlas.shape[0]]
        shown, bounds = (None, (0.0, 0.0)) if frame is None else (frame.shown, frame.bounds)
        scene = Scene(atlas.shape, known, shown, bounds, self.cursor)
        field = main_field(atlas.points[0][0])
        colours = palette(default_colormap(field), self._picture.background_colors[1])
        self._picture.show(draw_atlas(scene, self._room(), colour=self._picture.in_colour), colours)
        self._head.text = self._head_words(atlas, frame)
        self._key.text = self._key_words(atlas, frame)
        row, column = self.cursor
        self._point.text = self._seen.text = ""
        if row < len(known):
            values = self._values(atlas.points[row][column])
            self._point.text = f"{values}: {forecast_words(known[row][column])}"
        if frame is not None:
            low, high = map(short_number, frame.bounds)
            self._seen.text = f"{self._seen_words(frame)} · colours: {field} {low} to {high}"

    def _head_words(self, atlas: Atlas, frame: Frame | None) -> str:
        if frame is None:
            return f"Atlas · {len(atlas.forecasts)} of {atlas.shape[0]} rows predicted · {self._title}"
        agreeing, counted = frame.agreement
        agreed = f" · {agreeing} of {counted} as predicted" if frame.step == atlas.steps and counted else ""
        return f"Atlas · step {frame.step:,} of {atlas.steps:,}{agreed} · {self._title}"

    def _key_words(self, atlas: Atlas, frame: Frame | None) -> str:
        signs = {fate: f"{sign} {word}" for (fate, sign), word in zip(SIGNS.items(), SIGN_WORDS, strict=True)}
        lost = f" {LOST} out of bounds" if frame is not None and np.isnan(frame.shown).any() else ""
        seen = {forecast.fate for row in atlas.forecasts for forecast in row}
        there = [words for fate, words in signs.items() if fate in seen]
        axes = f"→ {atlas.across} ↑ {atlas.up} · "
        return fitting([f"{axes}{' '.join(words)}{lost}" for words in (signs.values(), there)], self._key.size.width)

    def _values(self, point: FieldParams) -> str:
        assert self.atlas is not None
        names = self.atlas.across.name, self.atlas.up.name
        return ", ".join(f"{name} = {short_number(getattr(point, name))}" for name in names)

    def _seen_words(self, frame: Frame) -> str:
        assert self._job is not None
        try:
            verdict = frame.verdict if frame.place == self.cursor else self._job.look()
        except LookupError:
            return "grown: ..."
        if verdict is None:
            return "grown: it left all bounds, and was taken out"
        waves = "" if verdict.wavelength is None else f", waves of {verdict.wavelength:.3g} cells"
        return f"grown: {verdict.words}{waves}"

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible yet."""
        if action in {"open", "move"}:
            return True if self.atlas is not None else None
        return super().check_action(action, parameters)

    def action_move(self, dx: int, dy: int) -> None:
        """Mark another point."""
        if self.atlas is not None and self._job is not None:
            rows, columns = self.atlas.shape
            row, column = self.cursor
            self.cursor = min(max(row - dy, 0), rows - 1), min(max(column + dx, 0), columns - 1)
            self._job.place = self.cursor
            self._draw()

    def action_open(self) -> None:
        """Begin a run with the parameters of the point that is marked."""
        if self.atlas is not None:
            row, column = self.cursor
            self.close(self.atlas.points[row][column])

    def action_axes(self) -> None:
        """Ask for other axes."""
        now = self._axes if self.atlas is None else f"{self.atlas.across} {self.atlas.up}"
        hint = "enter takes them: the first goes from left to right, the second from bottom to top"
        dialog = AskText("Axes: NAME=LOW:HIGH NAME=LOW:HIGH", now, hint, self._check_axes)
        self.app.push_screen(dialog, self._take_axes)

    def _check_axes(self, text: str) -> None:
        words = text.split()
        if len(words) != 2:
            raise ParamsError(f"axes: {printable(text)!r} is not allowed: an atlas has two, with a blank between")
        Atlas(self._params, *read_axes(words, self._params, (2, 2)))

    def _take_axes(self, text: str | None) -> None:
        if text is not None:
            self._axes = text
            self._begin()


def forecast_words(forecast: Forecast) -> str:
    """Return what is predicted."""
    if forecast.wavelength is None:
        return str(forecast.fate)
    return f"{forecast.fate}, waves of {forecast.wavelength:.3g} cells"
