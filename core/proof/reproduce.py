"""The course's experiments, run anew: what it reported beside what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nnfd.core.engine.control import run_to_end
from nnfd.core.network.baseline import baseline
from nnfd.core.network.data import load
from nnfd.core.network.evaluate import Evaluation, evaluate
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams, presets

SHUFFLES = range(5)
"""Seeds of the batch order. The course drew its own from an unseeded source, so one run cannot repeat its curve."""
MEAN_WITHIN = 0.004
"""How near the mean over the shuffles must be to the reported accuracy."""
_DIGITS = 5e-5
"""Half a unit in the last of the four decimals that were reported."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A test accuracy that the course reported, and the range every measured one must lie in."""

    name: str
    preset: str
    reported: float
    low: float
    high: float
    is_baseline: bool = False


CLAIMS = (
    Claim("main", "relu-128", 0.9741, 0.9667, 0.9778),
    Claim("sklearn baseline", "relu-128", 0.9889, 0.9889, 0.9889, is_baseline=True),
    Claim("wide-256", "wide-256", 0.9778, 0.9778, 0.9778),
    Claim("two-128-64", "two-128-64", 0.9704, 0.9630, 0.9778),
    Claim("tanh-128", "tanh-128", 0.9815, 0.9815, 0.9815),
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A claim and what was measured for it."""

    claim: Claim
    accuracies: tuple[float, ...]
    """Test accuracies, one a shuffle; a single one for the baseline."""
    evaluation: Evaluation
    """Of the first shuffle, on the test set."""

    @property
    def mean(self) -> float:
        """Mean test accuracy over the shuffles."""
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def ok(self) -> bool:
        """Whether every accuracy lies in the range, and the mean near the reported one."""
        claim = self.claim
        inside = all(claim.low - _DIGITS <= accuracy <= claim.high + _DIGITS for accuracy in self.accuracies)
        return inside and abs(self.mean - claim.reported) <= MEAN_WITHIN


def reproduce() -> Iterator[Measurement]:
    """Run the experiments one after the other, about 5 s in all; each is measured over all shuffles."""
    for claim in CLAIMS:
        params = presets.load_shipped(claim.preset).params
        assert isinstance(params, NetworkParams)
        evaluations = [_baseline(params)] if claim.is_baseline else [_ours(params, seed) for seed in SHUFFLES]
        yield Measurement(claim, tuple(e.accuracy for e in evaluations), evaluations[0])


def _ours(params: NetworkParams, shuffle_seed: int) -> Evaluation:
    params = params.edited({"shuffle_seed": shuffle_seed})
    data = load(params)
    result = run_to_end(train(params, data))
    return evaluate(result.model(), data.X_test, data.y_test, data.class_names)


def _baseline(params: NetworkParams) -> Evaluation:
    return run_to_end(baseline(params, load(params))).evaluation
