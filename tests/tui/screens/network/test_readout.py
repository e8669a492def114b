"""The readout of the network lab: what it tells, and how it is cut."""

from types import SimpleNamespace

import pytest
from textual.content import Content

from nnfd.core.params import NetworkParams
from nnfd.tui.screens.network.diagnosis import DiagnosisLine
from nnfd.tui.screens.network.readout import flow, groups_of
from tests.support.widget_host import Host, screen

EPOCH = {"epoch": 12, "train_loss": 0.11821, "val_loss": 0.2454, "train_acc": 0.973, "val_acc": 0.9037, "lr": 0.049}
PRESET = NetworkParams()


def told(params=PRESET, epoch=EPOCH, at=12, width=400, lines=1):
    evaluated = None if at is None else SimpleNamespace(epoch=at, evaluation=SimpleNamespace(accuracy=0.9519))
    return flow(groups_of(params, PRESET, epoch, evaluated), width, lines).plain


def test_everything_is_told_with_the_most_needed_first():
    assert told(PRESET.edited({"lr": 0.05, "hidden": (8,)})) == (
        "digits  epoch 12  loss train 0.1182  val 0.2454  gap 0.1272  acc train 0.9730  val 0.9037  "
        "lr 0.049  test 0.9519  changed hidden 8  lr 0.05"
    )


def test_before_the_first_epoch_there_are_no_numbers():
    assert told(epoch=None, at=None) == "digits  epoch 0"


def test_a_test_accuracy_of_another_epoch_says_of_which():
    assert told(at=9).endswith("test 0.9519 at 9")


def test_a_file_is_told_by_its_name_with_nothing_that_acts():
    params = PRESET.edited({"dataset": "/a/long/way/to/\x1b[31mflowers.csv"})
    assert told(params, at=None, epoch=None) == "␛[31mflowers.csv  epoch 0"


@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 78, 118, 160])
def test_it_is_cut_from_the_right_and_never_wrapped(width, lines):
    params = PRESET.edited({"lr": 0.05, "hidden": (8, 9, 10), "batch_size": 17, "epochs": 99})
    rows = told(params, width=width, lines=lines).split("\n")
    assert len(rows) <= lines
    assert max(map(len, rows)) <= max(width, 0)
    whole = told(params).replace("  ", " ").split(" ")
    shown = " ".join(rows).replace("…", "").split()
    assert all(any(word.startswith(part) for word in whole) for part in shown)


def test_a_narrow_screen_tells_all_but_the_changes_on_two_lines():
    first, second = told(PRESET.edited({"lr": 0.05}), width=78, lines=2).split("\n")
    assert first == "digits  epoch 12  loss train 0.1182  val 0.2454  gap 0.1272"
    assert second == "acc train 0.9730  val 0.9037  lr 0.049  test 0.9519  changed lr 0.05"


async def test_a_long_diagnosis_is_told_whole_at_80_columns_with_its_remedy():
    words = "Still learning: the validation loss fell by 1.8% over the last 10 epochs, to 0.161 at epoch 60, though "
    line = DiagnosisLine()
    app = Host(line)
    async with app.run_test(size=(80, 24)) as pilot:
        line.tell(Content(words + "every training sample is right already. T epochs 60 → 90, from epoch 60"))
        await pilot.pause()
        assert "from epoch 60" in " ".join(line.strip() for line in screen(app))


async def test_a_diagnosis_that_has_no_room_ends_in_a_sign_of_it():
    line = DiagnosisLine()
    app = Host(line)
    async with app.run_test(size=(40, 24)) as pilot:
        line.tell(Content("word " * 60))
        await pilot.pause()
        lines = [text.rstrip() for text in screen(app) if text.strip()]
        assert len(lines) == 3
        assert lines[-1].endswith("word …")
        line.tell(Content("word " * 15 + "end"))
        await pilot.pause()
        assert [text.split()[-1] for text in screen(app) if text.strip()] == ["word", "word", "end"]
