"""Floods of input on every screen: none ends the dashboard, and SIGTERM ends it after each."""

import pytest

from tests.support.floods import Flood


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_a_flood_of_input_leaves_the_dashboard_alive_and_willing_to_end(seed, tmp_path):
    assert Flood(seed, tmp_path).run() == ""


FEW, MANY = range(1000, 1010), range(1010, 1300)


@pytest.mark.parametrize(
    "seed",
    [*(pytest.param(n, marks=pytest.mark.slow) for n in FEW), *(pytest.param(n, marks=pytest.mark.soak) for n in MANY)],
)
def test_many_floods_of_input(seed, tmp_path):
    assert Flood(seed, tmp_path).run() == ""
