"""Puts a screen's widgets together as Textual does, but draws only those of which something is seen that changed.

Textual draws every widget whose parent overlaps the box around all that changed, also those that lie behind others: for
a picture that changes 25 times a second that was two thirds of the work. The screen makes its compositor itself;
`_dirty_regions`, `_get_renders` and `render_partial_update` are where Textual's does what is replaced here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from textual._compositor import ChopsUpdate, Compositor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from textual.geometry import Region
    from textual.screen import Screen
    from textual.strip import Strip


class SparingCompositor(Compositor):
    """Draws from the front to the back, until nothing that changed is left to be seen."""

    def __init__(self) -> None:
        super().__init__()
        self._changed: Sequence[Region] | None = None
        """What is drawn anew just now; None for whatever is asked for."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return what is to be written for all that changed; None if nothing did."""
        self._changed = tuple(self._dirty_regions)
        try:
            update = super().render_partial_update()
        finally:
            self._changed = None
        return update and Spans(update.chops, update.spans, update.chop_ends)

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        unseen = np.zeros((self.size.height, self.size.width), np.bool_)
        for region in (crop or self.size.region,) if self._changed is None else self._changed:
            unseen[_part(region)] = True
        left = int(unseen.sum())
        for widget, (region, clip) in self.visible_widgets.items():
            if not left:
                return
            visible = region.intersection(clip)
            here = unseen[_part(visible)]
            if not (seen := int(here.sum())):
                continue
            lines = widget.render_lines(visible.translate(-region.offset))
            yield region, clip, lines
            # one that was taken off the screen has no size any more, until the screen is laid out: what is behind it
            # is seen, without which there would be nothing to write
            if len(lines) == visible.height and lines[0].cell_length >= visible.width:
                here[:] = False
                left -= seen


class Spans(ChopsUpdate):
    """As Textual's, which makes an object of each place that the cursor goes to."""

    def render_segments(self, console: Console) -> str:
        """Return the escape text: each part of a line that changed, behind where it begins."""
        written: list[str] = []
        for y, first, end in self.spans:
            for stop, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= end or stop <= first:
                    continue
                shown = strip if stop <= end else strip.crop(0, end - x)
                written.append(f"\x1b[{y + 1};{x + 1}H{shown.render(console)}")
        return "".join(written)


def compose_sparingly(screen: Screen[Any]) -> None:
    """Let this screen, on which nothing is laid out yet, be put together so."""
    screen._compositor = SparingCompositor()


def _part(region: Region) -> tuple[slice, slice]:
    return slice(max(0, region.y), max(0, region.bottom)), slice(max(0, region.x), max(0, region.right))
