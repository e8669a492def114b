"""The network's arithmetic: gradients against differences, losses against the formulas written out."""

import itertools
import math
import weakref

import numpy as np
import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.network import memory
from nnfd.core.network.batchnorm import EPSILON as BN_EPSILON
from nnfd.core.network.batchnorm import MEMORY as BN_MEMORY
from nnfd.core.network.memory import ALIGNMENT, ONES_BYTES, aligned, with_ones
from nnfd.core.network.mlp import BATCH_SIZES_KEPT, BLOCK, MLP, P_MIN
from nnfd.core.params import NetworkParams

ACTIVATIONS = ("relu", "tanh", "sigmoid")
SIZES = {1: (4, 5, 3), 2: (4, 5, 6, 3), 3: (4, 5, 6, 4, 3)}
OPTIONS = {
    "plain": {},
    "l2": {"l2": 0.1},
    "dropout": {"dropout": 0.4},
    "batch_norm": {"batch_norm": True},
    "all": {"l2": 0.1, "dropout": 0.4, "batch_norm": True},
}
FUNCTIONS = {
    "relu": (lambda z: np.where(z > 0, z, 0.0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
}


@pytest.fixture(autouse=True)
def floating_point_traps():
    with np.errstate(all="raise", under="ignore"):
        yield


def batch(n: int, sizes: tuple[int, ...], dtype: str = "float64"):
    rng = np.random.default_rng(7)
    return rng.standard_normal((n, sizes[0])).astype(dtype), rng.integers(0, sizes[-1], n)


def somewhere(sizes, activation, dtype="float64", **options) -> MLP:
    """A network whose biases, gammas and betas are not at their special first values."""
    model = MLP(sizes, activation, seed=3, dtype=dtype, **options)
    model.theta += np.random.default_rng(5).normal(0, 0.3, model.theta.shape).astype(dtype)
    return model


def masks_of(model: MLP, n: int, seed: int) -> list[np.ndarray]:
    """The dropout masks that a generator of this seed draws, layer by layer."""
    rng = np.random.default_rng(seed)
    share = model.dropout
    hidden = model.layer_sizes[1:-1]
    return [(rng.random((n, size), model.dtype.type) >= share) / (1 - share) if share else 1.0 for size in hidden]


def literal_loss(model: MLP, X, y, masks) -> float:
    """The training loss, as the formulas say it, in float64."""
    f, _ = FUNCTIONS[model_name(model)]
    h = X.astype(np.float64)
    for layer, mask in enumerate(masks):
        z = h @ model.W[layer] + model.b[layer]
        if model.batch_norm:
            z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + BN_EPSILON) * model.gamma[layer] + model.beta[layer]
        h = f(z) * mask
    z = h @ model.W[-1] + model.b[-1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    data = -np.mean([math.log(min(max(p[i, k], 1e-12), 1.0)) for i, k in enumerate(y)])
    return float(data + model.l2 / 2 * sum((W**2).sum() for W in model.W))


def model_name(model: MLP) -> str:
    from nnfd.core.network.activations import ACTIVATIONS as KNOWN

    return next(name for name, activation in KNOWN.items() if activation is model.activation)


def literal_grads(model: MLP, X, y) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
    """Loss and gradients of a plain network, without a line in common with the engine."""
    f, slope = FUNCTIONS[model_name(model)]
    hs, zs = [X], []
    for W, b in zip(model.W, model.b, strict=True):
        zs.append(hs[-1] @ W + b)
        hs.append(f(zs[-1]))
    e = np.exp(zs[-1] - zs[-1].max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    one_hot = np.eye(model.layer_sizes[-1])[y]
    loss = -np.log(np.clip((p * one_hot).sum(axis=1), 1e-12, 1)).mean()
    loss += model.l2 / 2 * sum((W**2).sum() for W in model.W)
    dW, db, dz = [], [], (p - one_hot) / len(y)
    for layer in reversed(range(len(model.W))):
        dW.insert(0, hs[layer].T @ dz + model.l2 * model.W[layer])
        db.insert(0, dz.sum(axis=0))
        if layer:
            dz = dz @ model.W[layer].T * slope(zs[layer - 1])
    return loss, dW, db


class TestGradients:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("option", OPTIONS)
    @pytest.mark.parametrize("depth", SIZES)
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_against_central_differences(self, activation, depth, option, dtype):
        sizes, n = SIZES[depth], 12
        model = somewhere(sizes, activation, dtype, **OPTIONS[option])
        X, y = batch(n, sizes, dtype)
        masks = masks_of(model, n, seed=11)
        loss, grads = model.loss_and_grads(X, y, np.random.default_rng(11))

        twin = MLP(sizes, activation, **OPTIONS[option])  # float64, for differences that resolve anything
        twin.load(model.theta.astype(np.float64))
        assert loss == pytest.approx(literal_loss(twin, X, y, masks), rel=1e-12 if dtype == "float64" else 2e-6)

        step, numeric = 1e-5, np.empty(len(twin.theta))
        for i, value in enumerate(twin.theta.copy()):
            twin.theta[i] = value + step
            above = literal_loss(twin, X, y, masks)
            twin.theta[i] = value - step
            numeric[i] = (above - literal_loss(twin, X, y, masks)) / (2 * step)
            twin.theta[i] = value
        # model.grad is laid out as theta is
        np.testing.assert_allclose(model.grad, numeric, rtol=0, atol=2e-8 if dtype == "float64" else 2e-5)
        assert np.abs(numeric).max() > 0.01
        for name in ("W", "b", "gamma", "beta") if model.batch_norm else ("W", "b"):
            for view, grad in zip(getattr(twin, name), grads[name], strict=True):
                assert grad.shape == view.shape
                assert grad.dtype == dtype

    @pytest.mark.parametrize("l2", [0.0, 1e-4, 0.5])
    @pytest.mark.parametrize(("activation", "depth"), itertools.product(ACTIVATIONS, SIZES))
    def test_equal_to_the_formulas(self, activation, depth, l2):
        sizes = (64, *[32, 24, 16][:depth], 10)
        model = somewhere(sizes, activation, l2=l2)
        X, y = batch(50, sizes)
        loss, grads = model.loss_and_grads(X, y)
        expected_loss, dW, db = literal_grads(model, X, y)
        assert loss == pytest.approx(expected_loss, rel=1e-12)
        for got, expected in zip(grads["W"] + grads["b"], dW + db, strict=True):
            # relative to the array: a single element may be a difference of near-equal numbers
            assert np.linalg.norm(got - expected) <= 1e-12 * np.linalg.norm(expected)

    def test_are_copies(self):
        model = somewhere((4, 5, 3), "relu")
        X, y = batch(6, (4, 3))
        _, first = model.loss_and_grads(X, y)
        kept = [W.copy() for W in first["W"]]
        model.loss_and_grads(2 * X, y)
        np.testing.assert_equal(first["W"], kept)

    def test_at_inference_use_the_running_statistics(self):
        model = somewhere((4, 5, 3), "tanh", batch_norm=True, dropout=0.5)
        X, y = batch(9, (4, 3))
        model.forward(X, True, np.random.default_rng(0))  # moves the statistics
        _, grads = model.loss_and_grads(X, y, training=False)
        step, W = 1e-6, model.W[0]
        numeric = np.empty_like(W)
        for index in np.ndindex(*W.shape):
            value = W[index]
            W[index] = value + step
            above, _ = model.evaluate(X, y)
            W[index] = value - step
            numeric[index] = (above - model.evaluate(X, y)[0]) / (2 * step)
            W[index] = value
        np.testing.assert_allclose(grads["W"][0], numeric, atol=1e-8)


class TestOptions:
    def test_dropout_keeps_the_mean_and_acts_in_training_only(self):
        model = MLP((1, 20_000, 2), "sigmoid", dropout=0.3)
        model.W[0][:] = 0
        _, cache = model.forward(np.ones((1, 1)), True, np.random.default_rng(0))
        h = cache.h[0]
        assert np.mean(h == 0) == pytest.approx(0.3, abs=0.02)
        np.testing.assert_allclose(h[h > 0], 0.5 / 0.7)
        _, cache = model.forward(np.ones((1, 1)))
        np.testing.assert_array_equal(cache.h[0], 0.5)

    def test_batch_norm_normalises_the_batch_and_remembers_it(self):
        model = MLP((4, 6, 3), "tanh", batch_norm=True)
        X, _ = batch(50, (4, 3))
        z = X @ model.W[0] + model.b[0]
        _, cache = model.forward(X, True)
        np.testing.assert_allclose(cache.z_hat[0].mean(axis=0), 0, atol=1e-14)
        np.testing.assert_allclose(cache.z_hat[0].std(axis=0), 1, rtol=1e-3)
        np.testing.assert_allclose(cache.a[0], np.tanh(cache.z_hat[0]), rtol=1e-15)  # gamma is 1, beta 0
        np.testing.assert_allclose(model.stats[:6], (1 - BN_MEMORY) * z.mean(axis=0))
        np.testing.assert_allclose(model.stats[6:], BN_MEMORY + (1 - BN_MEMORY) * z.var(axis=0))

    def test_batch_norm_at_inference_does_not_depend_on_the_other_samples(self):
        model = somewhere((4, 6, 5, 3), "relu", batch_norm=True)
        X, _ = batch(30, (4, 3))
        model.forward(X, True)
        together = model.predict_proba(X)
        alone = np.vstack([model.predict_proba(x[None]) for x in X])
        np.testing.assert_allclose(together, alone, rtol=1e-12)

    def test_batch_norm_of_one_sample_is_finite(self):
        model = somewhere((4, 6, 3), "relu", batch_norm=True)
        X, y = batch(1, (4, 3))
        loss, _ = model.loss_and_grads(X, y)
        assert math.isfinite(loss)
        assert np.isfinite(model.grad).all()

    def test_statistics_are_not_touched_at_inference(self):
        model = somewhere((4, 6, 3), "relu", batch_norm=True)
        before = model.stats.copy()
        model.evaluate(*batch(8, (4, 3)))
        np.testing.assert_array_equal(model.stats, before)


class TestFirstWeights:
    @pytest.mark.parametrize(("activation", "gain"), [("relu", 2), ("tanh", 1), ("sigmoid", 1)])
    @pytest.mark.parametrize("scale", [None, 0.05, 0.0])
    def test_are_drawn_layer_by_layer(self, activation, gain, scale):
        sizes = (64, 128, 32, 10)
        model = MLP(sizes, activation, scale, seed=42)
        rng = np.random.default_rng(42)
        for W, b, n_in, n_out in zip(model.W, model.b, sizes[:-1], sizes[1:], strict=True):
            std = math.sqrt(gain / n_in) if scale is None else scale
            np.testing.assert_array_equal(W, rng.normal(0, std, (n_in, n_out)))
            np.testing.assert_array_equal(b, np.zeros(n_out))

    def test_float32_are_the_same_rounded(self):
        double, single = MLP((8, 5, 3)), MLP((8, 5, 3), dtype="float32")
        np.testing.assert_array_equal(single.theta, double.theta.astype(np.float32))
        assert single.theta.dtype == single.grad.dtype == np.float32

    def test_for_run_takes_every_parameter(self):
        params = NetworkParams(activation="tanh", l2=0.2, dropout=0.1, batch_norm=True, seed=9, dtype="float32")
        model = MLP.for_run(params, (4, 6, 3))
        assert (model.l2, model.dropout, model.batch_norm, model.dtype) == (0.2, 0.1, True, np.float32)
        expected = MLP((4, 6, 3), "tanh", seed=9, batch_norm=True, dtype="float32")
        np.testing.assert_array_equal(model.theta, expected.theta)


def with_logits(logits: list[float], dtype: str) -> MLP:
    """A network that answers the input [[1]] with these logits."""
    model = MLP((1, 1, len(logits)), "relu", dtype=dtype)
    model.W[0][:] = 1
    model.W[1][:] = logits
    return model


@pytest.mark.parametrize("dtype", ["float64", "float32"])
class TestExtremeLogits:
    @pytest.mark.parametrize(
        ("logits", "true", "p", "loss"),
        [
            ([1e4, -1e4, 0], 0, [1, 0, 0], 0.0),
            ([1e4, -1e4, 0], 1, [1, 0, 0], -math.log(P_MIN)),
            ([-1e4, -1e4, -1e4], 2, [1 / 3] * 3, math.log(3)),
            ([1e4, 1e4, 1e4], 1, [1 / 3] * 3, math.log(3)),
            ([1e4, 1e4, -1e4], 0, [0.5, 0.5, 0], math.log(2)),
            ([0, 27, 0], 0, None, math.log(2 + math.exp(27))),  # above the clip: exp(-27) = 1.9e-12
            ([0, 28, 0], 0, None, -math.log(1e-12)),  # below it
        ],
    )
    def test_softmax_and_loss(self, logits, true, p, loss, dtype):
        model = with_logits(logits, dtype)
        X, y = np.ones((1, 1), dtype), np.array([true])
        if p is not None:
            np.testing.assert_allclose(model.predict_proba(X), [p], rtol=1e-6)
        got, _ = model.loss_and_grads(X, y)
        assert got == pytest.approx(loss, rel=1e-12 if dtype == "float64" else 1e-6, abs=0)
        assert model.evaluate(X, y)[0] == got
        # the clip is left out of the gradient, as in the course: the logits' gradient is p - y whatever p is
        np.testing.assert_allclose(model.grad[-3:], model.predict_proba(X)[0] - np.eye(3)[true], rtol=1e-6, atol=1e-12)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_hidden_units_far_out(self, activation, dtype):
        model = MLP((2, 3, 2), activation, dtype=dtype)
        X = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0]], dtype)
        loss, _ = model.loss_and_grads(X, np.array([0, 1, 0]))
        assert math.isfinite(loss)
        assert np.isfinite(model.grad).all()


class TestPredictions:
    @pytest.mark.parametrize(("ours", "theirs"), [("relu", "relu"), ("tanh", "tanh"), ("sigmoid", "logistic")])
    @pytest.mark.parametrize("hidden", [(16,), (16, 8)])
    def test_equal_those_of_scikit_learn_given_its_weights(self, ours, theirs, hidden):
        from sklearn.datasets import load_digits
        from sklearn.neural_network import MLPClassifier

        digits = load_digits()
        X, y = digits.data / 16, digits.target
        other = MLPClassifier(hidden, activation=theirs, solver="adam", random_state=0)
        for _ in range(3):
            other.partial_fit(X, y, classes=range(10))
        model = MLP((64, *hidden, 10), ours)
        for mine, their in zip(model.W + model.b, other.coefs_ + other.intercepts_, strict=True):
            mine[:] = their
        np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), rtol=1e-10, atol=1e-14)
        np.testing.assert_array_equal(model.predict(X), other.predict(X))
        assert model.evaluate(X, y)[1] == other.score(X, y)

    def test_probabilities_are_a_copy_and_sum_to_one(self):
        model = MLP((4, 5, 3))
        X, _ = batch(6, (4, 3))
        first = model.predict_proba(X)
        kept = first.copy()
        model.predict_proba(-X)
        np.testing.assert_array_equal(first, kept)
        np.testing.assert_allclose(first.sum(axis=1), 1)

    def test_take_lists(self):
        assert MLP((2, 3, 2)).predict([[0.1, 0.2], [0.3, -1]]).shape == (2,)

    @pytest.mark.parametrize("small_product", [memory.SMALL_PRODUCT, 1680])  # of 56 rows by the first weights
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_a_set_larger_than_a_block_is_taken_in_blocks(self, dtype, small_product, monkeypatch):
        monkeypatch.setattr(memory, "SMALL_PRODUCT", small_product)
        model = somewhere((4, 6, 3), "tanh", dtype, l2=0.1)
        X, y = batch(2 * BLOCK + 7, (4, 3), dtype)
        logits = np.tanh(X @ model.W[0] + model.b[0]) @ model.W[1] + model.b[1]
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(model.predict_proba(X), p, rtol=1e-12 if dtype == "float64" else 1e-4)
        np.testing.assert_array_equal(model.predict(X), p.argmax(axis=1))
        loss, accuracy = model.evaluate(X, y)
        decay = 0.05 * sum((W**2).sum() for W in model.W)
        expected = -np.log(p[np.arange(len(y)), y]).mean() + decay
        assert loss == pytest.approx(expected, rel=1e-12 if dtype == "float64" else 1e-5)
        assert accuracy == np.mean(p.argmax(axis=1) == y)

    @pytest.mark.parametrize("sizes", [(), (3,), (3, 0, 2)])
    def test_layer_sizes_that_make_no_network(self, sizes):
        with pytest.raises(ParamsError, match="layer_sizes"):
            MLP(sizes)

    def test_an_unknown_activation(self):
        with pytest.raises(ParamsError, match="activation: 'swish' is not allowed: one of relu, tanh, sigmoid"):
            MLP((2, 3, 2), "swish")

    def test_training_with_dropout_needs_a_generator(self):
        with pytest.raises(ValueError, match="random generator"):
            MLP((2, 3, 2), dropout=0.5).forward(np.zeros((1, 2)), True)

    def test_a_sigmoid_far_out_keeps_its_relative_precision(self):
        model = MLP((1, 1, 2), "sigmoid")
        model.W[0][:] = 1
        z = np.array([[-700.0], [-40.0], [0.0], [40.0], [700.0]])
        _, cache = model.forward(z)
        np.testing.assert_allclose(cache.a[0], 1 / (1 + np.exp(-z)), rtol=1e-15)

    def test_many_batch_sizes_do_not_pile_up_work_arrays(self):
        model = MLP((2, 3, 2))
        arrays = {n: weakref.ref(model.forward(np.zeros((n, 2)))[1]) for n in range(1, 100)}
        kept = [n for n, arrays_for in arrays.items() if arrays_for() is not None]
        assert kept == [*range(100 - BATCH_SIZES_KEPT, 100)]


class TestWeights:
    @pytest.mark.parametrize("batch_norm", [False, True])
    def test_are_views_that_fill_theta_exactly(self, batch_norm):
        model = MLP((4, 5, 6, 3), batch_norm=batch_norm)
        views = [*model.W, *model.b, *model.gamma, *model.beta]
        assert all(np.shares_memory(view, model.theta) for view in views)
        model.theta[:] = 0
        for view in views:
            view += 1
        np.testing.assert_array_equal(model.theta, 1)  # no gap, no overlap
        assert [W.shape for W in model.W] == [(4, 5), (5, 6), (6, 3)]
        assert [b.shape for b in model.b] == [(5,), (6,), (3,)]
        assert [g.shape for g in model.gamma] == ([(5,), (6,)] if batch_norm else [])

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_begin_with_a_line_of_the_cache(self, dtype):
        arrays = [aligned((size, 3), dtype) for size in range(1, 40)]
        assert {array.ctypes.data % ALIGNMENT for array in arrays} == {0}
        assert {(array.dtype, array.shape[1], bool(array.any())) for array in arrays} == {(np.dtype(dtype), 3, False)}

    def test_load_copies(self):
        model, other = MLP((4, 5, 3), seed=1), MLP((4, 5, 3), seed=2)
        model.load(other.theta)
        np.testing.assert_array_equal(model.theta, other.theta)
        model.theta += 1
        assert not np.array_equal(model.theta, other.theta)

    @pytest.mark.parametrize("size", [1, 42, 44])  # 4*5 + 5 + 5*3 + 3 = 43
    def test_load_refuses_another_shape(self, size):
        model = MLP((4, 5, 3))
        before = model.theta.copy()
        with pytest.raises(ValueError, match=rf"theta: shape \({size},\) is not allowed.*\(43,\)"):
            model.load(np.zeros(size))
        np.testing.assert_array_equal(model.theta, before)

    @pytest.mark.parametrize("options", [{}, {"l2": 0.1, "dropout": 0.4, "batch_norm": True}])
    def test_a_column_of_ones_takes_the_bias_into_the_product(self, options):
        sizes, (X, y) = (4, 5, 6, 3), batch(12, (4, 3))
        plain, with_column = somewhere(sizes, "tanh", **options), somewhere(sizes, "tanh", **options)
        for model, inputs in ((plain, X), (with_column, with_ones(X))):
            model.loss_and_grads(inputs, y, np.random.default_rng(1))
        np.testing.assert_allclose(with_column.grad, plain.grad, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(with_column.evaluate(with_ones(X), y), plain.evaluate(X, y), rtol=1e-14)

    def test_a_large_set_is_not_copied_for_a_column_of_ones(self):
        X = np.zeros((1, ONES_BYTES // 8 + 1))
        assert with_ones(X) is X

    def test_weight_decay_can_be_changed(self):
        model, (X, y) = somewhere((4, 5, 3), "relu", l2=0.1, batch_norm=True), batch(7, (4, 3))
        model.l2 = 0.3
        model.loss_and_grads(X, y)
        fresh = somewhere((4, 5, 3), "relu", l2=0.3, batch_norm=True)
        fresh.loss_and_grads(X, y)
        np.testing.assert_array_equal(model.grad, fresh.grad)

    def test_load_refuses_statistics_of_another_shape(self):
        model = MLP((4, 5, 3), batch_norm=True)
        before = model.theta.copy()
        with pytest.raises(ValueError, match=r"stats: shape \(1,\) is not allowed.*\(10,\)"):
            model.load(np.zeros_like(model.theta), np.zeros(1))
        np.testing.assert_array_equal(model.theta, before)

    @pytest.mark.parametrize("batch_norm", [False, True])
    def test_no_hidden_layer_is_logistic_regression(self, batch_norm):
        model = MLP((4, 3), batch_norm=batch_norm)
        X, y = batch(7, (4, 3))
        logits, _ = model.forward(X)
        np.testing.assert_allclose(logits, X @ model.W[0], rtol=1e-12)
        assert math.isfinite(model.loss_and_grads(X, y)[0])
