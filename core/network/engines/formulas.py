"""What the compiled loops do to the arrays of one layer: activations, batch normalisation, dropout, softmax, updates.

The formulas are those of :mod:`nnfd.core.network.activations`, :mod:`~nnfd.core.network.batchnorm` and
:mod:`~nnfd.core.network.optim`, which are the reference. Importing this module imports numba.

Constants come in as ``c``, numbers of the run's own type by the names below: a literal would turn float32 into
float64. ``scratch`` is what the exponential needs: work arrays, and where the exponent is in the bits of a number.
"""

from __future__ import annotations

import numpy as np
from numba import njit

compiled = njit(nogil=True, error_model="numpy")
compiled_fused = njit(nogil=True, error_model="numpy", fastmath={"contract"})
"""A product and a sum may be one instruction, rounded once: a third less time for a polynomial."""

RELU, TANH, SIGMOID = 0, 1, 2
SGD, NESTEROV, ADAM = 0, 1, 2
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


@compiled
def rows_of(flat, start, rows, columns):
    return flat[start : start + rows * columns].reshape(rows, columns)


# -- activations


@compiled_fused
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


@compiled
def exponential(x, power, bits, shift, bias, c):
    split_exponential(x, power, bits, shift, bias, c)
    for i in range(x.size):
        x[i] = x[i] * power[i] + power[i]


@compiled
def tanh(z, x, power, bits, shift, bias, c):
    zero, one, two = c[ZERO], c[ONE], c[TWO]
    for i in range(z.size):
        x[i] = -two * abs(z[i])
    split_exponential(x, power, bits, shift, bias, c)
    for i in range(z.size):
        m = x[i] * power[i] + (power[i] - one)  # exp(-2|z|) - 1, with its relative precision
        t = m / (m + two)
        z[i] = t if z[i] < zero else -t


@compiled
def sigmoid(z, x, power, bits, shift, bias, c):
    zero, one = c[ZERO], c[ONE]
    for i in range(z.size):
        x[i] = -abs(z[i])
    exponential(x, power, bits, shift, bias, c)
    for i in range(z.size):
        z[i] = (x[i] if z[i] < zero else one) / (one + x[i])


@compiled
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


@compiled
def add_bias(z, b):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += b[j]


@compiled
def add_bias_relu(z, b, zero):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            v = z[i, j] + b[j]
            z[i, j] = zero if v <= zero else v


@compiled
def relu(z, zero):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = zero if z[i, j] <= zero else z[i, j]


@compiled
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


@compiled
def times_relu_slope(d, a, sums, zero):
    """Do the same of relu, and add up the columns of what comes out: one pass, as `d` is larger than a cache."""
    sums[:] = zero
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            v = d[i, j] if a[i, j] > zero else zero
            d[i, j] = v
            sums[j] += v


@compiled
def column_sums(d, out, zero):
    out[:] = zero
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            out[j] += d[i, j]


# -- batch normalisation


@compiled
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
        for j in range(units):  # one whole array to another takes the compiler two seconds, for words of an error
            mean[j] = running_mean[j]
            var[j] = running_var[j]
    for j in range(units):
        inv_std[j] = one / np.sqrt(var[j] + epsilon)
    for i in range(rows):
        for j in range(units):
            value = (z[i, j] - mean[j]) * inv_std[j]
            z_hat[i, j] = value
            z[i, j] = value * gamma[j] + beta[j]


@compiled
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


@compiled
def drop(a, random, mask, out, c):
    zero, share, scale = c[ZERO], c[SHARE], c[SCALE]
    columns = a.shape[1]
    for i in range(a.shape[0]):
        for j in range(columns):
            kept = scale if random[i * columns + j] >= share else zero
            mask[i, j] = kept
            out[i, j] = a[i, j] * kept


@compiled
def softmax(z, largest, winners, total, scratch, c):
    """`z` becomes exp(z - largest of its row), `total` the sum of its row, and `winners` tells where it is largest."""
    _, power, bits, shift, bias = scratch
    rows, classes = z.shape
    for i in range(rows):
        top, best = z[i, 0], 0
        for k in range(1, classes):
            best = k if z[i, k] > top else best
            top = z[i, k] if z[i, k] > top else top
        largest[i], winners[i] = top, best
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


# -- updates


@compiled
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


@compiled
def step_adam(theta, grad, mean, square, l2, rate, correction, c):
    beta1, fresh, beta2, fresh2, epsilon = c[MOMENTUM], c[FRESH], c[BETA2], c[FRESH2], c[ADAM_EPSILON]
    for i in range(theta.size):
        g = grad[i] + theta[i] * l2
        mean[i] = mean[i] * beta1 + g * fresh
        square[i] = square[i] * beta2 + g * g * fresh2
        theta[i] -= mean[i] / (np.sqrt(square[i] * correction) + epsilon) * rate
