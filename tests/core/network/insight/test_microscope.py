"""One sample in a network: what the plain formulas say, and gradients against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.network.batchnorm import EPSILON
from nnfd.core.network.insight import microscope
from nnfd.core.network.insight.microscope import difference, look
from nnfd.core.network.memory import stats_views
from nnfd.core.network.mlp import MLP

SIZES = (4, 5, 6, 3)
X = np.random.default_rng(1).normal(size=4)
FUNCTIONS = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}


def network(activation="tanh", *, batch_norm=False, dtype="float64", l2=0.0) -> MLP:
    model = MLP(SIZES, activation, seed=3, batch_norm=batch_norm, dtype=dtype, l2=l2)
    rng = np.random.default_rng(5)
    model.theta += rng.normal(0, 0.3, model.theta.shape).astype(dtype)
    model.stats += np.abs(rng.normal(0, 0.3, model.stats.shape)).astype(dtype)
    return model


def plain_forward(model: MLP, x, f):
    """Inputs, pre-activations and activations by the formulas written out, and the probabilities."""
    means, variances = stats_views(model.stats, model.layer_sizes[1:-1] if model.batch_norm else ())
    h, seen = x.astype(np.float64), []
    for layer, (W, b) in enumerate(zip(model.W, model.b, strict=True)):
        z = np.array([sum(h[i] * W[i, j] for i in range(len(h))) + b[j] for j in range(len(b))])
        n = z
        if model.batch_norm and layer < len(model.gamma):
            n = (z - means[layer]) / np.sqrt(variances[layer] + EPSILON) * model.gamma[layer] + model.beta[layer]
        a = f(n) if layer < len(model.W) - 1 else np.exp(z) / np.exp(z).sum()
        seen.append((h, z, a))
        h = a
    return seen


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", FUNCTIONS)
def test_each_number_is_that_of_the_plain_formulas_and_each_gradient_that_of_two_losses(activation, batch_norm):
    model = network(activation, batch_norm=batch_norm, l2=0.1)
    before = model.theta.copy(), model.grad.copy()
    seen = look(model, X, 2)
    for layer, (h, z, a) in zip(seen.layers, plain_forward(model, X, FUNCTIONS[activation]), strict=True):
        np.testing.assert_allclose(layer.h, [*h, 1.0], atol=1e-13)
        np.testing.assert_allclose(layer.z, z, atol=1e-13)
        np.testing.assert_allclose(layer.a, a, atol=1e-13)
        np.testing.assert_allclose(layer.dW, np.outer(layer.h, layer.dz), atol=1e-13)
    assert seen.loss == pytest.approx(-math.log(seen.probabilities[2]), abs=1e-12)
    np.testing.assert_allclose(seen.layers[-1].dz, seen.probabilities - [0, 0, 1], atol=1e-13)
    for number, layer in enumerate(seen.layers):
        for i, j in np.ndindex(layer.dW.shape):
            found = difference(seen, number, i, j)
            assert found.gradient == pytest.approx(layer.dW[i, j], abs=1e-6)
            assert not found.kink
    np.testing.assert_array_equal((model.theta, model.grad), before)


def test_the_difference_is_that_of_the_networks_own_losses():
    """It moves one weight in its own arithmetic; so would one who moved it in the network."""
    model, step = network("sigmoid", batch_norm=True), 1e-5
    seen = look(model, X, 1)
    for number, (i, j) in enumerate([(2, 4), (4, 5), (0, 2)]):
        losses = []
        for by in (step, -step):
            model.W[number][i, j] += by
            losses.append(model.evaluate(X.reshape(1, -1), np.array([1]))[0])
            model.W[number][i, j] -= by
        assert difference(seen, number, i, j).gradient == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)


def test_without_a_class_it_is_the_one_that_the_network_says():
    model = network()
    says = int(model.predict(X.reshape(1, -1))[0])
    seen = look(model, X)
    assert seen.target == says == int(seen.probabilities.argmax())


def test_single_precision_is_looked_at_in_double():
    seen = look(network(dtype="float32"), X.astype(np.float32), 0)
    assert all(array.dtype == np.float64 for layer in seen.layers for array in (layer.W, layer.z, layer.a, layer.dW))
    assert difference(seen, 0, 1, 1).gradient == pytest.approx(seen.layers[0].dW[1, 1], abs=1e-6)


def test_a_class_that_seems_impossible_still_has_its_loss_and_gradient():
    model = network()
    model.b[-1][:] = [900, 0, 0]
    seen = look(model, X, 2)
    assert 880 < seen.loss < 920
    assert seen.layers[-1].dz[2] == -1
    assert difference(seen, 2, 6, 2).gradient == pytest.approx(-1, abs=1e-6)


def test_a_relu_that_turns_on_between_the_two_losses_is_told():
    model = network("relu")
    model.b[0][1] -= X @ model.W[0][:, 1] + model.b[0][1]  # just at 0
    assert difference(look(model, X, 0), 0, 0, 1).kink


def test_too_many_weights_are_refused_in_a_line(monkeypatch):
    monkeypatch.setattr(microscope, "MOST_WEIGHTS", 80)
    with pytest.raises(ParamsError, match=r"^82 weights are too many to look at one by one: at most 80$"):
        look(network(), X)
