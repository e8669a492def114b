"""The Laplacian as the plain formula: what the engines compute is held against it."""

import numpy as np


def laplacian(field, stencil, boundary):
    n = np.pad(field, 1, mode="wrap" if boundary == "periodic" else "edge")
    sides = n[:-2, 1:-1] + n[2:, 1:-1] + n[1:-1, :-2] + n[1:-1, 2:]
    if stencil == "5-point":
        return sides - 4 * field
    return (4 * sides + n[:-2, :-2] + n[:-2, 2:] + n[2:, :-2] + n[2:, 2:] - 20 * field) / 6
