"""The loops of the compiled engine, for the extra ``fast``: many batches, or a whole evaluation, in one call.

Importing this module imports numba, which keeps what it compiled beside this file or in the user's cache folder: a
function is compiled once an installation and floating-point type, whatever the layers and options, which come in as
arguments. The formulas are those of :mod:`nnfd.core.network.mlp`, :mod:`~nnfd.core.network.batchnorm` and
:mod:`~nnfd.core.network.optim`, which are the reference; here every pass over a batch that can be one loop is one.

Constants come in as numbers of the run's own type, as a literal would turn float32 into float64.

Arguments that most functions share
-----------------------------------
sizes
    Inputs, hidden sizes, classes.
places
    Of each layer where in the flat vector W, b, gamma and beta begin, and how many hidden units are before its own; one
    more row says where the vector ends.
c
    Numbers, by the names below.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FAST = {"cache": True, "nogil": True, "error_model": "numpy"}

RELU, TANH, SIGMOID = 0, 1, 2
SGD, NESTEROV, ADAM = 0, 1, 2
W_AT, B_AT, GAMMA_AT, BETA_AT, UNITS_AT = range(5)
(
    ZERO,
    ONE,
    TWO,
    LR,
    MOMENTUM,  # beta1 of Adam
    FRESH,  # 1 - momentum
    L2,
    SHARE,  # of dropout
    SCALE,  # 1/(1 - share)
    P_LOWEST,  # log of the lowest probability in the loss
    BN_EPSILON,
    BN_MEMORY,
    BN_FRESH,  # 1 - memory
    BETA2,
    FRESH2,  # 1 - beta2
    ADAM_EPSILON,
    EXP_LOWEST,
    LOG2_E,
    MAGIC,  # added, it leaves a number's whole part in the lowest bits
    LN2_HIGH,
    LN2_LOW,
    COEFFICIENTS,  # 1/2!, 1/3! ... 1/13!
) = range(22)
CHUNK = 1024
"""Values that an exponential takes at a time."""


@njit(**FAST)
def rows_of(flat, start, rows, columns):
    return flat[start : start + rows * columns].reshape(rows, columns)


# -- activations


@njit(**FAST)
def split_exponential(x, power, bits, shift, bias, c):
    """For x <= 0: ``x`` becomes q and ``power`` 2^k, with exp(x) = 2^k (1 + q); `bits` are those of `power`.

    Written out, as a compiler makes no vector code of a call of exp.
    """
    lowest, log2_e, magic, high, low, one = c[EXP_LOWEST], c[LOG2_E], c[MAGIC], c[LN2_HIGH], c[LN2_LOW], c[ONE]
    c2, c3, c4, c5, c6, c7 = c[21], c[22], c[23], c[24], c[25], c[26]
    c8, c9, c10, c11, c12, c13 = c[27], c[28], c[29], c[30], c[31], c[32]
    for i in range(x.size):
        v = lowest if x[i] < lowest else x[i]
        shifted = v * log2_e + magic
        power[i] = shifted
        k = shifted - magic
        r = (v - k * high) - k * low
        q = c13
        q = q * r + c12
        q = q * r + c11
        q = q * r + c10
        q = q * r + c9
        q = q * r + c8
        q = q * r + c7
        q = q * r + c6
        q = q * r + c5
        q = q * r + c4
        q = q * r + c3
        q = q * r + c2
        x[i] = (q * r + one) * r
    for i in range(x.size):
        bits[i] = (bits[i] << shift) + bias


@njit(**FAST)
def exponential(x, power, bits, shift, bias, c):
    split_exponential(x, power, bits, shift, bias, c)
    for i in range(x.size):
        x[i] = x[i] * power[i] + power[i]


@njit(**FAST)
def tanh(z, x, power, bits, shift, bias, c):
    zero, one, two = c[ZERO], c[ONE], c[TWO]
    for i in range(z.size):
        x[i] = -two * abs(z[i])
    split_exponential(x, power, bits, shift, bias, c)
    for i in range(z.size):
        m = x[i] * power[i] + (power[i] - one)  # exp(-2|z|) - 1, with its relative precision
        t = m / (m + two)
        z[i] = t if z[i] < zero else -t


@njit(**FAST)
def sigmoid(z, x, power, bits, shift, bias, c):
    zero, one = c[ZERO], c[ONE]
    for i in range(z.size):
        x[i] = -abs(z[i])
    exponential(x, power, bits, shift, bias, c)
    for i in range(z.size):
        z[i] = (x[i] if z[i] < zero else one) / (one + x[i])


@njit(**FAST)
def activate(z, activation, scratch, c):
    x, power, bits, shift, bias = scratch
    flat = z.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        part = flat[start : start + CHUNK]
        n = part.size
        if activation == TANH:
            tanh(part, x[:n], power[:n], bits[:n], shift, bias, c)
        else:
            sigmoid(part, x[:n], power[:n], bits[:n], shift, bias, c)


@njit(**FAST)
def add_bias(z, b):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += b[j]


@njit(**FAST)
def add_bias_relu(z, b, zero):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            v = z[i, j] + b[j]
            z[i, j] = zero if v <= zero else v


@njit(**FAST)
def relu(z, zero):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = zero if z[i, j] <= zero else z[i, j]


@njit(**FAST)
def times_slope(d, a, activation, c):
    zero, one = c[ZERO], c[ONE]
    for i in range(d.shape[0]):
        if activation == RELU:
            for j in range(d.shape[1]):
                d[i, j] = d[i, j] if a[i, j] > zero else zero
        elif activation == TANH:
            for j in range(d.shape[1]):
                d[i, j] *= one - a[i, j] * a[i, j]
        else:
            for j in range(d.shape[1]):
                d[i, j] *= (one - a[i, j]) * a[i, j]


@njit(**FAST)
def column_sums(d, out, zero):
    out[:] = zero
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            out[j] += d[i, j]


# -- batch normalisation


@njit(**FAST)
def normalise(z, z_hat, gamma, beta, running_mean, running_var, inv_std, mean, var, training, c):
    rows, units = z.shape
    n = z.dtype.type(rows)
    zero, one, epsilon, memory, fresh = c[ZERO], c[ONE], c[BN_EPSILON], c[BN_MEMORY], c[BN_FRESH]
    if training:
        column_sums(z, mean, zero)
        for j in range(units):
            mean[j] /= n
            var[j] = zero
        for i in range(rows):
            for j in range(units):
                away = z[i, j] - mean[j]
                var[j] += away * away
        for j in range(units):
            var[j] /= n
        if rows > 1:
            for j in range(units):
                running_mean[j] = running_mean[j] * memory + mean[j] * fresh
                running_var[j] = running_var[j] * memory + var[j] * fresh
    else:
        mean[:] = running_mean
        var[:] = running_var
    for j in range(units):
        inv_std[j] = one / np.sqrt(var[j] + epsilon)
    for i in range(rows):
        for j in range(units):
            value = (z[i, j] - mean[j]) * inv_std[j]
            z_hat[i, j] = value
            z[i, j] = value * gamma[j] + beta[j]


@njit(**FAST)
def normalise_back(d, z_hat, gamma, inv_std, d_gamma, d_beta, zero):
    rows, units = d.shape
    n = d.dtype.type(rows)
    column_sums(d, d_beta, zero)
    d_gamma[:] = zero
    for i in range(rows):
        for j in range(units):
            d_gamma[j] += d[i, j] * z_hat[i, j]
    for i in range(rows):
        for j in range(units):
            d[i, j] = (d[i, j] - d_beta[j] / n - z_hat[i, j] * (d_gamma[j] / n)) * (gamma[j] * inv_std[j])


# -- forward


@njit(**FAST)
def forward(X, sizes, places, theta, stats, arrays, scratch, random, training, activation, norm, c):
    """Leave the logits and all that the way back needs in `arrays`; return the logits."""
    a, h, z_hat, mask, _, logits, inv_std, mean, var, total_rows = arrays
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


@njit(**FAST)
def drop(a, random, mask, out, c):
    zero, share, scale = c[ZERO], c[SHARE], c[SCALE]
    columns = a.shape[1]
    for i in range(a.shape[0]):
        for j in range(columns):
            kept = scale if random[i * columns + j] >= share else zero
            mask[i, j] = kept
            out[i, j] = a[i, j] * kept


@njit(**FAST)
def softmax(z, largest, total, scratch, c):
    """`z` becomes exp(z - largest of its row), `total` the sum of its row."""
    x, power, bits, shift, bias = scratch
    rows, classes = z.shape
    for i in range(rows):
        top = z[i, 0]
        for k in range(1, classes):
            top = z[i, k] if z[i, k] > top else top
        largest[i] = top
        for k in range(classes):
            z[i, k] -= top
    flat = z.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        part = flat[start : start + CHUNK]
        exponential(part, power[: part.size], bits[: part.size], shift, bias, c)
    for i in range(rows):
        sum_ = c[ZERO]
        for k in range(classes):
            sum_ += z[i, k]
        total[i] = sum_


# -- backward and update


@njit(**FAST)
def backward(X, y, sizes, places, theta, grad, arrays, random, activation, norm, c):
    """Fill `grad` with the gradient of the data's loss; the first of `arrays`' gradients is that of the logits."""
    a, h, z_hat, mask, d_flat, logits, inv_std, _, _, total_rows = arrays
    rows, last = X.shape[0], sizes.size - 2
    d = rows_of(logits, 0, rows, sizes[last + 1])
    for layer in range(last, -1, -1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        place = places[layer]
        dW = rows_of(grad, place[W_AT], n_in, n_out)
        column_sums(d, grad[place[B_AT] : place[B_AT] + n_out], c[ZERO])
        if layer == 0:
            np.dot(X.T, d, dW)
            return
        below = places[layer - 1]
        at = below[UNITS_AT] * total_rows
        np.dot(rows_of(h if random.size else a, at, rows, n_in).T, d, dW)
        d_below = rows_of(d_flat, at, rows, n_in)
        np.dot(d, rows_of(theta, place[W_AT], n_in, n_out).T, d_below)
        if random.size:
            kept = rows_of(mask, at, rows, n_in)
            for i in range(rows):
                for j in range(n_in):
                    d_below[i, j] *= kept[i, j]
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


@njit(**FAST)
def step_sgd(theta, grad, velocity, l2, look_ahead, c):
    lr, momentum = c[LR], c[MOMENTUM]
    if look_ahead:
        for i in range(theta.size):
            step = (grad[i] + theta[i] * l2) * lr
            velocity[i] = velocity[i] * momentum - step
            theta[i] = theta[i] + velocity[i] * momentum - step
    else:
        for i in range(theta.size):
            velocity[i] = velocity[i] * momentum - (grad[i] + theta[i] * l2) * lr
            theta[i] += velocity[i]


@njit(**FAST)
def step_adam(theta, grad, mean, square, l2, rate, correction, c):
    beta1, fresh, beta2, fresh2, epsilon = c[MOMENTUM], c[FRESH], c[BETA2], c[FRESH2], c[ADAM_EPSILON]
    for i in range(theta.size):
        g = grad[i] + theta[i] * l2
        mean[i] = mean[i] * beta1 + g * fresh
        square[i] = square[i] * beta2 + g * g * fresh2
        theta[i] -= mean[i] / (np.sqrt(square[i] * correction) + epsilon) * rate


@njit(**FAST)
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


@njit(**FAST)
def train_batches(
    X, y, order, starts, ends, sizes, places, theta, grad, stats, memory, arrays, rows_taken, scratch, random, options, rates, c
):
    """Train on the batches `order[start:end]`, one after the other."""
    activation, norm, optimizer = options
    inputs, largest, total, _ = rows_taken
    hidden = places[sizes.size - 2][UNITS_AT]
    used = 0
    for batch in range(starts.size):
        start, rows = starts[batch], ends[batch] - starts[batch]
        taken = rows_of(inputs, 0, rows, sizes[0])
        for i in range(rows):
            taken[i] = X[order[start + i]]
        drawn = random[used : used + rows * hidden]
        used += drawn.size
        p = forward(taken, sizes, places, theta, stats, arrays, scratch, drawn, True, activation, norm, c)
        softmax(p, largest, total, scratch, c)
        n = theta.dtype.type(rows)
        for i in range(rows):
            for k in range(p.shape[1]):
                p[i, k] /= total[i]
            p[i, y[order[start + i]]] -= c[ONE]
            for k in range(p.shape[1]):
                p[i, k] /= n
        backward(taken, y, sizes, places, theta, grad, arrays, drawn, activation, norm, c)
        update(sizes, places, theta, grad, memory, optimizer, rates, c)


@njit(**FAST)
def evaluate(X, y, block, sizes, places, theta, stats, arrays, rows_taken, scratch, nothing, options, c):
    """Return the sum of the data's losses and how many samples are classified rightly."""
    activation, norm, _ = options
    _, largest, total, true = rows_taken
    loss, right = 0.0, 0
    for start in range(0, y.size, block):
        part = X[start : start + block]
        z = forward(part, sizes, places, theta, stats, arrays, scratch, nothing, False, activation, norm, c)
        for i in range(part.shape[0]):
            best = 0
            for k in range(1, z.shape[1]):
                best = k if z[i, k] > z[i, best] else best
            right += best == y[start + i]
            true[i] = z[i, y[start + i]]
        softmax(z, largest, total, scratch, c)
        for i in range(part.shape[0]):
            log_p = true[i] - largest[i] - np.log(total[i])
            loss -= c[P_LOWEST] if log_p < c[P_LOWEST] else log_p
    return loss, right
