"""How fast spreading takes away the shortest waves of a grid: what bounds the time step of explicit Euler."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nnfd.core.params.formula import Number, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nnfd.core.params.model import FieldModel

SHORTEST_WAVE = {"5-point": 8.0, "9-point": 16 / 3}
"""Minus the largest eigenvalue of the Laplacian; explicit Euler is stable while dt times the rate is at most 2."""


class Term(NamedTuple):
    """A derivative of a field in its own equation."""

    field: str
    factor: Tree
    """What stands before it; it holds no field."""
    eigenvalue: float
    """Minus the derivative of the shortest wave, for a wave of height 1 and h = 1."""


@lru_cache(maxsize=64)  # each check of parameters asks, which took half of its time; models are made once for a table
def terms(model: FieldModel, stencil: str) -> tuple[Term, ...]:
    """Return the derivatives of each field alone that have no field before them."""
    shortest = SHORTEST_WAVE[stencil]
    eigenvalues = {("lap",): shortest, ("lap", "lap"): -(shortest**2), ("dxx",): 4.0, ("dyy",): 4.0}
    found = [
        Term(field, model.factor(field, *derivatives), eigenvalue)
        for field in model.fields
        for derivatives, eigenvalue in eigenvalues.items()
    ]
    return tuple(term for term in found if term.factor != Number(0.0))


def rates(of: Iterable[Term], fields: Iterable[str], worth: Callable[[Tree], Any]) -> dict[str, Any]:
    """Return by field how fast its shortest wave goes, in 1/time: 8 D for a Laplacian. `worth` evaluates a formula."""
    found: dict[str, Any] = dict.fromkeys(fields, 0.0)
    for field, factor, eigenvalue in of:
        found[field] = found[field] + worth(factor) * eigenvalue
    return found
