import numpy as np

from nnfd.core.engine.control import Phase
from nnfd.core.network.evaluate import ReportRow
from nnfd.tui.widgets.chart import Edit
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.epoch_table import EpochTable
from nnfd.tui.widgets.report import ReportTable
from nnfd.tui.widgets.series import Series
from nnfd.tui.widgets.status_line import Status, StatusLine
from nnfd.tui.widgets.timeline import Timeline
from tests.support.reports import report
from tests.support.widget_host import Host, screen

MATRIX = np.array([[5, 1, 0], [0, 6, 0], [0, 2, 4]])
NAMES = ["[b]x[/b]", "1", "2"]


async def test_the_confusion_table_answers_keys_and_shows_names_literally():
    table = ConfusionTable()
    app = Host(table)
    async with app.run_test(size=(60, 13)) as pilot:
        table.show(MATRIX, NAMES)
        table.focus()
        await pilot.press("down", "down", "right", "enter")
        assert app.messages == [(2, 1)]
        await pilot.press("up", "up", "up", "left", "left", "enter")
        assert app.messages[-1] == (0, 0)
        assert "[b]x[/b]" in "\n".join(screen(app))
        await pilot.press("n")
        assert table.percent
        assert "83" in "\n".join(screen(app))


async def test_a_click_on_a_confusion_chooses_it():
    table = ConfusionTable()
    app = Host(table)
    async with app.run_test(size=(60, 13)) as pilot:
        table.show(MATRIX, ["a", "b", "c"])
        await pilot.pause()
        await pilot.click(ConfusionTable, offset=(6, 4))
        assert app.messages == [(2, 1)]
        await pilot.click(ConfusionTable, offset=(6, 0))
        assert len(app.messages) == 1


async def test_an_empty_confusion_table_says_so():
    app = Host(ConfusionTable())
    async with app.run_test(size=(40, 13)) as pilot:
        app.widget.focus()
        await pilot.press("enter", "down")
        assert app.messages == []
        assert screen(app)[0].startswith("no evaluation before the first epoch")


async def test_the_report_shows_the_baseline_once_it_is_known():
    table = ReportTable()
    app = Host(table)
    ours = report(0.5, *(ReportRow(str(i), 0.5, 0.5, 0.5, 9) for i in range(10)))
    async with app.run_test(size=(60, 13)) as pilot:
        table.show(ours)
        await pilot.pause()
        assert "baseline" not in "\n".join(screen(app))
        table.show(ours, ours)
        await pilot.pause()
        assert "baseline" in screen(app)[0]


def epochs(n: int) -> np.ndarray:
    x = np.arange(1.0, n + 1)
    return np.column_stack([x, 1 / x, 2 / x, 1 - 1 / x, 1 - 2 / x, np.full(n, 0.01)])


async def test_the_epoch_table_follows_the_newest_until_the_user_scrolls():
    table = EpochTable()
    app = Host(table)
    async with app.run_test(size=(60, 12)) as pilot:
        table.show(epochs(500), best=499)
        await pilot.pause()
        assert screen(app)[-1].split()[0] == "500"
        assert "★" in screen(app)[-2]
        table.show(epochs(10_000), best=499)
        await pilot.pause()
        assert screen(app)[-1].split()[0] == "10000"
        table.focus()
        await pilot.press("up")
        await pilot.wait_for_scheduled_animations()
        table.show(epochs(10_001), best=499)
        await pilot.pause()
        assert screen(app)[-1].split()[0] == "9999"
        await pilot.press("end")
        await pilot.wait_for_scheduled_animations()
        table.show(epochs(10_002), best=499)
        await pilot.pause()
        assert screen(app)[-1].split()[0] == "10002"
        assert screen(app)[0].split() == ["epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr"]


async def test_the_epoch_table_shows_the_epoch_that_is_looked_at():
    table = EpochTable()
    app = Host(table)
    async with app.run_test(size=(60, 12)) as pilot:
        table.show(epochs(500), best=1)
        await pilot.pause()
        table.show(epochs(500), best=1, shown=100)
        await pilot.pause()
        assert "100" in [line.split()[0] for line in screen(app)]
        table.show(epochs(501), best=1, shown=None)
        await pilot.pause()
        assert screen(app)[-1].split()[0] == "501"
        table.show(epochs(0), best=0)
        await pilot.pause()
        assert "501" not in "\n".join(screen(app))


async def test_the_timeline_answers_keys():
    line = Timeline()
    app = Host(line)
    async with app.run_test(size=(60, 3)) as pilot:
        line.focus()
        await pilot.press("left", "home")
        assert app.messages == []
        line.positions = (0, 10, 20, 30)
        await pilot.press("left")
        assert app.messages == [20]
        assert line.shown == 20
        await pilot.press("right")
        assert app.messages[-1] == 30
        assert line.shown == 30
        await pilot.press("right")
        assert app.messages[-1] is None
        await pilot.press("home", "end", "pageup")
        assert app.messages[-3:] == [0, None, 0]


async def test_the_timeline_answers_the_mouse():
    line = Timeline()
    app = Host(line)
    async with app.run_test(size=(60, 3)) as pilot:
        line.positions = tuple(range(101))
        await pilot.pause()
        assert "⏵ live" in screen(app)[0]
        await pilot.click(Timeline, offset=(58, 0))
        assert app.messages == []  # the right end is the newest, which is shown already
        await pilot.click(Timeline, offset=(11, 0))
        assert 0 <= app.messages[-1] < 10
        await pilot.click(Timeline, offset=(58, 0))
        assert app.messages[1:] == [None]


async def test_the_status_line_shows_words_literally():
    line = StatusLine()
    app = Host(line)
    async with app.run_test(size=(80, 3)) as pilot:
        line.show(
            Status(phase=Phase.FAILED, what="[red]\x1b[2J", done=3, total=10, unit="epochs", message="[bold]no[/bold]")
        )
        await pilot.pause()
        assert "✗ failed  [red]␛[2J  3/10 epochs  [bold]no[/bold]" in screen(app)[0]


async def test_curves_are_drawn_only_when_they_change():
    view = CurveView("loss")
    app = Host(view)
    x = np.arange(1.0, 20.0)
    async with app.run_test(size=(60, 14)) as pilot:
        view.show([Series("train_loss", x, 1 / x)], edits=[Edit(5)], cursor=9)
        await pilot.pause()
        assert screen(app)[0].startswith("loss · 9  ⠒⠒ train_loss 0.1111")
        assert any(line.rstrip().endswith(" train_loss .0526") for line in screen(app)[1:])
        assert "✎" in screen(app)[1]
        drawn = []
        view.refresh = lambda *args, **kwargs: drawn.append(1)  # type: ignore[method-assign]
        view.show([Series("train_loss", x.copy(), 1 / x)], edits=[Edit(5)], cursor=9)
        assert drawn == []
        view.show([Series("train_loss", x, 2 / x)], edits=[Edit(5)], cursor=9)
        assert drawn == [1]


async def test_a_curve_view_keeps_its_own_copy():
    view = CurveView()
    y = np.array([1.0, 2.0])
    async with Host(view).run_test():
        view.show([Series("a", np.array([1.0, 2.0]), y)])
        y[:] = 7.0
        assert view.chart.series[0].y.tolist() == [1.0, 2.0]


async def test_curves_say_their_scale_and_follow_the_theme():
    view = CurveView("loss")
    app = Host(view)
    x = np.arange(1.0, 20.0)
    async with app.run_test(size=(60, 14)) as pilot:
        view.show([Series("a", x, 1 / x)])
        view.toggle_log()
        view.cycle_smoothing()
        await pilot.pause()
        assert screen(app)[0].startswith("loss · log · smoothed 0.6")
        dark = view.chart_style()
        app.theme = "textual-light"
        await pilot.pause()
        light = view.chart_style()
        assert sum(light.background) > sum(dark.background)
        assert light.series != dark.series
        view.cycle_smoothing()
        view.cycle_smoothing()
        assert view.smoothing == 0
