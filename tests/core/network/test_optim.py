"""Optimisers against their textbook formulas, and the values of the learning rate schedules."""

import math

import numpy as np
import pytest

from nnfd.core.network.optim import lr_at, make_optimizer
from nnfd.core.params import NetworkParams

SIZE, STEPS = 13, 20


def literal_sgd(theta, grads, lrs, mu):
    v = np.zeros_like(theta)
    for g, lr in zip(grads, lrs, strict=True):
        v = mu * v - lr * g
        theta = theta + v
    return theta


def literal_nesterov(theta, grads, lrs, mu):
    v = np.zeros_like(theta)
    for g, lr in zip(grads, lrs, strict=True):
        v = mu * v - lr * g
        theta = theta + mu * v - lr * g
    return theta


def literal_adam(theta, grads, lrs, beta1):
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t, (g, lr) in enumerate(zip(grads, lrs, strict=True), 1):
        m = beta1 * m + (1 - beta1) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        theta = theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta


RULES = {
    "sgd": (NetworkParams(momentum=0.9), literal_sgd),
    "plain sgd": (NetworkParams(momentum=0.0), literal_sgd),
    "nesterov": (NetworkParams(momentum=0.8, nesterov=True), literal_nesterov),
    "adam": (NetworkParams(optimizer="adam", momentum=0.9), literal_adam),
}


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    return rng.standard_normal(SIZE), rng.standard_normal((STEPS, SIZE)), 0.1 * 0.9 ** np.arange(STEPS)


def run(optimizer, theta, grads, lrs, params):
    for grad, lr in zip(grads, lrs, strict=True):
        optimizer.update(theta, grad.copy(), lr, params)


@pytest.mark.parametrize("rule", RULES)
class TestUpdates:
    def test_equal_the_textbook(self, rule, problem):
        params, literal = RULES[rule]
        theta, grads, lrs = problem
        mine = theta.copy()
        run(make_optimizer(params.optimizer, mine), mine, grads, lrs, params)
        np.testing.assert_allclose(mine, literal(theta, grads, lrs, params.momentum), rtol=1e-12, atol=1e-14)

    def test_go_on_from_their_slots_bit_for_bit(self, rule, problem):
        params, _ = RULES[rule]
        theta, grads, lrs = problem
        whole, halves = theta.copy(), theta.copy()
        run(make_optimizer(params.optimizer, whole), whole, grads, lrs, params)
        first = make_optimizer(params.optimizer, halves)
        run(first, halves, grads[:9], lrs[:9], params)
        kept = [slot.copy() for slot in first.slots]
        run(make_optimizer(params.optimizer, halves, first.slots), halves, grads[9:], lrs[9:], params)
        np.testing.assert_array_equal(halves, whole)
        np.testing.assert_equal(list(first.slots), kept)  # the second worked on copies

    def test_stay_in_float32(self, rule, problem):
        params, literal = RULES[rule]
        theta, grads, lrs = problem
        mine = theta.astype(np.float32)
        optimizer = make_optimizer(params.optimizer, mine)
        run(optimizer, mine, grads.astype(np.float32), lrs, params)
        assert mine.dtype == np.float32
        assert all(slot.dtype == np.float32 for slot in optimizer.slots if slot.shape == mine.shape)
        np.testing.assert_allclose(mine, literal(theta, grads, lrs, params.momentum), rtol=1e-4, atol=1e-5)

    def test_take_an_edited_momentum(self, rule, problem):
        params, _ = RULES[rule]
        theta, grads, lrs = problem
        other = params.edited({"momentum": 0.5})
        one, two = theta.copy(), theta.copy()
        for mine, later in ((one, params), (two, other)):
            optimizer = make_optimizer(params.optimizer, mine)
            run(optimizer, mine, grads[:5], lrs[:5], params)
            run(optimizer, mine, grads[5:6], lrs[5:6], later)
        assert not np.array_equal(one, two)


def test_adam_moves_by_the_learning_rate_at_first():
    # with bias correction the first step is lr * sign(g), whatever the gradient's size
    params, theta = NetworkParams(optimizer="adam"), np.zeros(3)
    make_optimizer("adam", theta).update(theta, np.array([1e-3, -5.0, 1e4]), 0.01, params)
    np.testing.assert_allclose(theta, [-0.01, 0.01, -0.01], rtol=1e-4)


def rates(**values) -> list[float]:
    params = NetworkParams(lr=0.1, **values)
    return [lr_at(params, epoch) for epoch in range(1, params.epochs + 1)]


class TestSchedules:
    def test_constant(self):
        assert rates(schedule="constant", epochs=5) == [0.1] * 5

    def test_exponential_is_the_course_decay(self):
        lr, expected = 0.1, []
        for _ in range(60):
            expected.append(lr)
            lr *= 0.995
        assert rates(schedule="exponential", lr_decay=0.995, epochs=60) == pytest.approx(expected, rel=1e-13)

    def test_step(self):
        got = rates(schedule="step", lr_decay=0.5, step_epochs=3, epochs=8)
        assert got == pytest.approx([0.1] * 3 + [0.05] * 3 + [0.025] * 2)

    def test_cosine(self):
        got = rates(schedule="cosine", epochs=4)
        assert got == pytest.approx([0.05 * (1 + math.cos(math.pi * t)) for t in (0, 0.25, 0.5, 0.75)])

    def test_cosine_with_warmup(self):
        got = rates(schedule="cosine", warmup=4, epochs=14)
        assert got[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
        assert got[4] == pytest.approx(0.1)
        assert got[9] == pytest.approx(0.05)  # half-way
        assert got[13] == pytest.approx(0.05 * (1 + math.cos(math.pi * 0.9)))
        assert (np.diff(got[4:]) < 0).all()
        assert got[-1] > 0  # the last epoch learns something too

    @pytest.mark.parametrize("warmup", [5, 6, 100])
    def test_a_run_that_is_all_warmup(self, warmup):
        assert rates(schedule="cosine", warmup=warmup, epochs=5) == pytest.approx(
            [0.1 * epoch / warmup for epoch in range(1, 6)]
        )

    def test_cosine_beyond_its_end_is_zero(self):
        assert lr_at(NetworkParams(schedule="cosine", epochs=5), 9) == 0

    def test_decay_underflows_quietly(self):
        params = NetworkParams(schedule="exponential", lr_decay=0.1, epochs=10_000)
        assert lr_at(params, 10_000) == 0
