"""The Compare screen in the dashboard: its table, its views, its keys."""

from __future__ import annotations

import re
import shutil

import pytest
from textual.widgets import DataTable

from nnfd.tui.app import THEMES
from nnfd.tui.screens.compare.view import View
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.series import Stand
from tests.support.comparing import SIZES, column, comparing, headings, note, table


@pytest.mark.parametrize("size", SIZES)
async def test_runs_that_differ_in_epochs_and_steps_are_compared(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots", "coat"]) as lab:
        assert {"epochs", "epochs done", "steps", "steps done", "kind", "preset"} <= set(headings(lab))
        assert not {"hidden", "D_s"} & set(headings(lab))
        assert column(lab, "epochs done") == ["3", "4", "", ""]
        assert sorted(cell.endswith(" *") for cell in column(lab, "val_loss")) == [False, False, False, True]
        assert table(lab).fixed_columns == 2
        await lab.press(*["right"] * 20)
        first = lab.text().splitlines()[table(lab).region.y + 1]
        assert "net-3" in first  # what names a run stays in view


def colours_of(curves):
    """The colour of each curve by its letter."""
    style = curves.chart_style()
    return {series.letter: style.own_colour_of(series, place) for place, series in enumerate(curves.chart.series)}


def stands(curves):
    """How each curve stands to the others, by its letter."""
    return {series.letter: series.stand for series in curves.chart.series}


@pytest.mark.parametrize("size", SIZES)
async def test_every_key_of_the_curves(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots"]) as lab:
        screen = lab.app.screen
        curves = screen.view.curves
        assert "A net-3" in lab.text()
        assert "val_loss by epoch" in lab.text()
        assert stands(curves) == {"A": Stand.FRONT, "B": Stand.BACK}, "the run under the cursor"
        await lab.press("down", "z")
        assert stands(curves) == {"A": Stand.BACK, "B": Stand.FRONT}
        assert "val_loss by epoch · the ends" in lab.text()
        await lab.press("z")
        assert "val_loss by epoch · from the first on" in lab.text()
        await lab.press("z", "down")
        assert set(stands(curves).values()) == {Stand.EVEN}, "a pattern has no loss"
        await lab.press("up", "up", "m")
        assert "train_loss by epoch" in lab.text()
        await lab.press(*["m"] * 4)
        assert "a_min by step" in lab.text()
        await lab.press("l", "o")
        assert curves.log_scale
        assert curves.smoothing
        await lab.press("h")
        assert column(lab, "▲") == ["(A)", "B", "C"]
        assert "hidden: A" in note(lab)
        await lab.press("h")
        assert column(lab, "▲") == ["A", "B", "C"]
        while screen.view.metric != "val_loss":
            await lab.press("m")
        colours = colours_of(curves)
        assert len(set(colours.values())) == len("AB") == len(colours)
        await lab.press("h")
        assert colours_of(curves) == {"B": colours["B"]}, "a run keeps its colour when another one is hidden"
        await lab.press("h", "d")
        assert colours_of(curves) == {"B": colours["B"]}, "and when another one is taken out"
        screen.add_runs([recorded / "net-3"])
        assert column(lab, "run") == ["net-4", "spots", "net-3"]
        await lab.press("d")
        assert column(lab, "run") == ["spots", "net-3"]
        assert (recorded / "net-4").exists()
        await lab.press("a", "n", "space")  # the keys of other views, and of a course that is not under way
        assert lab.app.screen is screen


@pytest.mark.parametrize("size", SIZES)
async def test_rows_are_sorted_by_keys_and_by_a_click_and_the_cursor_stays_on_its_run(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots"]) as lab:
        await lab.press("s")
        assert "run ▲" in headings(lab)
        await lab.press("S")
        assert column(lab, "run ▼") == ["spots", "net-4", "net-3"]
        assert lab.app.screen.under_cursor().name == "net-3"
        assert "by run ▼" in note(lab)
        while not note(lab).startswith("by epochs done"):
            await lab.press("s")
        assert column(lab, "run") == ["net-3", "net-4", "spots"]
        assert "epochs done ▲" in lab.text()  # scrolled into view
        x = table(lab).cell_padding + 6
        await lab.pilot.click(DataTable, offset=(x, 0))
        assert note(lab).startswith("by run ▲")
        await lab.pilot.click(DataTable, offset=(x, 0))
        assert note(lab).startswith("by run ▼")


@pytest.mark.parametrize("size", SIZES)
async def test_matrices_and_patterns_side_by_side(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots", "coat"]) as lab:
        screen = lab.app.screen
        await lab.press("v")
        assert screen.view.view is View.MATRICES
        await lab.until(lambda: "B net-4" in lab.text())
        assert {matrix.size.height for matrix in screen.query(ConfusionTable)} == {10 + 3}, "all classes, and the heads"
        accuracy = screen.runs[0].confusion.accuracy
        assert f"test_acc {accuracy:.4f}" in lab.text()
        assert "counts · row true" in lab.text()
        await lab.press("n")
        assert "% of row" in lab.text()
        await lab.press("v")
        assert screen.view.view is View.EVALUATION
        await lab.press("v")
        assert screen.view.view is View.PATTERNS
        await lab.until(lambda: "D coat" in lab.text())
        assert "each pattern in its own colour scale" in note(lab)
        assert "step 40" in lab.text()
        await lab.press("a")
        assert "one colour scale" in note(lab)
        await lab.press("m", "l", "o", "n", "down", "down", "h")
        assert "C spots" not in lab.text()
        await lab.press("v")
        assert screen.view.view is View.CURVES


async def test_views_say_what_is_not_there_yet(recorded):
    async with comparing(recorded, (80, 24)) as lab:
        assert "nothing to compare yet" in note(lab)
        await lab.press("v", "m", "h", "d", "s", "S", "enter", "l", "o")
        assert lab.app.screen.view.view is View.CURVES
        lab.app.screen.add_runs([recorded / "net-3"])
        await lab.until(lambda: lab.app.screen.runs[0].status is not None)
        await lab.press("v", "h")
        await lab.until(lambda: "nothing to show" in lab.text())


@pytest.mark.parametrize("size", SIZES)
async def test_enter_opens_the_run_in_its_lab(recorded, size):
    async with comparing(recorded, size, ["net-3", "spots"]) as lab:
        await lab.press("down", "enter")
        await lab.until(lambda: lab.app.current_mode == "fur" and lab.screen.history.position == 40)
        await lab.press("3", "up", "enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 3)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), pytest.param((200, 60), marks=pytest.mark.slow)])
async def test_thirty_runs(recorded, tmp_path, size):
    names = [f"run-{number:02}" for number in range(30)]
    for name in names:
        shutil.copytree(recorded / "net-3", tmp_path / name)
    async with comparing(tmp_path, size, names) as lab:
        assert table(lab).row_count == 30
        if size[1] == 24:
            told = lab.text().splitlines()[2].split()
        else:  # there is room for all of them at the ends of their curves
            told = [line.split()[-3] for line in lab.text().splitlines() if re.search(r" run-\d\d 0\.\d+$", line)]
            assert len(told) == 30
        assert {"A", "Z", "AA", "AD"} <= set(told)
        await lab.press("v", *["down"] * 29)
        await lab.until(lambda: "AD run-29" in lab.text())  # the matrices follow the cursor
        await lab.press("v")


@pytest.mark.slow
async def test_every_word_is_readable_in_every_theme(recorded):
    async with comparing(recorded, (120, 40), ["net-3", "net-4", "spots", "coat"]) as lab:
        for _ in View:
            for theme in THEMES:
                lab.app.theme = theme
                await lab.pilot.pause()
                await lab.until(lambda: not lab.faint_words())
            await lab.press("v")


async def test_texts_of_runs_are_shown_as_they_are(recorded, tmp_path):
    for number, name in enumerate(("[red]x[b]", "[b]y")):
        path = shutil.copytree(recorded / "net-3", tmp_path / name)
        text = (path / "params.toml").read_text().replace('preset = "', f'preset = "[red]{number}[/] \\u001b[31m')
        text = re.sub(" # crc32 .*", "", text)  # as a version before wrote it: one may write into the file
        (path / "params.toml").write_text(text.replace('title = "', 'title = "[red]t[/]\\u001b[31m'))
        result = re.sub(',"crc":".*"', "", (path / "result.json").read_text())
        (path / "result.json").write_text(
            result.replace('"classes": [\n      "0"', '"classes": [\n      "[red]\\u001b"')
        )
    async with comparing(tmp_path, (200, 60), ["[red]x[b]", "[b]y"]) as lab:
        assert column(lab, "run") == ["[red]x[b]", "[b]y"]
        assert "[red]0[/] ␛[31m" in lab.text()
        assert "A [red]x[b]" in lab.text()
        await lab.press("v")
        await lab.until(lambda: "B [b]y" in lab.text())
        assert "[re" in lab.text()
        assert "\x1b" not in lab.text()
        await lab.press("p")
        await lab.until(lambda: "[red]x[b]  done" in lab.text())
