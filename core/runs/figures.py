"""What is measured of a run that is over and kept in its ``result.json``, besides how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.text import plain_value

if TYPE_CHECKING:
    from nnfd.core.fields.simulate import SimResult
    from nnfd.core.network.data import Dataset
    from nnfd.core.network.evaluate import Evaluation
    from nnfd.core.network.train import TrainResult


def figures(result: object, data: Dataset | None) -> dict[str, object]:
    """Return what ``result.json`` keeps of the result of a run: ``test`` of a network, ``pattern`` of a field.

    `data` is the data set of a network run. Nothing is measured before the first epoch.
    """
    from nnfd.core.fields.simulate import SimResult
    from nnfd.core.network.train import TrainResult

    if isinstance(result, SimResult):
        return {"pattern": pattern(result)}
    if isinstance(result, TrainResult) and data is not None and result.state.epoch:
        return {"test": test_set(result, data).to_result()}
    return {}


def test_set(result: TrainResult, data: Dataset) -> Evaluation:
    """Return what the best weights say about the test set."""
    from nnfd.core.network.evaluate import evaluate

    return evaluate(result.model(), data.X_test, data.y_test, data.class_names)


def pattern(result: SimResult) -> dict[str, object]:
    """Measure the field in which the pattern shows: extremes, mean, standard deviation, wavelength, spots."""
    from nnfd.core.fields.analysis import dominant_wavelength, spots
    from nnfd.core.fields.models import main_field

    params = result.state.params
    name = main_field(params)
    field, periodic = result.state.fields[name], params.boundary == "periodic"
    count, covered = spots(field, periodic=periodic)
    wavelength = dominant_wavelength(field, periodic=periodic)
    figures = {"min": field.min(), "mean": field.mean(), "max": field.max(), "std": field.std(), "covered": covered}
    return {
        "field": name,
        "spots": count,
        "wavelength": None if wavelength is None else plain_value(wavelength),
        **{key: plain_value(value) for key, value in figures.items()},
    }
