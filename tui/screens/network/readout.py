"""The numbers of the epoch that is looked at, in words: what the curves show, and what the run is."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from nnfd.core.params import show_value
from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import RenderResult

    from nnfd.core.params import NetworkParams, Params
    from nnfd.tui.screens.network.evaluated import Evaluated

GAP = "  "
MIN_CUT = 8
"""Cells of a part that are worth showing if it has no room as a whole."""
MAX_DATASET = 24

Part = tuple[str, str]
"""A word, and what it says; either may be empty."""
NEW_LINE: list[Part] = []
"""Where the next line begins, if there is one."""


def groups_of(
    params: NetworkParams, preset: Params, epoch: Mapping[str, float] | None, evaluated: Evaluated | None
) -> list[list[Part]]:
    """Return what is told, in groups that stay together, the most needed first.

    Parameters
    ----------
    params, preset
        The parameters in effect at that epoch, and those that the run's preset has.
    epoch
        Its numbers by their names in an ``EpochDone``; None before the first.
    evaluated
        The network whose accuracy on the test set is known.
    """
    name = printable(PurePath(params.dataset).name)
    groups: list[list[Part]] = [
        [("", shorten(name, MAX_DATASET))],
        [("epoch", f"{epoch['epoch']:,.0f}" if epoch else "0")],
    ]
    if epoch is not None:
        groups += [
            [("loss train", _number(epoch["train_loss"])), ("val", _number(epoch["val_loss"]))],
            [("gap", f"{_number(epoch['val_loss'] - epoch['train_loss'])}")],
            [("acc train", _number(epoch["train_acc"])), ("val", _number(epoch["val_acc"]))],
            NEW_LINE,
            [("lr", format(epoch["lr"], ".3g"))],
        ]
    if evaluated is not None:
        other = epoch is None or evaluated.epoch != epoch["epoch"]
        when = f" at {evaluated.epoch:,}" if other else ""
        groups.append([("test", f"{evaluated.evaluation.accuracy:.4f}{when}")])
    changed = params.changed(preset)
    for place, name in enumerate(n for n in changed if n != "dataset"):
        groups.append([(f"changed {name}" if not place else name, show_value(changed[name][0]))])
    return groups


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.5g}"


def flow(groups: Sequence[Sequence[Part]], width: int, lines: int) -> Content:
    """Lay groups out over at most so many lines of `width` cells; what has no room is cut, from the end."""
    rows: list[list[Part]] = [[]]
    room = width
    for group in groups:
        size = _size(group)
        if (size > room or not group) and rows[-1] and len(rows) < lines:
            rows.append([])
            room = width
        if not group:
            continue
        if size > room:
            if room >= MIN_CUT and len(group) == 1:
                word, value = group[0]
                rows[-1].append((word, shorten(value, room - _size([(word, "")]) - 1)))
            break
        rows[-1] += group
        room -= size + len(GAP)
    return Content("\n").join(_line(row) for row in rows)


def _size(group: Sequence[Part]) -> int:
    return sum(len(f"{word} {value}".strip()) + len(GAP) for word, value in group) - len(GAP)


def _line(parts: Sequence[Part]) -> Content:
    pieces: list[tuple[str, str]] = []
    for place, (word, value) in enumerate(parts):
        pieces += [(GAP if place else "", ""), (f"{word} " if word else "", "dim"), (value, "bold")]
    return Content.assemble(*pieces)


class Readout(Widget):
    """One line about an epoch, two where the screen is narrow."""

    DEFAULT_CSS = "Readout { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: clip; }"

    groups: reactive[tuple[tuple[Part, ...], ...]] = reactive(())

    def show(self, groups: Sequence[Sequence[Part]]) -> None:
        """Say this."""
        self.groups = tuple(tuple(group) for group in groups)

    def render(self) -> RenderResult:
        return flow(self.groups, *self.size)
