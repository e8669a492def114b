"""The compiled engine, for the extra ``fast``: many batches in one call. Importing this module imports numba."""

from __future__ import annotations

import math
import threading
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba.core.event import Listener, install_listener

from nnfd.core.errors import StoppedError
from nnfd.core.network.batchnorm import EPSILON, MEMORY
from nnfd.core.network.engines import formulas, loops
from nnfd.core.network.engines.engine import Engine
from nnfd.core.network.memory import aligned, parameter_count, parameter_views
from nnfd.core.network.mlp import P_MIN
from nnfd.core.network.optim import ADAM_BETA2, ADAM_EPSILON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.engines.engine import Array, Batches, LossAndAccuracy
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.optim import Optimizer
    from nnfd.core.params import NetworkParams

    Indices = NDArray[np.int64]

LN2 = Fraction("0.693147180559945309417232121458176568")
BLOCK = 96
"""Samples that an evaluation takes at a time: what they need stays in the cache. With 128 it takes an eighth longer, as
OpenBLAS copies the factors of so large a product first."""
CALL_WORK = 200_000_000
"""Samples times weights of a call: some 50 ms, after which a stop is heard."""
CALL_DRAWN = 1_000_000
"""Random numbers for the dropout masks of a call, if it has more than one batch."""
_ACTIVATION = {"relu": formulas.RELU, "tanh": formulas.TANH, "sigmoid": formulas.SIGMOID}


class _Asking(Listener):
    """Asks before each pass of the compiler whether to stop: it takes 10 s in all, and 3 s for one at the most."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._thread = threading.get_ident()

    def on_start(self, _: object) -> None:
        if threading.get_ident() == self._thread and self._stopping():  # another thread may compile meanwhile
            raise StoppedError("it was stopped while the training loops were compiled")

    def on_end(self, _: object) -> None:
        pass


class NumbaEngine(Engine):
    """The compiled engine. Its first calls compile, or load what was compiled before."""

    name = "numba"

    def __init__(self, model: MLP, optimizer: Optimizer, data: Dataset, params: NetworkParams) -> None:
        super().__init__(model, optimizer, data, params)
        self._sizes = np.array(model.layer_sizes)
        self._places = _places(model.layer_sizes, norm=model.batch_norm)
        self._hidden = sum(model.layer_sizes[1:-1])
        self._none = np.empty(0, model.dtype)
        self.scratch = _scratch(model.dtype)
        self._evaluating = numbers(model.dtype)
        self._work: _Work | None = None

    def prepare(self, stopping: Callable[[], bool]) -> None:
        """Compile the loops, or load what was compiled before. Raises anything, if that cannot be kept or read.

        Raises :class:`StoppedError` once `stopping` says so.
        """
        nothing = np.empty((0, 2), np.int64)
        with install_listener("numba:run_pass", _Asking(stopping)):
            self._train(nothing[:, 0].copy(), nothing, 1, self._none, 0.0, 0.0, formulas.SGD)
            self.evaluate_on(self.data.X_val[:0], self.data.y_val[:0])

    def batches_a_call(self, batch_size: int) -> int:
        """Return as many as some 50 ms take."""
        drawn = self._hidden if self.model.dropout else 0
        return max(1, min(CALL_WORK // self.model.theta.size, CALL_DRAWN // max(drawn, 1)) // batch_size)

    def train(
        self, order: NDArray[np.int64], batches: Batches, lr: float, params: NetworkParams, rng: np.random.Generator
    ) -> None:
        """Train on the samples ``order[start:end]`` of each batch; `rng` draws dropout masks."""
        seen = int(batches[-1, 1] - batches[0, 0])
        # a stream gives the same numbers however many are asked for at a time, so these are the NumPy engine's
        random = rng.random(seen * self._hidden, dtype=self.model.dtype.type) if params.dropout else self._none
        rule = formulas.ADAM if params.optimizer == "adam" else formulas.NESTEROV if params.nesterov else formulas.SGD
        rows = min(params.batch_size + 1, seen)  # a batch of one may have joined the last
        loss, right = self._train(order, batches, rows, random, lr, params.momentum, rule)
        self.note(loss, right, seen)

    def _train(
        self, order: Indices, batches: Indices, rows: int, random: Array, lr: float, momentum: float, rule: int
    ) -> tuple[float, int]:
        model, slots = self.model, self.optimizer.slots
        loss, right = loops.train_batches(
            self.data.X_train,
            self.data.y_train,
            order,
            batches,
            self._sizes,
            self._places,
            model.theta,
            model.grad,
            model.stats,
            slots if len(slots) == 3 else (*slots, self._none, np.empty(0)),
            *self._arrays(rows),
            self.scratch,
            random,
            (_ACTIVATION[model.activation.name], model.batch_norm, rule, True, self.running),
            (lr, momentum, ADAM_BETA2),
            numbers(model.dtype, lr, momentum, model.l2, model.dropout),
        )
        return loss, right

    def data_figures(self, X: Array, y: NDArray[np.int64]) -> LossAndAccuracy:
        """Return loss, without its L2 term, and accuracy of a part of one of the sets."""
        model = self.model
        loss, right = loops.evaluate(
            X,
            y,
            BLOCK,
            self._sizes,
            self._places,
            model.theta,
            model.stats,
            *self._arrays(min(BLOCK, len(y))),
            self.scratch,
            self._none,
            (_ACTIVATION[model.activation.name], model.batch_norm, formulas.SGD, False, True),
            self._evaluating,
        )
        return loss / max(1, len(y)), right / max(1, len(y))

    def _arrays(self, rows: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return work arrays for at least so many samples, as the loops take them."""
        dropped = self.model.dropout > 0
        if self._work is None or self._work.rows < rows or (dropped and not self._work.dropped):
            self._work = _Work(self.model, max(rows, self._work.rows if self._work else 0), dropped=dropped)
        return self._work.hidden, self._work.samples


class _Work:
    """Work arrays for a number of samples; flat, so that the loops are compiled once for all layer sizes."""

    def __init__(self, model: MLP, rows: int, *, dropped: bool) -> None:
        self.rows, self.dropped = rows, dropped
        sizes, units = model.layer_sizes, sum(model.layer_sizes[1:-1])

        def array(size: int, wanted: bool = True) -> Array:
            return aligned(size if wanted else 0, model.dtype)

        normed = model.batch_norm
        self.hidden = (
            array(rows * units),  # a
            array(rows * units, dropped),  # what is left of it
            array(rows * units, normed),  # normalised values
            array(rows * units, dropped),  # masks
            array(rows * units),  # gradients
            array(loops.NARROW * max(sizes[1:])),  # a narrow W, turned
            array(rows * sizes[-1]),  # logits, then their gradient
            array(units, normed),  # 1/standard deviation
            array(max(sizes), normed),  # mean
            array(max(sizes), normed),  # variance
            rows,
        )
        indices = np.empty((2, rows), np.int64)  # winners, classes
        self.samples = (array(rows * sizes[0]), array(rows), array(rows), array(rows), *indices)


def _places(layer_sizes: Sequence[int], *, norm: bool) -> NDArray[np.int64]:
    """Return where the parts of the flat vector begin, as :func:`~nnfd.core.network.memory.parameter_views` cuts it."""
    count = parameter_count(layer_sizes, norm=norm)
    views = parameter_views(np.arange(count), layer_sizes, norm=norm)
    places = np.zeros((len(layer_sizes), 5), np.int64)
    places[-1, loops.W_AT] = count
    for at, parts in ((loops.W_AT, views.W), (loops.B_AT, views.b), (loops.GAMMA_AT, views.gamma)):
        places[: len(parts), at] = [part.flat[0] for part in parts]
    places[: len(views.beta), loops.BETA_AT] = [part[0] for part in views.beta]
    places[:-1, loops.UNITS_AT] = np.cumsum((0, *layer_sizes[1:-1]))
    return places


def _scratch(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Return what the exponential needs beside its constants: work arrays, and where an exponent is in a number."""
    power = aligned(formulas.CHUNK, dtype)
    exact = np.finfo(dtype).nmant
    bits = power.view(np.int64 if dtype == np.float64 else np.int32)
    return aligned(formulas.CHUNK, dtype), power, bits, exact, np.finfo(dtype).maxexp - 1 << exact


def numbers(
    dtype: np.dtype[Any], lr: float = 0.0, momentum: float = 0.0, l2: float = 0.0, dropout: float = 0.0
) -> tuple[Any, ...]:
    """Return the numbers of the loops, in the order of their names there."""
    own = (0, 1, 2, lr, momentum, 1 - momentum, l2, dropout, 1 / (1 - dropout))
    return (*map(dtype.type, own), *_constants(dtype))


@cache
def _constants(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Return those that are the same in every run; to work them out takes as long as three batches."""
    info = np.finfo(dtype)
    # a whole number times the high part of log 2 is exact
    part = 2.0 ** (32 if dtype == np.float64 else 12)
    high = math.floor(LN2 * part) / part
    values = (
        *(math.log(P_MIN), EPSILON, MEMORY, 1 - MEMORY, ADAM_BETA2, 1 - ADAM_BETA2, ADAM_EPSILON),
        *(math.log(float(info.tiny)), 1 / math.log(2), 1.5 * 2**info.nmant, high, float(LN2 - Fraction(high))),
        *(1 / math.factorial(k) for k in range(2, 14)),
    )
    return tuple(map(dtype.type, values))
