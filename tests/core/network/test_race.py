from dataclasses import replace

import numpy as np
import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.network.race import MOST, Standing, racers_of, result, standing
from nnfd.core.params import NetworkParams

PARAMS = NetworkParams(epochs=30)


def test_edits_are_read_as_they_are_typed():
    racers = racers_of(" lr=0.005;lr=0.05  momentum=0.8\n l2=0.01;", PARAMS, 12)
    assert [racer.name for racer in racers] == ["lr=0.005", "lr=0.05 momentum=0.8", "l2=0.01"]
    assert [(r.params.lr, r.params.momentum, r.params.l2) for r in racers] == [
        (0.005, 0.9, 1e-4),
        (0.05, 0.8, 1e-4),
        (0.01, 0.9, 0.01),
    ]


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "edits: 0 are not allowed in a race; 1 to 8"),
        (";".join(f"lr={i + 1}" for i in range(MOST + 1)), "edits: 9 are not allowed"),
        ("lr 0.05", "edit 'lr 0.05' is none; write name=value"),
        ("lr=", "edit 'lr=' is none"),
        ("lr=0.05; lr=-1", "lr: "),
        ("rate=0.05", "rate"),
        ("hidden=64", "hidden: 64 is not allowed in a branch"),
        ("epochs=12", "epochs: 12 is not allowed in a branch from epoch 12"),
        ("lr=0.01", "edit 'lr=0.01' changes nothing"),
        ("lr=0.05; lr=0.050", "edit 'lr=0.050' is there twice"),
        ("\x1b[2J=3 \x07", "edit '"),
    ],
)
def test_what_is_no_race_is_told_in_a_line(text, says):
    with pytest.raises(ParamsError, match=r"^[^\n\x1b\x07]*$") as refused:
        racers_of(text, PARAMS, 12)
    assert says in str(refused.value)


def test_a_run_stands_where_its_least_loss_is_after_the_epoch_that_all_have():
    epochs, loss = np.arange(1.0, 6), np.array([0.1, 0.5, np.nan, 0.3, 0.4])
    assert standing("a", 0.0, epochs, loss, 1 - loss, 2) == Standing("a", 0.0, 4, 0.3, 0.7, 5)
    assert standing("a", 0.0, epochs, loss, 1 - loss, 1, until=3) == Standing("a", 0.0, 2, 0.5, 0.5, 2)
    assert standing("a", 0.0, epochs, loss, 1 - loss, 4).epoch == 5, "the race's own epoch is of the weights of all"
    assert standing("a", 0.0, epochs, loss, 1 - loss, 5) is None


def test_a_sentence_says_which_did_best_and_by_how_much():
    def ran(name, loss, acc, l2=1e-4):
        return Standing(name, l2, 20, loss, acc, 30)

    parent, slow, fast = ran("parent", 0.2, 0.9), ran("lr=0.005", 0.3, 0.95), ran("lr=0.05", 0.15, 0.92)
    assert result(parent, [slow, fast]) == (
        "lr=0.05 did best: validation loss 0.15 at epoch 20, 25.0% less than the parent's 0.2 at epoch 20"
    )
    assert result(parent, [slow]).startswith(
        "the parent did best: validation loss 0.2 at epoch 20; nearest is lr=0.005"
    )
    assert result(parent, [ran("lr=0.02", 0.2, 0.9)]).startswith("lr=0.02 did as well as the parent")
    assert result(None, [slow, fast]) == (
        "lr=0.05 did best: validation loss 0.15 at epoch 20; the parent has not gone on from there"
    )
    assert result(replace(parent, epoch=3, last=3), [slow, fast]) == (
        "lr=0.05 did best: validation loss 0.15 at epoch 20, 25.0% less than the parent's 0.2 at epoch 3; "
        "the parent's part of the race ends at epoch 3"
    )
    assert result(parent, [fast, ran("l2=0.1", 0.9, 0.97, 0.1)]) == (
        "l2=0.1 did best: validation accuracy 0.97 at epoch 20, 7.00 points more than the parent's 0.9 at epoch 20; "
        "losses under another l2 cannot be compared"
    )
    assert result(parent, []) == "none of the edits came as far as an epoch"
