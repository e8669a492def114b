"""Evaluations made from their scores alone."""

import numpy as np

from nnfd.core.network.evaluate import Evaluation, ReportRow


def report(accuracy: float, *rows: ReportRow) -> Evaluation:
    samples = np.zeros(sum(row.support for row in rows), np.int64)
    confusion, probabilities = np.zeros((0, 0), np.int64), np.zeros((0, 0))
    return Evaluation(0.0, accuracy, confusion, rows, probabilities, samples, samples, tuple(row.name for row in rows))
