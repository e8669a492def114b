"""The table that all lists of runs are shown in: it stays where it is while its rows change."""

from __future__ import annotations

from textual.app import App
from textual.widgets import DataTable

from nnfd.tui.widgets.steady_table import SteadyTable, TableColumn

NAMES = ["run", *(f"column {number}" for number in range(20)), "state"]


def columns(bold=None):
    """Columns for rows that are dictionaries of texts; one row in bold."""
    style = lambda row: "bold" if row["run"] == bold else ""  # noqa: E731
    return [
        TableColumn(name, name, lambda row, n=name: row[n], lambda row, n=name: row[n] or None, style) for name in NAMES
    ]


def rows(number, **changes):
    return [
        {"run": f"{row:02}", **{f"column {n}": f"value {row} {n}" for n in range(20)}, "state": ""}
        | (changes if row == 7 else {})
        for row in range(number)
    ]


class TableApp(App):
    def __init__(self, **options):
        super().__init__()
        self.table = SteadyTable(lambda row: row["run"], columns(), fixed_columns=1, **options)

    def compose(self):
        yield self.table


async def test_it_keeps_its_scroll_and_cursor_while_it_changes():
    app = TableApp(sorted_by="run", arrows=False)
    async with app.run_test(size=(60, 12)) as pilot:
        table = app.table
        table.show(rows(50))
        await pilot.pause()
        table.move_cursor(row=25)
        table.scroll_to(40, 20, animate=False)
        await pilot.pause()
        scroll = table.scroll_offset
        assert scroll.x == 40
        table.show(rows(50, **{"column 3": "new"}))
        await pilot.pause()
        assert (table.scroll_offset, table.key_under_cursor) == (scroll, "25")
        assert str(table.get_cell("07", "column 3")) == "new"
        table.reverse = True
        table.show(rows(50))
        await pilot.pause()
        assert (table.scroll_offset, table.key_under_cursor) == (scroll, "25")
        assert [str(cell) for cell in table.get_column_at(0)] == [f"{row:02}" for row in reversed(range(50))]
        table.show(rows(50, state="running 10/20"), columns(bold="07"))
        await pilot.pause()
        assert (table.scroll_offset, table.key_under_cursor) == (scroll, "25")
        assert table.get_cell("07", "state").style == "bold"
        table.show(rows(50))
        assert table.ordered_columns[-1].width == len("running 10/20"), "no column gets narrower"


async def test_rows_that_stay_the_same_are_not_touched(monkeypatch):
    app = TableApp()
    async with app.run_test():
        table, touched = app.table, []
        table.show(rows(50))
        monkeypatch.setattr(table, "add_row", lambda *a, **k: touched.append("added"))
        monkeypatch.setattr(table, "update_cell", lambda key, name, text: touched.append((key, name)))
        table.show(rows(50))
        table.show(rows(50, **{"column 3": "new"}), changed={"01"})
        assert touched == []
        table.show(rows(50, **{"column 3": "new"}), changed={"07"})
        table.show(rows(50))
        assert touched == [("07", "column 3")] * 2


async def test_it_is_sorted_by_keys_and_by_clicks_and_the_cursor_stays_in_view_on_its_row():
    app = TableApp(sorted_by="run")
    async with app.run_test(size=(60, 12)) as pilot:
        table = app.table
        table.show(rows(50, state="x"))
        await pilot.pause()
        table.move_cursor(row=2)
        table.turn_round()
        await pilot.pause()
        assert (table.sorted_heading, table.arrow, table.cursor_row) == ("run", "▼", 47)
        assert table.scroll_y > 30
        assert str(table.ordered_columns[0].label) == "run ▼"
        table.sort_by("state")
        await pilot.pause()
        assert [row["run"] for row in table.ordered][:2] == ["07", "00"], "what has nothing comes last"
        assert table.scroll_x > 0
        table.sort_by_next()
        assert table.sorted_by == "run"
        await pilot.click(DataTable, offset=(2, 0))
        assert (table.sorted_by, table.arrow) == ("run", "▼")


async def test_a_row_that_goes_leaves_the_cursor_in_its_place_and_one_with_a_new_key_takes_it_along():
    app = TableApp()
    async with app.run_test() as pilot:
        table = app.table
        table.show(rows(5))
        table.move_cursor(row=2)
        await pilot.pause()
        table.show([row for row in rows(5) if row["run"] != "02"])
        assert table.row_under_cursor["run"] == "03"
        table.follow("03", "99")
        table.show([row | {"run": "99"} if row["run"] == "03" else row for row in reversed(rows(5))])
        assert table.row_under_cursor["run"] == "99"
        table.show([])
        assert table.row_under_cursor is None


async def test_a_long_name_is_cut_only_where_not_all_columns_have_room():
    name = "a-run-with-a-rather-long-name-20260101-120000"
    app = TableApp()
    app.table = SteadyTable(
        lambda row: row["run"],
        [TableColumn("run", "run", lambda row: row["run"], most=20), TableColumn("state", "state", lambda _: "done")],
    )

    def shown():
        return app.table.get_cell_at((0, 0)).plain

    async with app.run_test(size=(40, 12)) as pilot:
        app.table.show([{"run": name}])
        await pilot.pause()
        assert shown() == "a-run-wit…101-120000"
        for width, expected in ((60, name), (40, "a-run-wit…101-120000"), (60, name)):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
            assert shown() == expected
            assert app.table.ordered_columns[0].width == len(expected)
