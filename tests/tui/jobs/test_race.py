"""How a run stands in a race, by what its history knows."""

from __future__ import annotations

from nnfd.core.engine.events import Edited, EpochDone, Started
from nnfd.core.network.branch import Branch
from nnfd.core.network.data import load
from nnfd.core.network.race import Racer, Standing
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.race import Race, RaceJob, standing_of
from nnfd.tui.jobs.session import Storage

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


def test_a_race_that_was_stopped_goes_on_with_what_is_left(tmp_path):
    params = NetworkParams(dataset="iris", hidden=(3,), epochs=5, patience=0, engine="numpy")
    steps = train(params, load(params))
    state = next(event.state for event in steps if isinstance(event, EpochDone) and event.epoch == 2)

    def find(_stopping):
        yield 0
        return Branch(state, None)

    racers = [Racer(f"lr={lr}", params.edited({"lr": lr})) for lr in (0.02, 0.05, 0.1)]
    begun = {"stopped": [], "unbroken": []}

    def job(name, at=None):
        def on_run(path, racer):
            begun[name].append((racer, path))
            if racer == at and [one for one, _ in begun[name]].count(at) == 1:
                race.stop()

        race = RaceJob(
            Race(tmp_path, None, 2, "p", "t", find, racers),
            Storage(root=tmp_path / name),
            on_run=on_run,
            on_doubt=lambda _words: None,
            on_end=lambda: None,
        )
        race.begin()
        race.run()
        return race

    race = job("stopped", at="lr=0.05")
    assert race.stopped
    race.begin()
    race.run()
    assert not race.stopped
    assert race.done == race.total
    assert [racer for racer, _ in begun["stopped"]] == ["lr=0.02", "lr=0.05", "lr=0.05", "lr=0.1"]
    assert len(list((tmp_path / "stopped").iterdir())) == 3
    assert race.sentence == job("unbroken").sentence
    for racer, path in begun["unbroken"]:
        other = dict(begun["stopped"])[racer]
        theirs, ours = (
            [e.val_loss for e in RunFolder.open(p).events() if isinstance(e, EpochDone)] for p in (path, other)
        )
        assert ours == theirs, "no epoch is missing, and each is the same bit for bit"
