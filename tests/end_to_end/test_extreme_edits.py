"""An edit that is taken can be applied: no value within the bounds ends a run in anything but an end of its own."""

import pytest

from nnfd.core.engine.control import Controller
from nnfd.core.errors import ParamsError
from nnfd.core.params import DiffusionParams, FurParams, NetworkParams, TuringParams
from nnfd.core.runs.live import load_data, start

VALUES = (0, 1, 2, 1e-320, 5e-324, 1e-9, 0.5, 1e9, 10**12, 1e150, 1e200, 1e300, 1.7e308, -0.0, True, 10**400)
GRID = {"width": 8, "height": 8, "steps": 600, "engine": "numpy"}
NETWORK = {"dataset": "iris", "hidden": (4,), "epochs": 3, "batch_norm": True}
BASES = [
    *(NetworkParams(**NETWORK, schedule="cosine", optimizer=optimizer) for optimizer in ("sgd", "adam")),
    NetworkParams(**NETWORK, schedule="step"),
    FurParams(**GRID, seeds=3),
    DiffusionParams(**GRID, seeds=3),
    TuringParams(**GRID),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize("params", BASES, ids=lambda params: str(params.kind))
def test_an_edit_that_is_taken_can_be_applied(params):
    data = load_data(params)
    taken = 0
    for name, info in params.infos().items():
        if not info.live:
            continue
        for value in info.choices or VALUES:
            if name in {"epochs", "steps"} and value > 1000:
                continue  # it would take as long
            controller = Controller(lambda control: start(params, data, control=control), params, lambda _: None)
            try:
                controller.edit({name: value})
            except ParamsError:
                continue
            controller.run()
            taken += 1
    assert taken > 20
