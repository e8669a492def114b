"""A multi-layer perceptron in plain NumPy.

For a batch X of N samples, with activation f and layers 1..L::

    z_l = h_(l-1) W_l + b_l        h_0 = X, h_l = f(z_l) below the last layer
    p   = softmax(z_L)             loss = -mean log clip(p_true, 1e-12, 1) + l2/2 sum W^2
    dz_L = (p - y)/N               dW_l = h_(l-1)^T dz_l + l2 W_l      db_l = sum dz_l
    dh_l = dz_(l+1) W_(l+1)^T      dz_l = dh_l f'(z_l)

All weights live in one flat vector ``theta`` and all gradients in one flat vector ``grad``; ``W``, ``b`` and the rest
are views. So an optimiser updates everything in a few vector operations, and a snapshot is one copy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.network.activations import ACTIVATIONS
from nnfd.core.network.batchnorm import BatchNorm
from nnfd.core.network.memory import Buffers, aligned, parameter_count, parameter_views, rows_of_a_product, stats_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from nnfd.core.params import NetworkParams

    Array = NDArray[Any]

P_MIN = 1e-12
"""Lower clip of a probability in the loss."""
LOG_P_MIN = math.log(P_MIN)
BLOCK = 384
"""Samples that an evaluation takes at a time: what they need stays in the cache, and memory bounded."""
BATCH_SIZES_KEPT = 8
"""For how many batch sizes work arrays are kept; training needs 5: full and last batch, full and two last blocks."""


class MLP:
    """Fully connected layers, an activation between them, softmax and cross-entropy at the end.

    Parameters
    ----------
    layer_sizes
        Inputs, hidden sizes, classes; for example ``[64, 128, 10]``.
    activation
        ``relu``, ``tanh`` or ``sigmoid``, of the hidden layers.
    weight_scale
        Standard deviation of the first weights; None for He (relu) or Xavier (tanh, sigmoid).
    l2
        Weight decay; biases are not decayed.
    seed
        Of the first weights, drawn layer by layer from ``np.random.default_rng(seed)`` as (in, out) arrays.
    dropout
        Share of hidden units silenced in a training batch; the others are scaled up by 1/(1 - dropout).
    batch_norm
        Whether each hidden layer is normalised over the batch before its activation (Ioffe & Szegedy 2015).
    dtype
        ``float64`` or ``float32``.

    Attributes
    ----------
    theta, grad
        Flat vectors of all trained parameters and their gradients.
    W, b
        Views into ``theta``, a list with one (in, out) array and one (out,) array a layer.
    gamma, beta
        Views into ``theta``, one (hidden,) array a hidden layer; empty lists without batch normalisation.
    stats
        Flat vector of the running means and variances, empty without batch normalisation.

    Notes
    -----
    The work arrays belong to the network, so one network is not for two threads at a time.

    Raises
    ------
    ParamsError
        If the layer sizes or the activation are not allowed.
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: str = "relu",
        weight_scale: float | None = None,
        l2: float = 0.0,
        seed: int = 42,
        *,
        dropout: float = 0.0,
        batch_norm: bool = False,
        dtype: str = "float64",
    ) -> None:
        self.layer_sizes = tuple(layer_sizes)
        if len(self.layer_sizes) < 2 or min(self.layer_sizes) < 1:
            raise ParamsError(f"layer_sizes: {self.layer_sizes} is not allowed: two or more sizes, each at least 1")
        if activation not in ACTIVATIONS:
            raise ParamsError(f"activation: {activation!r} is not allowed: one of {', '.join(ACTIVATIONS)}")
        self.activation = ACTIVATIONS[activation]
        self.dropout, self.batch_norm = dropout, batch_norm
        self.dtype = np.dtype(dtype)
        hidden = self.layer_sizes[1:-1] if batch_norm else ()
        self.theta = aligned(parameter_count(self.layer_sizes, norm=batch_norm), self.dtype)
        self.grad = aligned(self.theta.size, self.dtype)
        self.stats = np.zeros(2 * sum(hidden), self.dtype)
        views = parameter_views(self.theta, self.layer_sizes, norm=batch_norm)
        self._Wb, self.W, self.b, self.gamma, self.beta = views
        slopes = parameter_views(self.grad, self.layer_sizes, norm=batch_norm)
        self._dWb, self._dW, self._db, self._dgamma, self._dbeta = slopes
        means, variances = stats_views(self.stats, hidden)
        # each makes its gamma and its running variance 1
        self._norms = [
            BatchNorm(*views)
            for views in zip(self.gamma, self.beta, self._dgamma, self._dbeta, means, variances, strict=True)
        ]
        self._decay = aligned(self.theta.size, self.dtype)
        decays = parameter_views(self._decay, self.layer_sizes, norm=batch_norm)
        self._undecayed = [*decays.b, *decays.gamma, *decays.beta]
        self._rows = [rows_of_a_product(Wb.size, BLOCK) for Wb in self._Wb]
        self.l2 = l2
        self._buffers: dict[int, Buffers] = {}
        rng = np.random.default_rng(seed)
        for W in self.W:
            scale = math.sqrt(self.activation.gain / len(W)) if weight_scale is None else weight_scale
            W[:] = rng.normal(0.0, scale, W.shape)

    @classmethod
    def for_run(cls, params: NetworkParams, layer_sizes: Sequence[int]) -> Self:
        """Make the network that a run's parameters describe."""
        return cls(
            layer_sizes,
            params.activation,
            params.weight_scale,
            params.l2,
            params.seed,
            dropout=params.dropout,
            batch_norm=params.batch_norm,
            dtype=params.dtype,
        )

    def load(self, theta: Array, stats: Array | None = None) -> None:
        """Copy a snapshot in. Raises ``ValueError`` if it is of another shape."""
        pairs = [("theta", theta, self.theta)] + ([] if stats is None else [("stats", stats, self.stats)])
        for name, given, mine in pairs:
            if given.shape != mine.shape:
                raise ValueError(f"{name}: shape {given.shape} is not allowed: this network has {mine.shape}")
        for _, given, mine in pairs:
            mine[:] = given

    # -- forward

    def forward(
        self, X: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Buffers]:
        """Compute the logits.

        Parameters
        ----------
        X
            Inputs, shape (N, inputs); or (N, inputs + 1) with a last column of ones, which spares a pass for the bias.
        training
            Whether dropout and the batch's own mean and variance are used.
        rng
            Draws the dropout masks; needed for training with dropout, else ``ValueError``.

        Returns
        -------
        logits, cache
            Logits of shape (N, classes), and what :meth:`backward` needs. Both are work arrays of this network: the
            next forward pass with as many samples writes over them. In training the running statistics of batch
            normalisation move on.
        """
        if training and self.dropout and rng is None:
            raise ValueError("rng: training with dropout needs a random generator")
        cache = self._buffers_for(len(X))
        h = cache.X = np.asarray(X, self.dtype)
        cache.training, cache.dropped = training, bool(training and self.dropout)
        for layer, z in enumerate(cache.a):
            self._affine(layer, h, z, cache)
            if self.batch_norm:
                self._norms[layer].forward(z, cache.z_hat[layer], training=training)
            self.activation.apply(z, cache.work[layer])
            h = z
            if cache.dropped and rng is not None:
                h = cache.drop(layer, self.dropout, rng)
            cache.h[layer] = h
        self._affine(len(cache.a), h, cache.logits, cache)
        return cache.logits, cache

    def _affine(self, layer: int, h: Array, z: Array, cache: Buffers) -> None:
        with_bias = h.shape[1] > self.layer_sizes[layer]
        W, rows = self._Wb[layer] if with_bias else self.W[layer], self._rows[layer]
        # dot, not matmul: that checks floating-point flags, which some BLAS raise without cause; and not np.dot, which
        # first asks each argument for a function of its own
        if cache.training or len(h) <= rows:
            h.dot(W, out=z)
        else:  # training is not cut like this: the last digit of a weight is to depend on no such thing
            for start in range(0, len(h), rows):
                h[start : start + rows].dot(W, out=z[start : start + rows])
        if not with_bias:
            z += self.b[layer] if len(self.W) > layer + 1 else cache.each_row(self.b[layer])

    # -- backward

    def backward(self, cache: Buffers, y: NDArray[np.int64]) -> None:
        """Fill ``grad`` with the gradient of the loss of the last forward pass, for true classes `y` of shape (N,)."""
        d = cache.logits_gradient(y)
        for layer in range(len(self.W) - 1, -1, -1):
            h = cache.X if layer == 0 else cache.h[layer - 1]
            if h.shape[1] > self.layer_sizes[layer]:
                h.T.dot(d, out=self._dWb[layer])
            else:
                h.T.dot(d, out=self._dW[layer])
                cache.ones.dot(d, out=self._db[layer])  # the sum over the batch, at half the time of np.sum
            if layer:
                d = self._through_hidden(layer - 1, cache, d)
        if self.l2:
            np.multiply(self.theta, self.l2, out=self._decay)  # of all, then none of biases: fewer passes than by layer
            for part in self._undecayed:
                part.fill(0)
            self.grad += self._decay

    def _through_hidden(self, layer: int, cache: Buffers, d_above: Array) -> Array:
        d, scratch = cache.d[layer], cache.scratch[layer]
        d_above.dot(self.W[layer + 1].T, out=d)
        if cache.dropped:
            d *= cache.mask[layer]
        self.activation.times_slope(d, cache.a[layer], scratch)
        if self.batch_norm:
            self._norms[layer].backward(d, cache.z_hat[layer], scratch, training=cache.training)
        return d

    def loss_and_grads(
        self, X: Array, y: NDArray[np.int64], rng: np.random.Generator | None = None, *, training: bool = True
    ) -> tuple[float, dict[str, list[Array]]]:
        """Return the loss and copies of its gradients, ``{"W": [...], "b": [...]}``, for X (N, inputs) and y (N,)."""
        _, cache = self.forward(X, training, rng)
        loss = figures(cache, y)[0] / len(y) + self.decay_loss()
        self.backward(cache, y)
        grads = {"W": [g.copy() for g in self._dW], "b": [g.copy() for g in self._db]}
        if self.batch_norm:
            grads |= {"gamma": [g.copy() for g in self._dgamma], "beta": [g.copy() for g in self._dbeta]}
        return loss, grads

    # -- what it says

    def evaluate(self, X: Array, y: NDArray[np.int64]) -> tuple[float, float]:
        """Return loss (with its L2 term) and accuracy for X (N, inputs) and y (N,) by one forward pass."""
        loss, accuracy = self.data_figures(X, y)
        return loss + self.decay_loss(), accuracy

    def data_figures(self, X: Array, y: NDArray[np.int64]) -> tuple[float, float]:
        """Return the same but for the L2 term."""
        loss, right = 0.0, 0
        for start in range(0, len(y), BLOCK):
            part = y[start : start + BLOCK]
            _, cache = self.forward(X[start : start + BLOCK])
            its_loss, its_right = figures(cache, part)
            loss, right = loss + its_loss, right + its_right
        return loss / len(y), right / len(y)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the class probabilities, shape (N, classes)."""
        X = np.asarray(X, self.dtype)
        p = np.empty((len(X), self.layer_sizes[-1]), self.dtype)
        for start in range(0, len(X), BLOCK):
            _, cache = self.forward(X[start : start + BLOCK])
            p[start : start + BLOCK] = cache.probabilities()
        return p

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return the most probable class of each sample, shape (N,)."""
        classes: NDArray[np.int64] = np.argmax(self.predict_proba(X), axis=1)
        return classes

    def decay_loss(self) -> float:
        """Return the L2 term of the loss."""
        return 0.5 * self.l2 * sum(float(np.vdot(W, W)) for W in self.W) if self.l2 else 0.0

    def _buffers_for(self, n: int) -> Buffers:
        if n not in self._buffers:
            if len(self._buffers) >= BATCH_SIZES_KEPT:
                del self._buffers[next(iter(self._buffers))]
            self._buffers[n] = Buffers(n, self.layer_sizes, self.dtype, norm=self.batch_norm)
        return self._buffers[n]


def figures(cache: Buffers, y: NDArray[np.int64]) -> tuple[float, int]:
    """Return the sum of the data's losses of the last forward pass, and how many samples it classified rightly."""
    # log clip(p, 1e-12, 1): the logarithm is taken first, so that a tiny p loses no digits
    log_p = cache.log_probabilities(y)
    np.maximum(log_p, LOG_P_MIN, out=log_p)
    return -float(log_p.sum(dtype=np.float64)), int(np.count_nonzero(cache.winners == y))
