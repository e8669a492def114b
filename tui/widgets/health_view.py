"""The health of a network's layers: numbers, how they went over the epochs, and histograms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from textual import events
    from textual.app import ComposeResult

    from nnfd.core.network.insight.health import Health, Histogram, LayerHealth

BLOCKS = " ▁▂▃▄▅▆▇█"
LABEL = 12
"""Cells of the names of histograms."""
SPAN = 16
"""Cells of the least and greatest value behind a histogram."""
WORRYING = 0.3
"""Share of dead or saturated units from which it is coloured."""


def bars(values: Sequence[float] | NDArray[np.float64], width: int) -> str:
    """Draw counts as a line of bars; their heights are as the square roots, so that few are seen beside many."""
    counts = np.asarray(values, float)
    if not len(counts) or width < 1:
        return ""
    counts = np.array([part.sum() for part in np.array_split(counts, min(width, len(counts)))])
    top = counts.max() or 1.0
    heights = np.where(counts > 0, np.maximum(1, np.rint(8 * np.sqrt(counts / top))), 0).astype(int)
    return "".join(BLOCKS[height] for height in heights)


def trend(values: Sequence[float], width: int) -> str:
    """Draw positive values on a log scale, their least one lowest; the newest stands at the end."""
    newest = [value if value > 0 and math.isfinite(value) else math.nan for value in values]
    if len(newest) > width > 0:  # evenly thinned, the last one stays
        newest = [newest[i] for i in np.linspace(0, len(newest) - 1, width).round().astype(int)]
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(np.array(newest, float))
    sound = logs[np.isfinite(logs)]
    if not len(sound):
        return ""
    low, span = float(sound.min()), float(np.ptp(sound)) or 1.0
    return "".join(" " if math.isnan(value) else BLOCKS[1 + round(7 * (value - low) / span)] for value in logs)


def _histogram(name: str, histogram: Histogram, width: int) -> Content:
    cells = min(len(histogram.counts), max(4, width - LABEL - SPAN))
    drawn = bars(histogram.counts.astype(float), cells)
    span = f" {histogram.low:.2g} … {histogram.high:.2g}"
    return Content.assemble((f"{name:<{LABEL}}", "$text-muted"), (drawn.ljust(cells), "$text-primary"), span)


def layer_lines(layer: LayerHealth, gradients: Sequence[float], idle_word: str, width: int) -> list[Content]:
    """Write one layer; `gradients` are its norms over the epochs that were looked at."""
    inputs, outputs = layer.shape
    update = "" if layer.update is None else f", moving {100 * layer.update:.2g} %/epoch"
    idle: tuple[str, str] | str = ""
    if layer.idle is not None:
        idle = (f" · {100 * layer.idle:.0f} % {idle_word}", "bold $text-warning" if layer.idle >= WORRYING else "")
    gradient = f"gradient {layer.gradient:.2e}"
    room = max(0, min(24, width - LABEL - len(gradient)))
    return [
        Content.assemble((f"{layer.name} ", "bold"), f"{inputs}x{outputs}", idle),
        Content.assemble((f"{gradient} ", ""), (trend(gradients, room), "$text-secondary")),
        Content.assemble(f"norm {layer.weight:.3g}", update),
        _histogram("weights", layer.weights, width),
        _histogram("gradients", layer.gradients, width),
        _histogram("activations", layer.activations, width),
    ]


class HealthView(VerticalScroll, can_focus=True):
    """Every layer, from the input to the output."""

    DEFAULT_CSS = """
    HealthView {
        width: 1fr; height: 1fr; scrollbar-size-vertical: 1; padding: 0 1; border-subtitle-color: $text-muted;
    }
    HealthView Static { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = Static()
        self.health: Health | None = None
        """What is shown."""
        self._trends: Mapping[int, Sequence[float]] = {}

    def compose(self) -> ComposeResult:
        yield self._text

    def show(self, health: Health | None, gradients: Mapping[int, Sequence[float]]) -> None:
        """Show a network, None for none.

        Parameters
        ----------
        health
            Its figures.
        gradients
            By epoch, the gradient norms of all layers, of every epoch that was looked at.
        """
        if health is self.health:
            return
        self.health, self._trends = health, gradients
        self.border_subtitle = "" if health is None else f"epoch {health.epoch}, {health.samples} training samples"
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.health is None:
            self._text.update("")
            return
        width = max(20, self.size.width - 3)
        epochs = sorted(epoch for epoch in self._trends if epoch <= self.health.epoch)
        lines: list[Content] = []
        for i, layer in enumerate(self.health.layers):
            norms = [self._trends[epoch][i] for epoch in epochs]
            lines += [*layer_lines(layer, norms, self.health.idle_word, width), Content("")]
        self._text.update(Content("\n").join(lines[:-1]))
