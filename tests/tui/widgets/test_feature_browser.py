"""Rows of a table: drawn as features with values, which keys move."""

import numpy as np
import pytest

from nnfd.core.network.data import load
from nnfd.core.network.mlp import MLP
from nnfd.core.params import NetworkParams
from nnfd.tui.widgets.feature_browser import STEP, FeatureBrowser, draw_features
from tests.support.widget_host import Host, screen

NAMES = ["age", "weight in kilograms", "smokes"]
BOUNDS = np.array([0.0, 40, 0]), np.array([100.0, 140, 1])


def drawn(width, height, cursor=1, moved=(False, False, True)):
    values = np.array([50.0, 40, 1])
    return draw_features(NAMES, values, np.array(moved), BOUNDS, cursor, (width, height)).plain.split("\n")


def test_a_line_has_name_value_and_place_among_the_data():
    assert drawn(44, 3) == [
        " age                      50 ────●─────",
        "▸weight in kilograms      40 ●─────────",
        " smokes                    1 ─────────● *",
    ]


def test_narrow_there_are_names_and_values_and_the_cursor_is_seen():
    assert drawn(22, 1) == ["▸weight in k…      40"]
    assert drawn(22, 1, cursor=2) == ["▸smokes             1 *"]


@pytest.fixture(scope="module")
def iris():
    return load(NetworkParams(dataset="iris"))


async def test_keys_move_a_value_and_the_probabilities_follow(iris):
    browser, model = FeatureBrowser(), MLP((4, 5, 3), seed=3)
    app = Host(browser)
    async with app.run_test(size=(80, 10)) as pilot:
        browser.load(iris)
        browser.show_network(model, model.predict_proba(iris.X_test))
        browser.focus()
        await pilot.pause()
        own = iris.raw(iris.X_test)[0]
        np.testing.assert_allclose(browser.values, own)
        assert "1 of 23 all · true" in screen(app)[0]
        await pilot.press("down", "right", "shift+right")
        expected = own + np.array([0, 11 * STEP * iris.scale[1], 0, 0])
        np.testing.assert_allclose(browser.values, expected)
        p = model.predict_proba(iris.standardise(expected[None]))[0]
        assert "1 of 4 values moved" in screen(app)[0]
        text = "\n".join(screen(app))
        assert all(f"{share:.2f}" in text for share in p)
        # back by the same keys, the other way round: it is the sample again
        await pilot.press("left", "shift+left")
        assert "1 of 23 all" in screen(app)[0]
        # another network judges the moved values, and another sample has its own
        await pilot.press("right")
        browser.show_network(MLP((4, 5, 3), seed=4), model.predict_proba(iris.X_test))
        await pilot.pause()
        assert "1 of 4 values moved" in screen(app)[0]
        await pilot.press("backspace")
        assert "1 of 23 all" in screen(app)[0]
        await pilot.press("right", "pagedown")
        assert "2 of 23 all" in screen(app)[0]
        np.testing.assert_allclose(browser.values, iris.raw(iris.X_test)[1])


async def test_a_feature_of_zeros_and_ones_is_switched(tmp_path):
    rows = "".join(f"{i * 37 % 11},{'ab'[i % 2]},{i % 2 if i % 5 else 1 - i % 2}\n" for i in range(60))
    (tmp_path / "mine.csv").write_text("n,word,y\n" + rows, encoding="utf-8")
    data = load(NetworkParams(dataset=str(tmp_path / "mine.csv"), categorical=("word",)))
    browser = FeatureBrowser()
    async with Host(browser).run_test(size=(60, 10)) as pilot:
        browser.load(data)
        browser.focus()
        await pilot.press("down", "right")
        assert browser.values[1] == 1
        await pilot.press("left")
        assert browser.values[1] == 0
