"""The compiled engine beside the reference: what its loops compute, when it is taken, what happens where it is not.

The loops are read as plain Python here, which needs no compiler; compiled they are in the slow tests at the end.
"""

import contextlib
import dataclasses
import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from nnfd.core.engine.events import Notice
from nnfd.core.engine.state import META, pack_meta, unpack_meta
from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.network.branch import Branch, branch_state, edited
from nnfd.core.network.engines import choose
from nnfd.core.network.engines import engine as engine_module
from nnfd.core.network.engines.choose import AUTO_WORK, ChosenEngine, chosen_engine
from nnfd.core.network.engines.engine import batches_of
from nnfd.core.network.engines.numpy_engine import NumpyEngine
from nnfd.core.network.mlp import MLP
from nnfd.core.network.optim import make_optimizer
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import model_at
from nnfd.core.params import NetworkParams
from tests.core.network.test_train import (
    CONFIGS,
    SMALL,
    assert_same_epochs,
    assert_same_state,
    data_of,
    epochs_of,
    run,
    through_disk,
)

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra 'fast'")
ENGINES = "nnfd.core.network.engines"
DEEP = {"hidden": (7, 5), "dropout": 0.3, "batch_norm": True}
OPTIONS = CONFIGS | {
    "relu, batch_norm, dropout": DEEP,
    "tanh, no batch_norm, dropout": DEEP | {"activation": "tanh", "batch_norm": False},
    "running metrics": {"train_metrics": "running", "dropout": 0.2, "l2": 0.01},
    "sample": {"train_metrics": "sample"},
    "wider than what is turned": {"hidden": (6, 20)},
    "one sample is left, which joins the last batch": {"dataset": "wine", "batch_size": 41, "batch_norm": True},
    "sigmoid, all": DEEP | {"activation": "sigmoid", "optimizer": "adam", "lr": 0.001},
}


@pytest.fixture
def plain_loops(monkeypatch):
    """The compiled engine with its loops left as Python."""
    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=lambda **_: lambda function: function))
    told = SimpleNamespace(Listener=object, install_listener=lambda *_: contextlib.nullcontext())
    monkeypatch.setitem(sys.modules, "numba.core.event", told)
    package = importlib.import_module(ENGINES)
    for name in ("formulas", "loops", "numba_engine"):
        # known before and undone after, whether it was imported or not
        monkeypatch.setitem(sys.modules, f"{ENGINES}.{name}", None)
        monkeypatch.setattr(package, name, None, raising=False)
        del sys.modules[f"{ENGINES}.{name}"]
        delattr(package, name)
    return importlib.import_module(f"{ENGINES}.numba_engine").NumbaEngine


def trained(engine_class, params: NetworkParams, epochs: int):
    """Train without what is around it; return parameters, variances, the stream and the last figures."""
    data = data_of(params.dataset, params.dtype)
    n = len(data.X_train)
    model = MLP.for_run(params, (data.X_train.shape[1], *params.hidden, len(data.class_names)))
    engine = engine_class(model, make_optimizer(params.optimizer, model.theta), data, params)
    rng = np.random.default_rng(1)
    batches = batches_of(n, params)
    for _ in range(epochs):
        engine.train(rng.permutation(n), batches, params.lr, params, rng)
    # the bias before a normalisation has no effect: its gradient is what rounding leaves of 0, which Adam scales up
    biases = model.b[-1:] if model.batch_norm else model.b
    parts = [each.ravel() for each in (*model.W, *model.gamma, *model.beta, *biases)]
    variances = model.stats[len(model.stats) // 2 :]
    return np.concatenate(parts), variances, rng.bit_generator.state, engine.evaluate()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_loops_do_what_numpy_does(plain_loops, options):
    params = NetworkParams(**SMALL | options)
    tolerance = {"rtol": 1e-10, "atol": 1e-12} if params.dtype == "float64" else {"rtol": 1e-3, "atol": 1e-5}
    ours, theirs = trained(plain_loops, params, 3), trained(NumpyEngine, params, 3)
    np.testing.assert_allclose(ours[0], theirs[0], **tolerance)
    np.testing.assert_allclose(ours[1], theirs[1], **tolerance)
    assert ours[2] == theirs[2]  # batch orders and masks have taken the same numbers
    # a running mean takes that noise in, so that in single precision the figures differ a little
    np.testing.assert_allclose(ours[3], theirs[3], **tolerance if params.dtype == "float64" else {"rtol": 0.02})


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 4e-16), (np.float32, 2e-7)])
def test_the_written_out_functions_have_all_their_digits(plain_loops, name, dtype, digits):
    module = sys.modules[f"{ENGINES}.numba_engine"]
    formulas, model = module.formulas, MLP((1, 1, 2), name, dtype=np.dtype(dtype).name)
    z = np.array([0, 1e-30, -1e-9, 1e-3, -0.3, 0.5, -1, 2, -5, 17, -80, 800, -800, np.nan], dtype)
    want = z.copy()
    model.activation.apply(want, np.zeros_like(z))
    params = NetworkParams(**SMALL)
    engine = plain_loops(model, make_optimizer("sgd", model.theta), data_of(params.dataset), params)
    got = z.reshape(1, -1).copy()
    code = formulas.TANH if name == "tanh" else formulas.SIGMOID
    formulas.activate(got, code, engine.scratch, module.numbers(model.dtype))
    np.testing.assert_allclose(got[0], want, rtol=digits, atol=1e-37 if dtype is np.float32 else 1e-300)


@pytest.mark.parametrize("how", ["full", "sample", "running"])
def test_what_the_training_figures_are_of(monkeypatch, how):
    monkeypatch.setattr(engine_module, "SAMPLE", 10)
    params = NetworkParams(**SMALL | {"epochs": 1, "l2": 0.01}, train_metrics=how)
    data, (events, result) = data_of("iris"), run(params)
    (done,) = epochs_of(events)
    model = model_at(params, result.state.layer_sizes, result.state.theta)
    if how == "running":  # of each batch before its update, the L2 term of the end
        model.load(MLP.for_run(params, result.state.layer_sizes).theta)
        optimizer, rng = make_optimizer("sgd", model.theta), np.random.default_rng([params.seed, 1])
        order, losses, right = rng.permutation(len(data.X_train)), [], 0
        for start in range(0, len(order), params.batch_size):
            X, y = (each[order[start : start + params.batch_size]] for each in (data.X_train, data.y_train))
            p = model.predict_proba(X)
            losses += [-np.log(p[i, k]) for i, k in enumerate(y)]
            right += int((p.argmax(axis=1) == y).sum())
            model.loss_and_grads(X, y)
            optimizer.update(model.theta, model.grad, params.lr, params)
        want = np.mean(losses) + model.decay_loss(), right / len(order)
    else:
        rows = np.arange(len(data.X_train))
        if how == "sample":
            rows = np.random.default_rng([params.seed, 2]).choice(len(rows), 10, replace=False)
        want = model.evaluate(data.X_train[rows], data.y_train[rows])
    assert (done.train_loss, done.train_acc) == pytest.approx(want, rel=1e-12)
    assert (done.val_loss, done.val_acc) == pytest.approx(model.evaluate(data.X_val, data.y_val), rel=1e-12)
    assert params.train_label == {"full": "train"}.get(how, f"train ({how})")


def test_auto_takes_numba_for_long_runs_only(monkeypatch):
    monkeypatch.setattr(choose, "AUTO_WORK", AUTO_WORK)
    monkeypatch.setattr(choose, "find_spec", lambda name: object())
    sizes, samples = (64, 128, 10), 1257
    long = NetworkParams(epochs=int(AUTO_WORK / (samples * 9610)) + 1)
    assert chosen_engine(NetworkParams(), sizes, samples, None) == ChosenEngine("numpy")
    assert chosen_engine(long, sizes, samples, None) == ChosenEngine("numba")
    assert chosen_engine(long, sizes, samples, "numpy") == ChosenEngine("numpy")  # as it was begun
    assert chosen_engine(NetworkParams(), sizes, samples, "numba") == ChosenEngine("numba")
    assert chosen_engine(NetworkParams(engine="numba"), sizes, samples, None) == ChosenEngine("numba")
    assert chosen_engine(long.model_copy(update={"engine": "numpy"}), sizes, samples, None) == ChosenEngine("numpy")


@pytest.mark.parametrize("params", [NetworkParams(**SMALL, engine="numba"), NetworkParams(**SMALL)])
def test_without_numba_numpy_goes_on_and_says_so(monkeypatch, params):
    monkeypatch.setattr(choose, "find_spec", lambda name: None)
    _, before = run(NetworkParams(**SMALL | {"epochs": 2}))
    state = None if params.engine == "numba" else dataclasses.replace(before.state, engine="numba", params=params)
    events, result = run(params, state)
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert notice.message.startswith("engine: numba is not installed (it comes with nnfd-tui[fast]); NumPy trains")
    assert result.state.engine == "numpy"
    _, other = run(NetworkParams(**SMALL))
    np.testing.assert_array_equal(result.state.theta, other.state.theta)


def test_numba_that_cannot_be_loaded_is_told_and_numpy_trains(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, f"{ENGINES}.numba_engine", None)
    monkeypatch.setitem(sys.modules, f"{ENGINES}.loops", None)
    events, result = run(NetworkParams(**SMALL, engine="numba"))
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert notice.message.startswith("engine: numba cannot be used here (ModuleNotFoundError: ")
    assert notice.message.endswith("); NumPy trains this run")
    assert (result.state.engine, result.state.epoch) == ("numpy", SMALL["epochs"])


def test_a_run_that_fell_back_to_numpy_goes_on_with_it_and_says_so(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda name: None)
    asked = NetworkParams(**SMALL, engine="numba")
    fallen = epochs_of(run(asked)[0])[0].state
    monkeypatch.setattr(choose, "find_spec", lambda name: object())  # it is installed meanwhile
    events, result = run(asked, through_disk(fallen))
    notices = [event.message for event in events if isinstance(event, Notice)]
    assert notices == ["engine: numba could not be used when this run began; NumPy goes on with it, bit for bit"]
    np.testing.assert_array_equal(result.state.theta, run(NetworkParams(**SMALL))[1].state.theta)


def test_a_branch_is_trained_by_the_engine_that_its_edit_names_else_by_its_parents(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda name: object())
    params = NetworkParams(**SMALL)
    ours = epochs_of(run(params)[0])[0]
    compiled = dataclasses.replace(ours.state, engine="numba")
    asked, plain = params.edited({"engine": "numba"}), params.edited({"engine": "numpy"})

    def trains(state, params):
        """By both kinds of branch: whose past is known, and from the weights alone."""
        alone = branch_state(state, params, state.epoch, state.frame(), ours.val_loss)
        known = edited(Branch(state, None), params).state
        return [chosen_engine(params, state.layer_sizes, 100, each.engine) for each in (alone, known)]

    assert trains(ours.state, asked) == [ChosenEngine("numba")] * 2
    assert trains(compiled, plain) == [ChosenEngine("numpy")] * 2
    assert trains(dataclasses.replace(compiled, params=plain), params) == [ChosenEngine("numba")] * 2
    fallen = dataclasses.replace(ours.state, params=asked)
    assert [choice.name for choice in trains(fallen, asked.edited({"lr": 0.5}))] == ["numpy"] * 2
    assert chosen_engine(plain, ours.state.layer_sizes, 100, "numba") == ChosenEngine("numpy")


def test_the_engine_is_kept_in_the_state_and_an_older_state_was_numpys():
    _, result = run(NetworkParams(**SMALL | {"epochs": 1}))
    numba = dataclasses.replace(result.state, engine="numba")
    assert through_disk(numba).engine == "numba"
    arrays = numba.to_arrays()
    meta = unpack_meta(arrays[META])
    for engine, good in ((None, True), ("numpy", True), ("abacus", False), (7, False)):
        told = {key: value for key, value in meta.items() if key != "engine"}
        told |= {} if engine is None else {"engine": engine}
        arrays[META] = pack_meta(told)
        if good:
            assert NetworkState.from_arrays(arrays).engine == "numpy"
        else:
            with pytest.raises(ValueError, match="is no engine"):
                NetworkState.from_arrays(arrays)


def test_the_engine_is_no_edit_of_a_running_run():
    params = NetworkParams(**SMALL)
    with pytest.raises(ParamsError, match="engine"):
        run(params, edits={2: params.model_copy(update={"engine": "numba"})})


@NUMBA
@pytest.mark.slow
def test_a_stop_is_heard_while_the_loops_are_compiled(monkeypatch):
    from numba import njit

    from nnfd.core.network.engines import loops

    # as on a machine where they were not compiled yet
    monkeypatch.setattr(loops, "train_batches", njit(lambda *_: (0.0, 0)))
    params = NetworkParams(**SMALL, engine="numba")
    data = data_of(params.dataset, params.dtype)
    model = MLP.for_run(params, (data.X_train.shape[1], *params.hidden, len(data.class_names)))
    with pytest.raises(StoppedError):
        choose.make_engine("numba", model, make_optimizer("sgd", model.theta), data, params, lambda: True)


@NUMBA
@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{}, {"dtype": "float32", "dropout": 0.2}, OPTIONS["sigmoid, all"], OPTIONS["tanh, no batch_norm, dropout"]],
    ids=["main run", "float32", "sigmoid, all", "tanh, dropout"],
)
def test_compiled_it_equals_numpy_and_goes_on_bit_for_bit(options):
    params = NetworkParams(engine="numba", patience=0, **options)
    events, result = run(params)
    epochs = epochs_of(events)
    assert result.state.engine == "numba"
    plain = epochs_of(run(params.model_copy(update={"engine": "numpy"}))[0])
    for name in ("train_loss", "val_loss"):
        curves = [[getattr(epoch, name) for epoch in each] for each in (epochs, plain)]
        np.testing.assert_allclose(*curves, rtol=0, atol=1e-10 if params.dtype == "float64" else 2e-3)
    if params.dtype == "float64":
        np.testing.assert_allclose(epochs[-1].state.theta, plain[-1].state.theta, rtol=0, atol=1e-10)
    again, second = run(params, through_disk(epochs[29].state))
    assert_same_epochs(epochs_of(again), epochs[30:])
    assert_same_state(second.state, result.state)
