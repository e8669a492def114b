"""An atlas grown as a job: told step by step, no further than it is drawn, and stopped at once."""

import itertools

import numpy as np
import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.params.presets import load
from nnfd.tui.jobs.atlas import AtlasJob, bounds

PARAMS = load("brusselator").params.edited({"steps": 20})


def job(axes="B=5:9 A=4:4.2", cells=(2, 2)):
    return AtlasJob(PARAMS, axes, cells, lambda: None)


def test_the_region_comes_first_and_no_picture_before_the_last_is_drawn():
    told, made = [], job()
    with pytest.raises(LookupError):
        made.look()
    for atlas, frame in made.run(lambda: False):
        told.append((len(atlas.forecasts), frame))
        if frame is not None:
            assert not made.drawn.is_set() or frame.step == atlas.steps
            made.place = 1, 0
            made.drawn.set()
    assert [rows for rows, frame in told if frame is None] == [1, 2]
    frames = [frame for _, frame in told if frame is not None]
    assert frames[0].step == 0
    assert frames[0].place == (1, 1)
    assert frames[-1].place == (1, 0)
    assert frames[-1].step == PARAMS.steps
    assert made.look() == frames[-1].verdict


def test_one_that_nobody_draws_for_ends_when_it_is_stopped():
    asked = itertools.count()
    told = [frame for _, frame in job().run(lambda: next(asked) > 5) if frame is not None]
    assert [frame.step for frame in told] == [0], "another one came though the first was not drawn"


def test_axes_that_cannot_be_are_refused():
    with pytest.raises(ParamsError, match="no number 'q'"):
        next(job(axes="q=1:2 A=4:5").run(lambda: False))


def test_colours_leave_out_the_outermost_values():
    assert bounds(np.linspace(0, 1, 1001)) == pytest.approx((0.005, 0.995))
    assert bounds(np.full((1, 1, 2, 2), np.nan)) == (0.0, 0.0)
