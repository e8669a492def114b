"""A table whose lines stay where they are while their numbers change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal


class SteadyTable(DataTable[Text]):
    """A table of texts by line and column, which keeps its scroll and the line under its cursor.

    Only what changed is touched: two thousand lines put in anew twice a second took most of a core, and the scroll
    went back to the left each time.
    """

    def __init__(self, *, cursor_type: Literal["row", "none"], fixed_columns: int, id: str) -> None:  # noqa: A002
        super().__init__(cursor_type=cursor_type, fixed_columns=fixed_columns, zebra_stripes=True, id=id)
        self._cells: dict[str, Mapping[str, str]] = {}
        """What every line says, by its key, in the order in which they stand."""
        self._bold: str | None = None
        self._widths: dict[str, int] = {}

    def show(
        self,
        lines: Mapping[str, Mapping[str, str]],
        order: Sequence[str],
        *,
        bold: str | None = None,
        follow: bool = False,
    ) -> None:
        """Show these lines in this order.

        Parameters
        ----------
        lines
            By key, what each says by column, of which the first tells it from all others if the order may change.
        order
            Keys of all lines.
        bold
            Key of the line to stress.
        follow
            Whether to scroll to the cursor's line if it goes elsewhere.
        """
        restyled = {bold, self._bold} if bold != self._bold else set()
        changed = [key for key in order if lines[key] is not self._cells.get(key) or key in restyled]
        widths = self._wider(lines, changed)
        if widths != self._widths or len(lines) != len(self._cells):
            self._widths = widths
            self._fill(lines, order, bold)
        else:
            for key in changed:
                self._update_line(key, lines[key], bold)
            if list(order) != list(self._cells):
                self._arrange(order, follow=follow)
        self._cells = {key: lines[key] for key in order}
        self._bold = bold

    def _wider(self, lines: Mapping[str, Mapping[str, str]], changed: Sequence[str]) -> dict[str, int]:
        """Return the cells each column needs; none gets narrower, so that a table does not jump."""
        widths = dict(self._widths)
        for key in changed:
            for name, text in lines[key].items():
                widths[name] = max(widths.get(name, cell_len(name)), cell_len(text))
        return widths

    def _update_line(self, key: str, texts: Mapping[str, str], bold: str | None) -> None:
        before = self._cells[key]
        restyled = (key == bold) != (key == self._bold)
        for name, text in texts.items():
            if restyled or text != before[name]:
                self.update_cell(key, name, _styled(text, bold=key == bold))

    def _arrange(self, order: Sequence[str], *, follow: bool) -> None:
        here, x, y = self.key_under_cursor, self.scroll_x, self.scroll_y
        ranks = {key: rank for rank, key in enumerate(order)}
        # sorted by the rank of each line: the table hands out cells, so the first column has to name the line
        first = next(iter(self._widths))
        by_text = {self._cells[key][first]: ranks[key] for key in order}
        self.sort(first, key=lambda cell: by_text[str(cell)])
        if here is not None:
            self.move_cursor(row=ranks[here], animate=False, scroll=follow)
        if not follow:
            self.scroll_to(x, y, animate=False)

    def _fill(self, lines: Mapping[str, Mapping[str, str]], order: Sequence[str], bold: str | None) -> None:
        here, x, y = self.key_under_cursor, self.scroll_x, self.scroll_y
        self.clear(columns=True)
        # widths of our own: the table would measure every cell, which takes longer than all the rest
        for name, width in self._widths.items():
            self.add_column(Text(name), key=name, width=width)
        for key in order:
            self.add_row(*(_styled(text, bold=key == bold) for text in lines[key].values()), key=key)
        if here is not None and here in lines:
            self.move_cursor(row=list(order).index(here), animate=False, scroll=False)
        self.scroll_to(x, y, animate=False)

    @property
    def key_under_cursor(self) -> str | None:
        """Key of the line that the cursor is on; None if there is none."""
        if not self.is_valid_coordinate(Coordinate(self.cursor_row, 0)):
            return None
        return self.coordinate_to_cell_key(Coordinate(self.cursor_row, 0)).row_key.value


def _styled(text: str, *, bold: bool) -> Text:
    return Text(text, style="bold" if bold else "", no_wrap=True)
