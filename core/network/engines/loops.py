"""The loops of the compiled engine: many batches, or a whole evaluation, in one call. Importing this imports numba.

A function is compiled once an installation and floating-point type, whatever the layers and options, which come in as
arguments; numba keeps it beside this file or in the user's cache folder. The formulas are those of
:mod:`nnfd.core.network.mlp`, which is the reference; here what can be one pass over a batch is one.

Arguments that functions share
------------------------------
sizes
    Inputs, hidden sizes, classes.
places
    Of each layer where in the flat vector W, b, gamma and beta begin, and how many hidden units are before its own; one
    more row says where the vector ends.
arrays, samples, scratch
    Work arrays, as the engine makes them.
random
    Numbers to draw dropout masks from; empty for no dropout.
options
    The activation, whether there is batch normalisation, the optimiser, whether this is training, whether losses are
    asked for.
c
    Numbers, by the names in :mod:`nnfd.core.network.engines.formulas`.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from nnfd.core.network.engines import formulas
from nnfd.core.network.engines.formulas import (
    ADAM,
    L2,
    NESTEROV,
    ONE,
    P_LOWEST,
    RELU,
    ZERO,
    activate,
    add_bias,
    add_bias_relu,
    column_sums,
    compiled,
    drop,
    normalise,
    normalise_back,
    relu,
    rows_of,
    softmax,
    step_adam,
    step_sgd,
    times_relu_slope,
    times_slope,
)

W_AT, B_AT, GAMMA_AT, BETA_AT, UNITS_AT = range(5)
NARROW = 16
"""With so many columns at the most, a product with W.T takes longer than one with a copy of it, copying included."""


@compiled
def forward(X, sizes, places, theta, stats, arrays, scratch, random, options, c):
    """Leave the logits and all that the way back needs in `arrays`; return the logits."""
    activation, norm, _, training, _ = options
    a, h, z_hat, mask, _, _, logits, inv_std, mean, var, total_rows = arrays
    rows, last = X.shape[0], sizes.size - 2
    half, drawn = stats.size // 2, 0
    for layer in range(last + 1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        place = places[layer]
        W = rows_of(theta, place[W_AT], n_in, n_out)
        b = theta[place[B_AT] : place[B_AT] + n_out]
        at = place[UNITS_AT] * total_rows
        z = rows_of(logits, 0, rows, n_out) if layer == last else rows_of(a, at, rows, n_out)
        if layer == 0:
            np.dot(X, W, z)
        else:
            below = places[layer - 1][UNITS_AT] * total_rows
            np.dot(rows_of(h if random.size else a, below, rows, n_in), W, z)
        if layer == last:
            add_bias(z, b)
            return z
        if activation == RELU and not norm:
            add_bias_relu(z, b, c[ZERO])
        else:
            add_bias(z, b)
            if norm:
                units = slice(place[UNITS_AT], place[UNITS_AT] + n_out)
                normalise(
                    z,
                    rows_of(z_hat, at, rows, n_out),
                    theta[place[GAMMA_AT] : place[GAMMA_AT] + n_out],
                    theta[place[BETA_AT] : place[BETA_AT] + n_out],
                    stats[place[UNITS_AT] : place[UNITS_AT] + n_out],
                    stats[half + place[UNITS_AT] : half + place[UNITS_AT] + n_out],
                    inv_std[units],
                    mean[:n_out],
                    var[:n_out],
                    training,
                    c,
                )
            if activation == RELU:
                relu(z, c[ZERO])
            else:
                activate(z, activation, scratch, c)
        if random.size:
            drop(z, random[drawn : drawn + z.size], rows_of(mask, at, rows, n_out), rows_of(h, at, rows, n_out), c)
            drawn += z.size
    return rows_of(logits, 0, rows, sizes[last + 1])  # never come to; the compiler wants it


@compiled
def turn(W, turned):
    """Return W.T, copied to `turned`."""
    for k in range(W.shape[1]):
        for j in range(W.shape[0]):
            turned[k, j] = W[j, k]
    return turned


@compiled
def backward(X, sizes, places, theta, grad, arrays, random, activation, norm, c):
    """Fill `grad` with the gradient of the data's loss; the first of `arrays`' gradients is that of the logits."""
    a, h, z_hat, mask, d_flat, turned, logits, inv_std, _, _, total_rows = arrays
    rows, last = X.shape[0], sizes.size - 2
    d = rows_of(logits, 0, rows, sizes[last + 1])
    summed = False
    for layer in range(last, -1, -1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        place = places[layer]
        dW = rows_of(grad, place[W_AT], n_in, n_out)
        if not summed:
            column_sums(d, grad[place[B_AT] : place[B_AT] + n_out], c[ZERO])
        if layer == 0:
            np.dot(X.T, d, dW)
            return
        below = places[layer - 1]
        at = below[UNITS_AT] * total_rows
        np.dot(rows_of(h if random.size else a, at, rows, n_in).T, d, dW)
        d_below = rows_of(d_flat, at, rows, n_in)
        W = rows_of(theta, place[W_AT], n_in, n_out)
        if n_out <= NARROW:
            np.dot(d, turn(W, rows_of(turned, 0, n_out, n_in)), d_below)
        else:
            np.dot(d, W.T, d_below)
        if random.size:
            kept = rows_of(mask, at, rows, n_in)
            for i in range(rows):
                for j in range(n_in):
                    d_below[i, j] *= kept[i, j]
        summed = activation == RELU and not norm
        if summed:
            b = below[B_AT]
            times_relu_slope(d_below, rows_of(a, at, rows, n_in), grad[b : b + n_in], c[ZERO])
        else:
            times_slope(d_below, rows_of(a, at, rows, n_in), activation, c)
        if norm:
            normalise_back(
                d_below,
                rows_of(z_hat, at, rows, n_in),
                theta[below[GAMMA_AT] : below[GAMMA_AT] + n_in],
                inv_std[below[UNITS_AT] : below[UNITS_AT] + n_in],
                grad[below[GAMMA_AT] : below[GAMMA_AT] + n_in],
                grad[below[BETA_AT] : below[BETA_AT] + n_in],
                c[ZERO],
            )
        d = d_below


@compiled
def update(sizes, places, theta, grad, memory, optimizer, rates, c):
    """Do one update, W with decay and all else without; `rates` are lr and the betas in double precision."""
    first, second, powers = memory
    rate, correction = c[ZERO], c[ZERO]
    if optimizer == ADAM:
        lr, beta1, beta2 = rates
        powers[0] *= beta1
        powers[1] *= beta2
        rate = theta.dtype.type(lr / (1 - powers[0]))
        correction = theta.dtype.type(1 / (1 - powers[1]))
    for layer in range(sizes.size - 1):
        W, b = places[layer][W_AT], places[layer][B_AT]
        end = places[layer + 1][W_AT]
        for start, stop, l2 in ((W, b, c[L2]), (b, end, c[ZERO])):
            if optimizer == ADAM:
                step_adam(
                    theta[start:stop], grad[start:stop], first[start:stop], second[start:stop], l2, rate, correction, c
                )
            else:
                step_sgd(theta[start:stop], grad[start:stop], first[start:stop], l2, optimizer == NESTEROV, c)


@compiled
def softmax_and_figures(z, y, samples, scratch, told, c):
    """Do the softmax of the logits but for the division by `total`; return the sum of the losses and the right ones."""
    _, largest, total, true, winners, _ = samples
    loss, right = 0.0, 0
    if told:
        for i in range(z.shape[0]):
            true[i] = z[i, y[i]]
    softmax(z, largest, winners, total, scratch, c)
    if told:
        for i in range(z.shape[0]):
            right += winners[i] == y[i]
            log_p = true[i] - largest[i] - np.log(total[i])
            loss -= c[P_LOWEST] if log_p < c[P_LOWEST] else log_p
    return loss, right


kept = njit(cache=True, nogil=True, error_model="numpy")
"""For the functions to call, which alone are kept on disk.

numba finds them again by their own file and by what they close over, and would not notice a change in the other file
that they are made of; `version` tells of it. They do the work themselves: what a function calls is compiled once more
with it.
"""


def _trainer(version: int) -> Any:
    @kept
    def train_batches(
        X,
        y,
        order,
        edges,
        sizes,
        places,
        theta,
        grad,
        stats,
        memory,
        arrays,
        samples,
        scratch,
        random,
        options,
        rates,
        c,
    ):
        """Train on `order[start:end]` of all `edges`, one after the other; return as `evaluate` does, if asked to."""
        _ = version
        activation, norm, optimizer, _, told = options
        inputs, _, total, _, _, classes = samples
        loss, right = 0.0, 0
        hidden = places[sizes.size - 2][UNITS_AT]
        used = 0
        for batch in range(len(edges)):
            start, rows = edges[batch, 0], edges[batch, 1] - edges[batch, 0]
            taken = rows_of(inputs, 0, rows, sizes[0])
            for i in range(rows):
                sample = X[order[start + i]]
                for j in range(sample.size):
                    taken[i, j] = sample[j]
                classes[i] = y[order[start + i]]
            drawn = random[used : used + rows * hidden]
            used += drawn.size
            p = forward(taken, sizes, places, theta, stats, arrays, scratch, drawn, options, c)
            its_loss, its_right = softmax_and_figures(p, classes, samples, scratch, told, c)
            loss += its_loss
            right += its_right
            share = c[ONE] / theta.dtype.type(rows)
            for i in range(rows):
                its_share = share / total[i]
                for k in range(p.shape[1]):
                    p[i, k] *= its_share
                p[i, classes[i]] -= share
            backward(taken, sizes, places, theta, grad, arrays, drawn, activation, norm, c)
            update(sizes, places, theta, grad, memory, optimizer, rates, c)
        return loss, right

    return train_batches


def _evaluator(version: int) -> Any:
    @kept
    def evaluate(X, y, block, sizes, places, theta, stats, arrays, samples, scratch, nothing, options, c):
        """Return the sum of the data's losses and how many samples are classified rightly."""
        _ = version
        loss, right = 0.0, 0
        for start in range(0, y.size, block):
            part = X[start : start + block]
            z = forward(part, sizes, places, theta, stats, arrays, scratch, nothing, options, c)
            its_loss, its_right = softmax_and_figures(z, y[start : start + block], samples, scratch, True, c)
            loss += its_loss
            right += its_right
        return loss, right

    return evaluate


_version = zlib.crc32(Path(formulas.__file__).read_bytes())
train_batches, evaluate = _trainer(_version), _evaluator(_version)
