"""The parts of a report that only a field run has."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.events import Edited, StepsDone
from nnfd.core.errors import NnfdError
from nnfd.core.fields.analysis import dominant_wavelength, predicted_wavelength, spots, summary, wavelength_words
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import default_colormap, field_image, shrink_to
from nnfd.core.fields.state import FieldState
from nnfd.core.library.report.curves import Curve, chart
from nnfd.core.library.report.markup import el, missing, section, table
from nnfd.core.params import FieldParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder

LARGE, SMALL = 360, 150
"""Pixels of the longer side of a picture, about."""
MOST = 720
"""Cells of the longer side that are drawn; those of a larger grid are averaged, for a page of megabytes."""
STRIP = 8
"""Frames over time at the most."""


def field_sections(folder: RunFolder, events: Sequence[Event], params: Params) -> list[Element]:
    """Return pattern, growth, curves and analysis, each as far as the folder has what it needs."""
    assert isinstance(params, FieldParams)
    steps = [event for event in events if isinstance(event, StepsDone)]
    try:
        state = _newest(folder)
    except NnfdError as error:
        return [missing("Pattern", error), _curves(steps, events)]
    if state is None:
        return [missing("Pattern", "no state is saved yet"), _curves(steps, events)]
    return [_pattern(state), _growth(folder, main_field(params)), _curves(steps, events), _analysis(state)]


def _newest(folder: RunFolder) -> FieldState | None:
    saved = Checkpoint.load(folder.path / STATE, folder.params.kind)
    return saved.state if saved is not None and isinstance(saved.state, FieldState) else None


def picture(field: NDArray[Any], name: str, side: int, caption: str) -> Element:
    """Return a field as a PNG within the page, in colours from its least to its greatest value."""
    zoom = max(1, round(side / max(field.shape)))
    content = io.BytesIO()
    low, high = float(field.min()), float(field.max())
    field_image(shrink_to(field, MOST), default_colormap(name), low, high, zoom).save(
        content, format="PNG", optimize=True
    )
    source = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
    return el("figure", el("img", src=source, alt=caption), el("figcaption", caption))


def _pattern(state: FieldState) -> Element:
    figures = [
        picture(
            field, name, LARGE, f"{name} at step {state.step:,}: {float(field.min()):.4g} to {float(field.max()):.4g}"
        )
        for name, field in state.fields.items()
    ]
    return section("Pattern", *figures)


def _growth(folder: RunFolder, name: str) -> Element:
    frames = folder.frames()
    kept = frames.steps()
    if len(kept) < 2:
        return missing("Growth", "no frames over time are kept")
    chosen = sorted({kept[round(i * (len(kept) - 1) / (STRIP - 1))] for i in range(STRIP)})
    figures = []
    for step in chosen:
        try:
            figures.append(picture(frames.load(step)[name], name, SMALL, f"step {step:,}"))
        except (KeyError, NnfdError):
            figures.append(el("figure", el("figcaption", f"step {step:,}: the frame cannot be read")))
    return section("Growth", el("p", f"{name}, each in colours from its least to its greatest value."), *figures)


def _curves(steps: Sequence[StepsDone], events: Sequence[Event]) -> Element:
    if not steps:
        return missing("Curves", "no step is done yet")
    x = [event.step for event in steps]
    marks = [(float(event.position), "edit") for event in events if isinstance(event, Edited)]
    charts = []
    for name in steps[0].stats:
        curves = [Curve.of(key, x, [getattr(e.stats[name], key) for e in steps]) for key in ("mean", "min", "max")]
        charts.append(chart(curves, title=f"{name}: mean, least and greatest value", x_label="step", marks=marks))
    return section("Curves", *charts)


def _analysis(state: FieldState) -> Element:
    periodic = state.params.boundary == "periodic"
    name = main_field(state.params)
    field = state.fields[name]
    count, covered = spots(field, periodic=periodic)
    dominant = dominant_wavelength(field, periodic=periodic)
    measured, predicted = wavelength_words(dominant, predicted_wavelength(state.params))
    rows = [
        (f"wavelength of {name}", measured),
        ("predicted by linear stability", predicted),
        (f"spots of {name}", f"{count:,}, covering {covered:.1%}"),
    ]
    said = summary(state)
    numbers = [(n, f"{s.min:.4g}", f"{s.mean:.4g}", f"{s.max:.4g}") for n, s in said.stats.items()]
    notes = [el("p", words) for words in said.diagnosis]
    return section(
        "Analysis", *notes, table(("field", "min", "mean", "max"), numbers), table(("", ""), rows, class_="words")
    )
