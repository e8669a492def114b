"""What the tests of the network lab share."""

import pytest

from nnfd.core.engine.events import Outcome
from nnfd.core.network import baseline


@pytest.fixture(scope="session")
def fitted():
    """What the baseline said and gave for parameters that it was fitted for before."""
    return {}


@pytest.fixture(autouse=True)
def the_baseline_is_fitted_once(fitted, monkeypatch):
    """Let the labs repeat what the baseline said, instead of fitting the same one for each dashboard."""
    fit = baseline.baseline

    def remembered(params, data, *, control=None):
        if params not in fitted:
            events = []
            generator = fit(params, data, control=control)
            try:
                while True:
                    events.append(next(generator))
                    yield events[-1]
            except StopIteration as stop:
                if stop.value.outcome is not Outcome.STOPPED:
                    fitted[params] = events, stop.value
                return stop.value
        events, result = fitted[params]
        for event in events:
            yield event
            if control is not None and control.stopping():
                break
        return result

    monkeypatch.setattr(baseline, "baseline", remembered)
