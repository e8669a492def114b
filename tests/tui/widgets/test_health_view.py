"""Bars, trends and the lines of a layer."""

import numpy as np

from nnfd.core.network.insight.health import BINS, Health, Histogram, LayerHealth
from nnfd.tui.widgets.health_view import BLOCKS, HealthView, bars, layer_lines, trend
from tests.support.waiting import until_async
from tests.support.widget_host import Host, screen


def layer(name="layer 1", shape=(4, 3), *, idle=0.25, gradient=0.5):
    counts = np.arange(BINS)
    made = Histogram(-1.0, 2.5, counts)
    return LayerHealth(name, shape, gradient, 12.5, 0.0024, idle, made, made, made)


def test_bars_show_what_is_there_and_keep_the_sum_when_they_are_few():
    assert bars([0, 64, 16, 1], 4) == " █▄▁"
    assert bars([1000, 1], 2) == "█▁"  # what is there is seen
    assert bars([1, 1, 3, 3], 2) == bars([2, 6], 2)
    assert bars([], 5) == bars([1], 0) == ""
    assert bars([0, 0], 2) == "  "


def test_a_trend_is_on_a_log_scale_and_ends_with_the_newest():
    assert trend([1e-4, 1e-2, 1], 10) == "▁▄█" or trend([1e-4, 1e-2, 1], 10) == "▁▅█"
    assert trend([0.0, 1.0], 5) == " ▁"
    assert trend([], 5) == trend([0.0], 5) == ""
    drawn = trend(list(np.geomspace(1, 1e-6, 500)), 20)
    assert len(drawn) == 20
    assert (drawn[0], drawn[-1]) == ("█", "▁")


def test_a_layer_in_lines():
    lines = [line.plain for line in layer_lines(layer(), [1.0, 0.5], "dead", 60)]
    assert lines[0] == "layer 1 4x3 · 25 % dead"
    assert lines[1].startswith("gradient 5.00e-01 ")
    assert lines[2] == "norm 12.5, moving 0.24 %/epoch"
    assert [line.split()[0] for line in lines[3:]] == ["weights", "gradients", "activations"]
    assert all(line.endswith("-1 … 2.5") for line in lines[3:])
    narrow = [line.plain for line in layer_lines(layer(idle=None), [], "dead", 34)]
    assert narrow[0] == "layer 1 4x3"
    assert max(map(len, narrow[3:])) <= 34
    assert set("".join(lines[3:])) & set(BLOCKS[1:])


async def test_the_view_scrolls_through_many_layers_and_takes_another_network():
    view = HealthView()
    health = Health(7, tuple(layer(f"layer {i}") for i in range(9)), "dead", 104)
    app = Host(view)
    async with app.run_test(size=(50, 12)) as pilot:
        view.show(health, {1: (1.0,) * 9, 7: (0.5,) * 9, 9: (0.1,) * 9})
        await pilot.pause()
        assert "layer 0 4x3" in "\n".join(screen(app))
        assert view.border_subtitle == "epoch 7, 104 training samples"
        view.focus()
        await pilot.press("end")
        await until_async(lambda: view.scroll_y == view.max_scroll_y > 0)  # it slides there
        view.show(None, {})
        await pilot.pause()
        assert "layer" not in "\n".join(screen(app))
