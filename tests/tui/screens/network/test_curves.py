"""The learning curves as series: what they are called."""

import pytest

from nnfd.core.engine.events import EpochDone, Started
from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.screens.network.curves import learning_curves


@pytest.mark.parametrize(
    ("how", "name"), [("full", "train"), ("sample", "train (sample)"), ("running", "train (running)")]
)
def test_the_training_curve_says_what_it_is_of(how, name):
    history = NetworkHistory()
    history.add(Started(NetworkParams(train_metrics=how), 0, 60))
    history.add(EpochDone(1, 0.5, 0.6, 0.9, 0.8, 0.01, is_best=True))
    curves = learning_curves("loss", history, None, None)
    assert [(curve.name, curve.short, curve.y.tolist()) for curve in curves] == [
        (name, "train", [0.5]),
        ("val", "val", [0.6]),
    ]
