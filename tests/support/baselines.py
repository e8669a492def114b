"""Repeats what the baseline said and gave when it was fitted with the same parameters on the same data before."""

from nnfd.core.engine.events import Outcome
from nnfd.core.network.baseline import baseline as fit


class Fitted:
    """The baselines that were fitted so far."""

    def __init__(self):
        self.known = {}

    def baseline(self, params, data, *, control=None):
        """Do as the step-generator of this name does."""
        key = params, data.X_train.tobytes(), data.X_test.tobytes()
        if key not in self.known:
            return (yield from self._fit(key, params, data, control))
        events, result = self.known[key]
        for event in events:
            yield event
            if control is not None and control.stopping():
                break
        return result

    def _fit(self, key, params, data, control):
        events, generator = [], fit(params, data, control=control)
        try:
            while True:
                events.append(next(generator))
                yield events[-1]
        except StopIteration as stop:
            if stop.value.outcome is not Outcome.STOPPED:
                self.known[key] = events, stop.value
            return stop.value

    def use(self, patch):
        """Let labs and reports repeat them, each as often as it asks."""
        patch.setattr("nnfd.core.network.baseline.baseline", self.baseline)
        patch.setattr("nnfd.core.library.report.network.baseline", self.baseline)
