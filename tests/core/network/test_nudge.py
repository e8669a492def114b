import pytest

from nnfd.core.network.nudge import nudged
from nnfd.core.params import NetworkParams


@pytest.mark.parametrize(
    ("what", "up", "before", "after"),
    [
        ("lr", True, {"lr": 0.01}, {"lr": 0.02}),
        ("lr", True, {"lr": 0.02}, {"lr": 0.05}),
        ("lr", False, {"lr": 0.013}, {"lr": 0.01}),
        ("lr", True, {"lr": 1000.0}, {}),
        ("units", True, {"hidden": (8, 16)}, {"hidden": (8, 24)}),
        ("units", False, {"hidden": (5,)}, {"hidden": (4,)}),
        ("units", False, {"hidden": (1,)}, {}),
        ("units", True, {"hidden": (9000,)}, {}),
        ("layers", True, {"hidden": (8, 4)}, {"hidden": (8, 4, 4)}),
        ("layers", False, {"hidden": (8, 4)}, {"hidden": (8,)}),
        ("layers", False, {"hidden": (8,)}, {}),
        ("layers", True, {"hidden": (2,) * 6}, {}),
        ("activation", True, {"activation": "sigmoid"}, {"activation": "relu"}),
    ],
)
def test_the_next_value(what, up, before, after):
    params = NetworkParams(**before)
    assert nudged(params, what, up) == after
    params.edited(after)  # is allowed
