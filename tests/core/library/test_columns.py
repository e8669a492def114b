"""Which runs a list shows, in which order, in which words."""

from pathlib import Path

import pytest

from nnfd.core.library.catalog import RunStatus, RunSummary
from nnfd.core.library.columns import RunColumn, age, arranged, cell, known_first, matches, size

RUNS = [
    RunSummary(Path("b"), "b", RunStatus.DONE, position=5, total=10, best="test_acc 0.9000", score=0.9, modified=30.0,
               size=5, tags=("thesis",), changed={"lr": 0.5}, title="One layer"),
    RunSummary(Path("a"), "a", RunStatus.RUNNING, position=9, total=10, best="val_acc 0.9900 at 3", score=0.99,
               modified=10.0, size=50, preset="wide-256"),
    RunSummary(Path("C"), "C", RunStatus.DAMAGED, modified=20.0, problem="params.toml is cut off"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (RunColumn.RUN, "abC"),
        (RunColumn.STATE, "Cba"),
        (RunColumn.PROGRESS, "abC"),
        (RunColumn.BEST, "baC"),
        (RunColumn.AGE, "bCa"),
        (RunColumn.SIZE, "abC"),
        (RunColumn.TAGS, "baC"),
        (RunColumn.CHANGED, "baC"),
        (RunColumn.PRESET, "abC"),
        (RunColumn.KIND, "baC"),
    ],
)
def test_newest_best_largest_first_words_from_a_to_z_and_nothing_last(column, names):
    assert "".join(run.name for run in arranged(RUNS, column)) == names


def test_reversed_what_has_nothing_still_comes_last():
    assert "".join(run.name for run in arranged(RUNS, RunColumn.BEST, reverse=True)) == "abC"
    assert "".join(run.name for run in arranged(RUNS, RunColumn.RUN, reverse=True)) == "Cba"
    assert known_first([3, 1, 2, 4], lambda n: n if n != 3 else None, reverse=True) == [4, 2, 1, 3]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", "baC"),
        ("thesis", "b"),
        ("LAYER lr=0.5", "b"),
        ("running wide", "a"),
        ("cut off", "C"),
        ("thesis wide", ""),
        ("[", ""),
    ],
)
def test_every_word_must_stand_somewhere(words, names):
    assert "".join(run.name for run in RUNS if matches(run, words)) == names


def test_cells():
    assert [cell(RUNS[0], column, 3630.0) for column in RunColumn] == [
        "b", "done", "5/10", "test_acc 0.9000", "1 h", "0 kB", "lr=0.5", "thesis", "", "",
    ]  # fmt: skip
    assert cell(RUNS[2], RunColumn.PROGRESS, 0.0) == ""
    assert [age(s) for s in (-1, 59, 60, 3600, 90000)] == ["0 s", "59 s", "1 min", "1 h", "1 d"]
    assert [size(n) for n in (999, 12_345, 3_400_000, 2 * 10**9)] == ["1 kB", "12 kB", "3.4 MB", "2.0 GB"]
