"""The learning-rate range test, by its key and by its flag."""

import json

import numpy as np
import pytest

from nnfd.core.network.data import load
from nnfd.core.network.lr_range import judge, try_rates
from nnfd.core.params import NetworkParams
from nnfd.tui.dialogs.find_lr import FindLr
from tests.support.dashboard import opened

PARAMS = NetworkParams(dataset="iris", hidden=(4,), epochs=100_000, patience=0)


async def test_the_key_draws_the_curve_says_why_escape_leaves_the_run_and_enter_begins_anew_with_the_rate():
    suggestion = judge(list(try_rates(PARAMS, load(PARAMS))))
    async with opened(PARAMS) as lab:
        await lab.until(lambda: lab.screen.history.position >= 1)
        network, before = lab.screen, lab.screen.session
        await lab.press("L")
        await lab.until(lambda: isinstance(lab.app.screen, FindLr))
        await lab.press("escape")
        await lab.until(lambda: lab.app.screen is network)
        assert network.session is before
        await lab.press("L")
        await lab.until(lambda: isinstance(lab.app.screen, FindLr) and lab.app.screen.suggestion is not None)
        text = " ".join(lab.text().split())
        assert f"Try lr = {suggestion.suggested} (now 0.01)" in text
        assert "half of the way down" in text
        await lab.press("enter")
        await lab.until(lambda: lab.app.screen is network and network.session is not before)
        assert network.params.lr == suggestion.suggested


def test_the_flag_writes_each_batch_and_what_it_comes_to(run):
    flags = ("train", "--find-lr", "--headless", "--dataset", "iris", "--hidden", "4")
    code, out, err = run(*flags)
    *lines, last = out.splitlines()
    suggestion = judge(list(try_rates(PARAMS, load(PARAMS))))
    assert (code, err) == (0, "")
    assert lines[0].startswith("lr=1e-05 ")
    assert last == f"suggested: --lr {suggestion.suggested} (now 0.01): {suggestion.why}"
    assert run(*flags, "--quiet")[1].splitlines() == [last]
    *trials, end = map(json.loads, run(*flags, "--json")[1].splitlines())
    assert np.all(np.diff([trial["lr"] for trial in trials]) > 0)
    assert end == {"suggested": suggestion.suggested, "why": suggestion.why}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "--find-lr needs --headless; in the dashboard press L"),
        (("--headless", "--dataset", "nope"), "dataset: 'nope' is not known"),
        (("giraffe", "--headless"), "'nnfd-tui fur giraffe' runs it"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(run, flags, message):
    code, out, err = run("train", "--find-lr", *flags)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
