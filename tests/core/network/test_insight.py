"""Health by plain formulas; each diagnosis on a run made to show it, and silent on the others."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from nnfd.core.engine.control import run_to_end
from nnfd.core.engine.events import Ended, EpochDone
from nnfd.core.network.data import load
from nnfd.core.network.evaluate import evaluate
from nnfd.core.network.insight.diagnosis import diagnose, findings, whether_it_helped
from nnfd.core.network.insight.facts import Facts, LearningCurve, Remedy, never_predicted
from nnfd.core.network.insight.health import BINS, SAMPLES, HealthCheck
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams, presets
from nnfd.core.runs.metrics import EPOCH_COLUMNS


def played(params):
    """Train, and return what is known of the run at its end."""
    data, rows, end = load(params), [], None
    for event in train(params, data):
        if isinstance(event, EpochDone):
            rows.append([getattr(event, name) for name in EPOCH_COLUMNS])
        elif isinstance(event, Ended):
            end = event
    state = end.state
    health = HealthCheck(params, state.layer_sizes, data).look(state.epoch, state.theta, state.stats)
    result = run_to_end(train(params, data, state))
    test = evaluate(result.model(), data.X_test, data.y_test, data.class_names)
    return Facts(
        params=params,
        curve=LearningCurve.of(np.array(rows).reshape(-1, len(EPOCH_COLUMNS))),
        classes=len(data.class_names),
        outcome=end.outcome,
        message=end.message,
        health=health,
        never=never_predicted(data.class_names, test.confusion),
    )


# -- diagnoses of runs

IRIS = {"dataset": "iris", "hidden": (8,), "patience": 0}
MADE = {
    "still-learning": IRIS,
    "converged": {**IRIS, "epochs": 400, "lr": 0.02},
    "plateau": {**IRIS, "epochs": 150, "lr": 0.05, "l2": 0.03, "schedule": "constant"},
    "overfitting": {"dataset": "noise", "hidden": (64,), "lr": 0.05, "l2": 0.0, "patience": 0, "epochs": 30},
    "underfitting": {**IRIS, "epochs": 80, "l2": 0.4},
    "lr-too-high": {**IRIS, "lr": 30.0},
    "lr-too-low": {**IRIS, "lr": 1e-5, "schedule": "constant"},
    "dead-units": {**IRIS, "hidden": (32, 32, 32), "lr": 1.0, "optimizer": "adam", "epochs": 4},
    "saturated-units": {**IRIS, "activation": "tanh", "weight_scale": 5.0, "epochs": 4},
    "vanishing-gradients": {**IRIS, "activation": "sigmoid", "hidden": (16,) * 6, "lr": 1e-4, "epochs": 4},
    "exploding-gradients": {
        **IRIS,
        "activation": "tanh",
        "hidden": (32,) * 24,
        "weight_scale": 0.5,
        "lr": 1e-6,
        "epochs": 4,
    },
    "missed-class": {"dataset": "rare", "hidden": (16,), "patience": 0, "epochs": 30, "l2": 0.01},
    "nothing-more-to-learn": {
        "dataset": "easy",
        "hidden": (8,),
        "patience": 0,
        "lr": 0.3,
        "lr_decay": 0.5,
        "epochs": 60,
    },
    "stopped-early": {**IRIS, "dataset": "breast_cancer", "lr": 0.02, "patience": 4},
}


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Labels that have nothing to do with the samples; a rare class that looks like the other; two far apart."""
    folder, rng = tmp_path_factory.mktemp("sets"), np.random.default_rng(1)
    X = rng.normal(size=(700, 12))
    np.savez(folder / "noise.npz", X=X[:300], y=rng.integers(0, 2, 300))
    np.savez(folder / "rare.npz", X=X, y=np.arange(700) % 20 == 0)
    np.savez(folder / "easy.npz", X=X[:200] + 6 * (np.arange(200) % 2)[:, None], y=np.arange(200) % 2)
    return folder


@pytest.mark.parametrize("code", MADE)
def test_each_diagnosis_fires_on_the_run_made_to_show_it_and_stays_silent_on_the_others(code, sets):
    made = MADE[code]
    name = made["dataset"]
    path = sets / f"{name}.npz"
    facts = played(NetworkParams(**{**made, "dataset": str(path) if path.exists() else name}))
    assert [found.code for found in findings(facts)] == [code]
    (found,) = findings(facts)
    assert diagnose(facts) == found
    assert found.sentence.endswith(".")
    assert "\n" not in found.sentence
    assert any(letter.isdigit() for letter in found.sentence)
    changed = facts.params.edited(found.remedy.changes)  # it is allowed
    assert found.remedy.changes.keys() == facts.params.changed(changed).keys()
    assert found.remedy.text(facts.params).endswith(
        "from the start" if found.remedy.epoch is None else f"from epoch {found.remedy.epoch}"
    )
    if found.remedy.epoch is not None:
        facts.params.check_live_edit(changed)


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ("relu-128", ("Still learning", "every training sample is right already")),
        ("wide-256", ("Still learning", "every training sample is right already")),
        ("two-128-64", ("Still learning", "every training sample is right already")),
        ("tanh-128", ("Still learning",)),
        ("adam-cosine", ("no more to learn", "the training accuracy is 1 since")),
    ],
)
def test_what_is_said_of_the_courses_runs_is_true(preset, words):
    facts = played(presets.load(preset).params)
    (found,) = findings(facts)
    for word in words:
        assert word in found.sentence
    curve = facts.curve
    if found.code == "still-learning":
        assert f"fell by {1 - curve.val_loss[59] / curve.val_loss[49]:.1%} over the last 10" in found.sentence
        assert curve.val_loss[50:].min() < curve.val_loss[:50].min()
        assert ("every training" in found.sentence) == (curve.train_acc[59] == 1)
        assert found.remedy == Remedy({"epochs": 90}, 60)
    else:
        first = int(found.sentence.partition("since epoch ")[2].partition(",")[0])
        assert (curve.train_acc[first - 1 :] == 1).all()
        assert curve.train_acc[first - 2] < 1
        assert f"since epoch {int(curve.val_loss.argmin()) + 1}." in found.sentence


# -- rules over made-up curves


def curve(train, val=None, acc=0.95, lr=0.1):
    n = len(train)
    val = train if val is None else val
    columns = [np.arange(1, n + 1), train, val, *(np.full(n, value) for value in (acc, acc, lr))]
    return LearningCurve(*(np.asarray(column, float) for column in columns))


def said(made, **changes):
    found = diagnose(Facts(NetworkParams(lr=0.1).edited(changes), made, 10))
    return found and found.sentence


def test_what_gets_better_by_next_to_nothing_is_not_called_the_best_for_long():
    falling = np.linspace(0.15, 0.1498, 30)
    assert said(curve(np.linspace(0.02, 0.019, 30), falling, acc=1.0)) == (
        "There is no more to learn from these samples: the training accuracy is 1 since epoch 1, and the validation "
        "loss fell by only 0.046% over the last 10 epochs, to 0.15."
    )
    assert "was not better than 0.15 since epoch 1." in said(
        curve(np.linspace(0.02, 0.019, 30), falling[::-1] * 0 + 0.15, acc=1.0)
    )


def test_a_blow_up_that_came_back_a_rise_and_a_swing_blame_the_learning_rate():
    fall = list(np.geomspace(2, 0.5, 12))
    back = said(curve([*fall, 40, 300, 30, 4, 2]))
    assert back == (
        "The learning rate of 0.1 is too high: the training loss rose to 300 at epoch 14 and came back to 2."
    )
    assert "rose from 0.5 at epoch 12 to 1.2" in said(curve([*fall, 0.8, 0.9, 1, 1.1, 1.2]))
    assert "turned round 5 times in 10 epochs, between 0.5 and 0.7" in said(
        curve([*fall[:-3], 0.5, 0.5, 0.5, 0.5, 0.7, 0.5, 0.7, 0.5, 0.7, 0.5])
    )
    remedy = diagnose(Facts(NetworkParams(lr=0.1), curve([*fall, 40, 300, 30, 4, 2]), 10)).remedy
    assert remedy == Remedy({"lr": 0.01}, 12)


def test_guessing_is_a_plateau_and_not_underfitting():
    sentence = said(curve([2.31] * 30, acc=0.1))
    assert sentence == (
        "Plateau: the training loss stands at 2.31 since epoch 21, where guessing among 10 classes has 2.3."
    )


def test_nothing_is_said_of_what_is_not_known():
    assert said(curve([])) is None
    assert said(curve([2.0, 1.5, 1.2, 1.0])) is None
    assert said(curve(np.linspace(0.5, 0.4, 30), np.tile([0.50, 0.52], 15))) is None  # neither falls nor rises


def test_only_epochs_since_the_last_edit_count():
    rows = np.array([[n, 300.0 if n < 10 else 1 / n, 300.0 if n < 10 else 1 / n, 0.9, 0.9, 0.1] for n in range(1, 31)])
    assert diagnose(Facts(NetworkParams(), LearningCurve.of(rows, 12), 10)).code == "still-learning"
    assert len(LearningCurve.of(rows, 30)) == 0


def test_whether_a_remedy_helped_compares_what_can_be_compared():
    def best(loss, acc):
        return EpochDone(5, 0.1, loss, 1.0, acc, 0.1, is_best=True)

    helped, words = whether_it_helped(Remedy({"lr": 0.01}, 5), best(0.3, 0.9), best(0.2, 0.95))
    assert helped
    assert words == "best validation loss 0.3 → 0.2, accuracy 0.9 → 0.95"
    assert not whether_it_helped(Remedy({"lr": 0.01}, 5), best(0.3, 0.9), best(0.3, 0.99))[0]
    helped, words = whether_it_helped(Remedy({"l2": 0.1}, None), best(0.3, 0.9), best(0.9, 0.91))
    assert helped
    assert "cannot be compared" in words


# -- health


def plain(params, data, state, before):
    """The figures of health by plain formulas, layer by layer."""
    X, y = data.X_train[:SAMPLES], data.y_train[:SAMPLES]
    sizes, at, W, b, gamma, beta = state.layer_sizes, 0, [], [], [], []
    layers, theta = len(sizes) - 1, state.theta
    for i in range(layers):
        W.append(theta[at : at + sizes[i] * sizes[i + 1]].reshape(sizes[i], sizes[i + 1]))
        at += W[-1].size
        b.append(theta[at : at + sizes[i + 1]])
        at += sizes[i + 1]
        if params.batch_norm and i < layers - 1:
            gamma.append(theta[at : at + sizes[i + 1]])
            beta.append(theta[at + sizes[i + 1] : at + 2 * sizes[i + 1]])
            at += 2 * sizes[i + 1]
    mean, var = np.split(state.stats, 2)
    f, slope = {
        "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(float)),
        "tanh": (np.tanh, lambda a: 1 - a**2),
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    }[params.activation]
    a, scales, cut = [X], [], 0
    for i in range(layers - 1):
        z = a[-1] @ W[i] + b[i]
        scale = np.ones(sizes[i + 1])
        if params.batch_norm:
            part = slice(cut, cut := cut + sizes[i + 1])
            scale = gamma[i] / np.sqrt(var[part] + 1e-5)
            z = (z - mean[part]) * scale + beta[i]
        scales.append(scale)
        a.append(f(z))
    z = a[-1] @ W[-1] + b[-1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    d = (p - np.eye(sizes[-1])[y]) / len(y)
    gradients = []
    for i in range(layers - 1, -1, -1):
        gradients.insert(0, a[i].T @ d)
        if i:
            d = (d @ W[i].T) * slope(a[i]) * scales[i - 1]
    at, updates = 0, []
    for i in range(layers):
        old = before[at : at + W[i].size].reshape(W[i].shape)
        updates.append(math.sqrt(((W[i] - old) ** 2).sum()) / math.sqrt((old**2).sum()) / 2)
        at += W[i].size + sizes[i + 1] + (2 * sizes[i + 1] if params.batch_norm and i < layers - 1 else 0)
    idle = [
        np.mean([not (layer[:, unit] > 0).any() for unit in range(layer.shape[1])])
        if params.activation == "relu"
        else np.mean(slope(layer) < 0.05 * {"tanh": 1, "sigmoid": 0.25}[params.activation])
        for layer in a[1:]
    ]
    return W, gradients, updates, [*idle, None], [*a[1:], p]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden": (12, 7), "lr": 0.5},
        {"activation": "tanh", "lr": 0.5, "dropout": 0.3},
        {"activation": "sigmoid", "hidden": (9, 6, 5), "batch_norm": True, "optimizer": "adam", "lr": 0.05},
    ],
)
def test_health_equals_plain_formulas(changes):
    params = NetworkParams(**{**IRIS, "epochs": 9, "l2": 0.01, **changes})
    data = load(params)
    states = {event.epoch: event.state for event in train(params, data) if isinstance(event, EpochDone)}
    state, before = states[9], states[7]
    W, gradients, updates, idle, activations = plain(params, data, state, before.theta)
    check = HealthCheck(params, state.layer_sizes, data)
    first = check.look(1, states[1].theta, states[1].stats)
    health = check.look(9, state.theta, state.stats, (7, before.theta))
    assert [layer.update for layer in first.layers] == [None] * len(W)
    assert (health.epoch, health.samples) == (9, len(data.X_train))
    assert health.idle_word == ("dead" if params.activation == "relu" else "saturated")
    for i, layer in enumerate(health.layers):
        assert layer.name == (f"layer {i + 1}" if i < len(W) - 1 else "output")
        assert layer.shape == W[i].shape
        assert layer.gradient == pytest.approx(math.sqrt((gradients[i] ** 2).sum()), rel=1e-12)
        assert layer.rms == pytest.approx(math.sqrt((gradients[i] ** 2).mean()), rel=1e-12)
        assert layer.weight == pytest.approx(math.sqrt((W[i] ** 2).sum()), rel=1e-12)
        assert layer.update == pytest.approx(updates[i], rel=1e-12)
        assert layer.idle == idle[i] or layer.idle == pytest.approx(idle[i], abs=1e-12)
        for histogram, values in (
            (layer.weights, W[i]),
            (layer.gradients, gradients[i]),
            (layer.activations, activations[i]),
        ):
            assert histogram.counts.sum() == values.size
            assert len(histogram.counts) == BINS
            if np.ptp(values):
                assert histogram.low == pytest.approx(values.min(), rel=1e-12, abs=1e-15)
                assert histogram.high == pytest.approx(values.max(), rel=1e-12, abs=1e-15)


def test_health_of_a_network_that_blew_up_has_no_warnings_and_finite_counts():
    params = NetworkParams(**{**IRIS, "lr": 3.0, "epochs": 9})
    data = load(params)
    state = run_to_end(train(params, data)).state
    huge = dataclasses.replace(state, theta=state.theta * 1e5)
    with np.errstate(all="raise"):
        health = HealthCheck(params, state.layer_sizes, data).look(9, huge.theta, huge.stats)
    assert all(layer.weights.counts.sum() == math.prod(layer.shape) for layer in health.layers)


def test_classes_that_are_never_predicted():
    confusion = np.array([[3, 0, 1], [2, 0, 0], [0, 0, 0]])
    assert never_predicted(("a", "b", "c"), confusion) == {"b": 2}
