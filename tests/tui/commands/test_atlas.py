"""``atlas``: a picture of patterns over two parameters, what it says, what it refuses, and Ctrl-C."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from PIL import Image

from nnfd.core.fields.atlas.patterns import Patterns

AXES = ("--x", "B=5:9", "--y", "A=4:4.2", "--cells", "4x2")


def test_it_writes_the_patterns_with_a_frame_where_one_is_predicted(run, tmp_path):
    to = tmp_path / "atlas.png"
    code, out, err = run("atlas", "brusselator", *AXES, "--side", "8", "--steps", "60", "--to", str(to))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "across B=5:9, up A=4:4.2: 4 x 2 points"
    assert lines[1] == "predicted: 6 form a pattern by themselves, 2 are uniform, 0 neither"
    assert lines[2] == "60 steps on 8 x 8 cells a point"
    assert lines[-1] == f"written: {to}"
    with Image.open(to) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    # a frame is a line of black along all of a picture's side: three of four columns have one, above and below
    black = (pixels.sum(axis=2) == 0).sum(axis=1)
    assert (black >= 3 * 120).sum() == 2 * 2 * 2
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_axes_that_are_not_named_are_chosen_and_quiet_is_quiet(run, tmp_path):
    to = tmp_path / "atlas.png"
    rest = ("--cells", "2x2", "--side", "4", "--steps", "2", "--set", "noise=0.2", "--quiet", "--to", str(to))
    assert run("atlas", "brusselator", "--y", "B=5:9", *rest) == (0, "", "")
    assert to.stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "a.gif"), "--to: 'a.gif' is not allowed: an atlas is a .png"),
        (("--cells", "16"), "--cells: '16' is not allowed: write COLUMNSxROWS"),
        (("--cells", "1x9"), "cells: 1 is not allowed"),
        (("--cells", "9999x9999"), "GB of memory, and "),
        (("--side", "2"), "--side: 2 is not allowed: at least 3"),
        (("--steps", "0"), "--steps: 0 is not allowed: at least 1"),
        (("--x", "q=1:2"), "no number 'q'"),
        (("--x", "B=9:5"), "the first number is to be less"),
        (("--y", "B=5:9"), "axis: both are B"),
        (("--set", "A"), "--set: 'A' is not allowed"),
        (("--set", "A=x+1"), "A: it varies over the grid here"),
    ],
)
def test_bad_input_is_one_line(run, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    options = {"--x": "B=5:9", "--y": "D_X=1:2", "--to": "a.png"} | dict([words])
    code, out, err = run("atlas", "brusselator", *(word for option in options.items() for word in option))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not list(tmp_path.iterdir())


def test_a_network_has_none_and_a_folder_that_is_not_there_is_told(run, tmp_path):
    assert run("atlas", "relu-128", "--to", "a.png") == (
        2,
        "",
        "nnfd-tui: preset: 'relu-128' is of kind network: an atlas is of a pattern\n",
    )
    to = tmp_path / "nowhere" / "a.png"
    code, _, err = run("atlas", "brusselator", *AXES, "--side", "3", "--steps", "1", "--quiet", "--to", str(to))
    assert code == 2
    assert "cannot be written: No such file or directory" in err


def test_an_interrupt_is_answered_and_nothing_is_written(run, tmp_path, monkeypatch):
    advance = Patterns.advance

    def interrupted(self):
        advance(self)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("nnfd.core.fields.atlas.patterns.POLL_CELL_STEPS", 1)
    monkeypatch.setattr(Patterns, "advance", interrupted)
    to = tmp_path / "a.png"
    code, _, err = run("atlas", "brusselator", *AXES, "--side", "4", "--steps", "9", "--to", str(to))
    assert (code, err) == (130, "nnfd-tui: stopped after 1 of 9 steps; nothing was written\n")
    assert not to.exists()
