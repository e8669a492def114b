"""``train --find-lr``: the learning-rate range test as lines, instead of a run."""

from __future__ import annotations

import json
import math
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

from nnfd.core.network.data import load
from nnfd.core.network.lr_range import Suggestion, TriedRate, judge, try_rates
from nnfd.core.params import NetworkParams, show_value
from nnfd.tui.commands.headless import stop_on_signals
from nnfd.tui.commands.reporting import Output

if TYPE_CHECKING:
    from nnfd.tui.commands.flags import RunOptions


def in_words(suggestion: Suggestion, params: NetworkParams) -> str:
    """Write what the test says, and how to do it."""
    if suggestion.suggested is None:
        return f"no learning rate to suggest: {suggestion.why}"
    value = show_value(suggestion.suggested)
    return f"suggested: --lr {value} (now {show_value(params.lr)}): {suggestion.why}"


def find_lr(params: NetworkParams, options: RunOptions) -> int:
    """Do the test and write it; raises as :func:`nnfd.core.network.lr_range.try_rates` does."""
    stopped = threading.Event()
    output = Output(sys.stdout, stopped.set)
    trials: list[TriedRate] = []
    with stop_on_signals(stopped.set):
        for trial in try_rates(params, load(params, stopped.is_set), stopped.is_set):
            trials.append(trial)
            if options.json:
                output.line(json.dumps({name: _or_none(value) for name, value in asdict(trial).items()}))
            elif not options.quiet:
                output.line(f"lr={trial.lr:<8.2g} loss={trial.loss:<8.4f} smoothed={trial.smoothed:.4f}")
    suggestion = judge(trials)
    output.line(json.dumps(asdict(suggestion)) if options.json else in_words(suggestion, params))
    return 0


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
