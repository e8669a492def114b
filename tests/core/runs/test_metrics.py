"""The figures of a run: their names in files and tables, the one in the list of runs, which is better."""

import pytest

from nnfd.core.params import Kind
from nnfd.core.runs.metrics import EPOCH_COLUMNS, METRICS, at_best, headline, names_for


def test_the_names_in_files_stay():
    assert EPOCH_COLUMNS == ("epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr")
    assert names_for(Kind.NETWORK) == ["test_acc", "val_acc", "val_loss", "train_acc", "train_loss", "best_epoch"]
    assert names_for(Kind.FUR) == ["mean", "std", "min", "max", "wavelength", "spots", "covered"]


def test_less_loss_and_more_accuracy_are_better():
    assert {name for name, metric in METRICS.items() if metric.better is min} == {"val_loss", "train_loss"}
    assert {name for name, metric in METRICS.items() if metric.better is max} == {"val_acc", "train_acc", "test_acc"}


def test_the_numbers_of_the_best_epoch():
    epoch = dict.fromkeys(EPOCH_COLUMNS, 0.5) | {"epoch": 7.0}
    losses = {"train_loss": 0.5, "val_loss": 0.5, "train_acc": 0.5, "val_acc": 0.5}
    assert at_best(epoch) == {"best_epoch": 7.0, **losses}


@pytest.mark.parametrize(
    ("figures", "words", "number"),
    [
        ({"val_acc": 0.9, "best_epoch": 7.0, "test_acc": 0.8}, "test_acc 0.8000", 0.8),
        ({"val_acc": 0.9, "best_epoch": 7.0, "val_loss": 0.1}, "val_acc 0.9000 at 7", 0.9),
        ({"val_acc": 0.9}, "val_acc 0.9000", 0.9),  # of a result.json that names no epoch
        ({"spots": 1.0, "wavelength": 8.666}, "1 spot, wavelength 8.67", 1.0),
        ({"spots": 3.0}, "3 spots", 3.0),
        ({"seconds": 1.0}, "", None),
    ],
)
def test_the_figure_that_says_most(figures, words, number):
    assert headline(figures) == (words, number)
