import numpy as np

from nnfd.tui.widgets.braille import BLANK, Dash, cells, dashed, trace


def drawn(dots, width, height):
    return ["".join(chr(BLANK + int(bits)) for bits in row) for row in cells(dots, width, height)]


def line(*points):
    return np.array(points, float).T


def test_a_line_has_each_dot_once_and_no_gap():
    dots = trace(*line((0, 0), (7, 3), (9, 11), (9, 2)), 12)
    assert dots[0].tolist() == [0, 0]
    assert dots[-1].tolist() == [9, 2]
    steps = np.abs(np.diff(dots, axis=0))
    assert steps.max() == 1
    assert steps.any(axis=1).all()


def test_all_eight_dots_of_a_cell():
    dots = np.array([(x, y) for x in (0, 1) for y in range(4)])
    assert drawn(dots, 2, 1) == ["⣿⠀"]
    for (x, y), character in zip(dots.tolist(), "⠁⠂⠄⡀⠈⠐⠠⢀", strict=True):
        assert drawn(np.array([(x, y)]), 1, 1) == [character]


def test_what_is_outside_is_left_out_and_costs_nothing():
    dots = trace(*line((0, 4), (5, 1e9), (10, 4)), 8)
    assert len(dots) <= 2 * 8
    assert dots[:, 1].min() >= 0
    assert dots[:, 1].max() < 8
    assert drawn(np.array([(-1, 0), (0, -1), (2, 0), (0, 4)]), 1, 1) == ["⠀"]
    assert not len(trace(*line((0, 20), (5, 30)), 8))
    assert not len(trace(np.empty(0), np.empty(0), 8))


def test_a_line_that_leaves_comes_back_where_it_is():
    up = trace(*line((0, 0), (4, 40), (8, 0)), 8)
    assert {(0, 0), (8, 0)} <= {tuple(dot) for dot in up.tolist()}
    assert not {x for x, _ in up.tolist()} & {3, 5}


def test_dashes_differ_and_keep_the_end():
    dots = trace(*line((0, 1), (99, 1)), 4)
    kinds = {dash: drawn(dashed(dots, dash), 50, 1)[0] for dash in Dash}
    assert len(set(kinds.values())) == len(Dash)
    assert "⠀" not in kinds[Dash.SOLID]
    assert all(kind[-1] != "⠀" for kind in kinds.values())
    assert len({dash.sample for dash in Dash}) == len(Dash)
    counts = [len(dashed(dots, dash)) for dash in (Dash.SOLID, Dash.DASHED, Dash.DOTTED, Dash.SPARSE)]
    assert counts == sorted(counts, reverse=True)
