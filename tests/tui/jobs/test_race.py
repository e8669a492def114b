"""How a run stands in a race, by what its history knows."""

from __future__ import annotations

from nnfd.core.engine.events import Edited, EpochDone, Started
from nnfd.core.network.race import Standing
from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.race import standing_of

PARAMS = NetworkParams(l2=0.1)


def history(losses, edits=()):
    """A run of these validation losses from epoch 1 on, edited after some of its epochs."""
    told, edits = NetworkHistory(), dict(edits)
    told.add(Started(PARAMS, 0, PARAMS.epochs))
    for epoch, loss in enumerate(losses, 1):
        told.add(EpochDone(epoch, loss, loss, 1 - loss, 1 - loss, 0.01, is_best=False))
        if epoch in edits:
            told.add(Edited(epoch, PARAMS.edited(edits[epoch]), {}))
    return told


def test_a_parent_counts_up_to_where_its_weight_decay_was_edited():
    losses = [0.9, 0.8, 0.7, 0.6, 0.3, 0.2]
    edited = history(losses, {2: {"lr": 0.5}, 4: {"l2": 0.0}})
    assert standing_of(edited, 2) == Standing("parent", 0.1, 4, 0.6, 0.4, 4)
    assert standing_of(edited, 4) == Standing("parent", 0.0, 6, 0.2, 0.8, 6), "the edit was made at the race's epoch"
    assert standing_of(history(losses), 2) == Standing("parent", 0.1, 6, 0.2, 0.8, 6)


def test_a_parent_has_no_part_in_a_race_from_its_last_epoch():
    assert standing_of(history([0.9, 0.8]), 2) is None
    assert standing_of(NetworkHistory(), 2) is None
