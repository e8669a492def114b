"""Any run in plain sentences: what it says is true, can be spoken, and no damage makes it a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nnfd.core.engine.events import Paint, StepsDone
from nnfd.core.errors import RunError
from nnfd.core.library.describe import describe
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.runs.live import LiveRun, new_folder
from nnfd.core.runs.names import PARAMS, STATE

OLD = Path(__file__).parents[2] / "data" / "before_the_house"


def recorded(path, params, preset, sink=None, **options):
    with new_folder(path, preset=preset, title="A title", params=params, **options) as folder:
        run = LiveRun(params, lambda event: sink and sink(run, event), folder=folder, state=options.get("state"))
        run.run()
    return path


def test_a_network(tmp_path):
    params = NetworkParams(dataset="iris", hidden=(8, 6), epochs=40, patience=0)

    def edit(run, event):
        if getattr(event, "epoch", None) == 3 and run.controller.params.lr != 30:
            run.controller.edit({"lr": 30.0})

    lines = describe(recorded(tmp_path / "r", params, "relu-128", edit))
    text = "\n".join(lines)
    assert lines[:3] == [
        "Run r: A title, from the preset relu-128.",
        "A network with 2 hidden layers of 8 and 6 relu units learns the data set iris.",
        "Parameters that differ from the preset: dataset is iris, hidden is 8,6, lr is 30, epochs is 40, "
        "patience is 0.",
    ]
    assert "From epoch 1 to epoch " in text
    assert "At epoch 3 the user changed lr from 0.01 to 30." in text
    assert "of 40 epochs, in " in text
    assert "On the test set its best weights are right in " in text
    assert "Diagnosis: The learning rate of 30 is too high: " in text
    assert lines[-1].startswith("A remedy to try: lr 3 instead of 30, from ")
    assert text.isascii()
    assert all(line.endswith(".") and line.strip() == line for line in lines)


def test_a_pattern_and_a_branch_of_it(tmp_path):
    params = FurParams(width=24, height=20, seeds="2", steps=60, engine="numpy")

    def paint(run, event):
        if isinstance(event, StepsDone) and not painted:
            painted.append(event.state)
            run.controller.send(Paint("a", 3, 4, 1, 0.5))

    painted: list = []
    lines = describe(recorded(tmp_path / "r", params, "cheetah", paint))
    text = "\n".join(lines)
    assert "The model fur with the fields a, s, y on a grid of 24 by 20 cells." in lines
    assert "The user painted 1 stroke into its fields." in lines
    assert "It ended after 60 of 60 time steps, in " in text
    assert "At step 60 field " in text
    assert "Field s lies between " in text
    assert text.isascii()
    trusted = describe(tmp_path / "r", trust=True)
    assert trusted[: len(lines)] == lines
    assert trusted[len(lines)].startswith("Field a from step 60 for ")
    assert len(trusted) > len(lines) + 1
    state = painted[0]
    lines = describe(recorded(tmp_path / "b", params, "cheetah", state=state))
    assert f"It is a branch: it goes on from {state.step} of another run." in lines


@pytest.mark.parametrize("name", ["network", "fur", "sweep/runs/run-00002"])
def test_runs_of_an_earlier_version(tmp_path, name):
    run = shutil.copytree(OLD / name, tmp_path / "r")
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    lines = describe(run)
    assert len(lines) > 5
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before


def test_a_run_that_has_not_begun_a_damaged_state_and_what_is_no_run(tmp_path):
    new_folder(tmp_path / "new", preset="p", title="t", params=NetworkParams()).close()
    lines = describe(tmp_path / "new")
    assert "No epoch is done yet." in lines
    with pytest.raises(RunError, match="new is a network: only a pattern can be run on in other ways"):
        describe(tmp_path / "new", trust=True)
    assert "Its process is gone, and it can go on, after 0 of 60 epochs." in lines
    run = recorded(tmp_path / "r", NetworkParams(dataset="iris", hidden=(4,), epochs=3), "relu-128")
    content = bytearray((run / STATE).read_bytes())
    content[len(content) // 2] ^= 255
    (run / STATE).write_bytes(content)
    assert describe(run)[-1] == "Its newest saved state is damaged."
    (run / PARAMS).write_text("no parameters")
    with pytest.raises(RunError, match=r"params.toml"):
        describe(run)
