"""What a probe remembers, without a screen: bounded, in any order, drawn as curves and as a picture."""

from __future__ import annotations

import numpy as np

from nnfd.tui.screens.fur.trace import MOST_SAMPLES, Trace


def fields(step):
    u = np.arange(12.0).reshape(3, 4) + 100 * step
    return {"u": u, "v": -u}


def trace(steps):
    made = Trace((2, 1), ("u", "v"), "v")
    made.add((step, made.sample(fields(step))) for step in steps)
    return made


def test_curves_are_the_values_in_the_cell_in_order_of_time():
    u, v = trace([4, 0, 2]).curves()
    assert (u.name, v.name) == ("u", "v")
    np.testing.assert_array_equal(u.x, [0, 2, 4])
    np.testing.assert_array_equal(u.y, [6, 206, 406])
    np.testing.assert_array_equal(v.y, -u.y)


def test_the_picture_is_the_row_as_it_was_with_time_downwards():
    picture = trace([0, 8, 2]).picture(5, 2)  # at steps 0, 2, 4, 6, 8
    np.testing.assert_array_equal(picture, -np.array([[4, 6], [204, 206], [204, 206], [204, 206], [804, 806]]))
    assert trace([3]).picture(2, 8).tolist() == [[-304, -304, -305, -305, -306, -306, -307, -307]] * 2


def test_it_is_bounded_and_covers_the_whole_run():
    made = trace(range(5 * MOST_SAMPLES))
    assert MOST_SAMPLES / 2 <= len(made) <= MOST_SAMPLES
    steps = made.steps
    assert (steps[0], steps[-1]) == (0, 5 * MOST_SAMPLES - 1)
    assert 5 in trace([5])
    assert 4 not in trace([5])
