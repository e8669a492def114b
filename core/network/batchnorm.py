"""Batch normalisation of one hidden layer (Ioffe & Szegedy 2015), without allocating.

For the rows z of a batch of N samples::

    z_hat = (z - mean)/sqrt(var + eps)      out = gamma z_hat + beta
    dz    = gamma/sqrt(var + eps) (d - mean(d) - z_hat mean(d z_hat))

where mean and var (with divisor N) are the batch's own in training and running averages otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

EPSILON = 1e-5
"""Added to a variance before its root is divided by."""
MEMORY = 0.9
"""Share of the running mean and variance kept at each training batch."""


class BatchNorm:
    """Views of one layer's parameters, gradients and running statistics; all of shape (units,)."""

    def __init__(self, gamma: Array, beta: Array, d_gamma: Array, d_beta: Array, mean: Array, var: Array) -> None:
        self.gamma, self.beta = gamma, beta
        self.d_gamma, self.d_beta = d_gamma, d_beta
        self.running_mean, self.running_var = mean, var
        self._mean, self._var, self._inv_std = (np.empty_like(mean) for _ in range(3))
        self._work = np.empty_like(mean)
        self.reset()

    def reset(self) -> None:
        """Set the layer to the identity of normalised data."""
        self.gamma[:], self.beta[:] = 1, 0
        self.running_mean[:], self.running_var[:] = 0, 1

    def forward(self, z: Array, z_hat: Array, *, training: bool) -> None:
        """Normalise `z` of shape (N, units) in place, and leave the normalised values in `z_hat`."""
        inv_std = self._inv_std
        if training:
            mean, var = self._mean, self._var
            np.mean(z, axis=0, out=mean)
            np.subtract(z, mean, out=z_hat)
            np.einsum("ij,ij->j", z_hat, z_hat, out=var)
            var /= len(z)
            if len(z) > 1:  # one sample has no variance: it would pull the running one towards 0
                self._remember(self.running_mean, mean)
                self._remember(self.running_var, var)
        else:
            var = self.running_var
            np.subtract(z, self.running_mean, out=z_hat)
        np.add(var, EPSILON, out=inv_std)
        np.sqrt(inv_std, out=inv_std)
        np.reciprocal(inv_std, out=inv_std)
        z_hat *= inv_std
        np.multiply(z_hat, self.gamma, out=z)
        z += self.beta

    def _remember(self, running: Array, batch: Array) -> None:
        running *= MEMORY
        np.multiply(batch, 1 - MEMORY, out=self._work)
        running += self._work

    def backward(self, d: Array, z_hat: Array, scratch: Array, *, training: bool) -> None:
        """Turn `d`, the gradient of the output, into that of the input, in place; fill the layer's own gradients."""
        np.einsum("ij,ij->j", d, z_hat, out=self.d_gamma)
        np.sum(d, axis=0, out=self.d_beta)
        if training:  # the batch's mean and variance depend on z too
            np.divide(self.d_beta, len(d), out=self._work)
            d -= self._work
            np.divide(self.d_gamma, len(d), out=self._work)
            np.multiply(z_hat, self._work, out=scratch)
            d -= scratch
        np.multiply(self.gamma, self._inv_std, out=self._work)
        d *= self._work
