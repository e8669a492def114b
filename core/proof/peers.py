"""The main run and the fur by other libraries, as far as they are installed; and the least that any must do."""

from __future__ import annotations

import importlib
import itertools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.checks import sizes_of
from nnfd.core.network.memory import aligned
from nnfd.core.network.mlp import BLOCK, MLP
from nnfd.core.network.optim import lr_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.params import FieldParams, NetworkParams

    Array = NDArray[Any]
    Trained = Callable[[NetworkParams, Dataset], Callable[[], object]]


def products(params: NetworkParams, data: Dataset) -> Callable[[], object]:
    """Return what does the matrix products of a run alone: forward, backward, and the evaluations."""
    sizes, dtype = sizes_of(params, data), data.X_train.dtype
    # where lines of the cache begin, as in our engines: else some products take half as long again
    W, out = ([aligned(shape, dtype) for shape in itertools.pairwise(sizes)] for _ in range(2))
    rows = max(params.batch_size, BLOCK)
    h, d = ([aligned((rows, size), dtype) for size in sizes] for _ in range(2))

    def forward(X: Array) -> None:
        for layer, weights in enumerate(W):
            np.dot(X if layer == 0 else h[layer][: len(X)], weights, out=h[layer + 1][: len(X)])

    def run() -> None:
        for _ in range(params.epochs):
            for start in range(0, len(data.X_train), params.batch_size):
                X = data.X_train[start : start + params.batch_size]
                n = len(X)
                forward(X)
                for layer in range(len(W) - 1, -1, -1):
                    np.dot((X if layer == 0 else h[layer][:n]).T, d[layer + 1][:n], out=out[layer])
                    if layer:
                        np.dot(d[layer + 1][:n], W[layer].T, out=d[layer][:n])
            for part in (data.X_train, data.X_val):
                for start in range(0, len(part), BLOCK):
                    forward(part[start : start + BLOCK])

    return run


def sklearn(params: NetworkParams, data: Dataset) -> Callable[[], object]:
    """Return scikit-learn's training, without any metrics."""
    from sklearn.neural_network import MLPClassifier

    def run() -> None:
        classifier = MLPClassifier(
            hidden_layer_sizes=params.hidden,
            solver="sgd",
            alpha=params.l2,
            batch_size=params.batch_size,
            learning_rate_init=params.lr,
            max_iter=params.epochs,
            n_iter_no_change=params.epochs + 1,
            random_state=params.seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged after so few epochs is meant
            classifier.fit(data.X_train, data.y_train)

    return run


def torch(params: NetworkParams, data: Dataset) -> Callable[[], object]:
    """Return PyTorch's training on one thread of the processor, as one writes it first, with all metrics."""
    library = _library("torch")
    library.set_num_threads(1)
    kind = getattr(library, params.dtype)
    sets = [
        (library.tensor(X, dtype=kind), library.tensor(y))
        for X, y in ((data.X_train, data.y_train), (data.X_val, data.y_val))
    ]
    loss_of = library.nn.functional.cross_entropy

    def run() -> None:
        layers: list[Any] = []
        sizes = sizes_of(params, data)
        for n_in, n_out in itertools.pairwise(sizes):
            layers += [library.nn.Linear(n_in, n_out, dtype=kind), library.nn.ReLU()]
        model = library.nn.Sequential(*layers[:-1])
        optimizer = library.optim.SGD(model.parameters(), params.lr, params.momentum, weight_decay=params.l2)
        X, y = sets[0]
        for epoch in range(params.epochs):
            optimizer.param_groups[0]["lr"] = lr_at(params, epoch + 1)
            for rows in library.randperm(len(X)).split(params.batch_size):
                optimizer.zero_grad()
                loss_of(model(X[rows]), y[rows]).backward()
                optimizer.step()
            with library.no_grad():
                for inputs, classes in sets:
                    logits = model(inputs)
                    float(loss_of(logits, classes)), float((logits.argmax(1) == classes).double().mean())

    return run


def jax(params: NetworkParams, data: Dataset) -> Callable[[], object]:
    """Return JAX's training, an epoch compiled into one scan over the batches and the rest, with all metrics."""
    library, jnp = _library("jax"), _library("jax.numpy")
    library.config.update("jax_enable_x64", params.dtype == "float64")
    sets = [(jnp.asarray(X), jnp.asarray(y)) for X, y in ((data.X_train, data.y_train), (data.X_val, data.y_val))]
    n, size = len(data.X_train), params.batch_size
    first = MLP.for_run(params, sizes_of(params, data))
    start = [(jnp.asarray(W), jnp.asarray(b)) for W, b in zip(first.W, first.b, strict=True)]

    def logits_of(theta: Any, X: Any) -> Any:  # noqa: ANN401  # arrays of a library that may not be there
        for W, b in theta[:-1]:
            X = jnp.maximum(X @ W + b, 0)
        return X @ theta[-1][0] + theta[-1][1]

    def loss_of(theta: Any, X: Any, y: Any) -> Any:  # noqa: ANN401
        log_p = library.nn.log_softmax(logits_of(theta, X))
        decay = 0.5 * params.l2 * sum((W**2).sum() for W, _ in theta)
        return decay - log_p[jnp.arange(len(y)), y].mean()

    def epoch(theta: Any, velocity: Any, order: Any, lr: Any) -> Any:  # noqa: ANN401
        def batch(carried: Any, rows: Any) -> Any:  # noqa: ANN401
            theta, velocity = carried
            grad = library.grad(loss_of)(theta, sets[0][0][rows], sets[0][1][rows])
            velocity = library.tree.map(lambda v, g: params.momentum * v - lr * g, velocity, grad)
            return (library.tree.map(jnp.add, theta, velocity), velocity), None

        whole = n // size * size
        carried, _ = library.lax.scan(batch, (theta, velocity), order[:whole].reshape(-1, size))
        (theta, velocity), _ = batch(carried, order[whole:]) if whole < n else (carried, None)
        metrics = [(loss_of(theta, X, y), (logits_of(theta, X).argmax(1) == y).mean()) for X, y in sets]
        return theta, velocity, metrics

    compiled = library.jit(epoch)

    def run() -> None:
        theta, velocity = start, library.tree.map(jnp.zeros_like, start)
        rng = np.random.default_rng(params.seed)
        for number in range(params.epochs):
            theta, velocity, metrics = compiled(theta, velocity, rng.permutation(n), lr_at(params, number + 1))
            [(float(loss), float(accuracy)) for loss, accuracy in metrics]

    return run


PEERS: dict[str, tuple[str, Trained]] = {"torch": ("PyTorch, eager", torch), "jax": ("JAX, jit and scan", jax)}
"""By the name of the module that is imported: the name to show, and what trains."""
OF_FIELDS = {"pde": "py-pde, numba"}
"""The same of what simulates."""
NAMES = {"torch": "PyTorch", "jax": "JAX", "pde": "py-pde"}


def pde(params: FieldParams, fields: Mapping[str, Array]) -> Callable[[int], Array]:
    """Return py-pde's steps of the fur model, compiled; periodic edges, Euler's method, without our bounds.

    It goes on by so many steps and returns the fields, with x before y. For py-pde ``y`` is a coordinate, so that they
    are named u, v and w there.
    """
    library = _library("pde")
    used, sign = "v * u**2 / (1 + kappa_a * u**2)", "" if params.values()["y_coupling"] == "published" else "-"
    rates = {
        "u": f"D_a * laplace(u) + rho_a * ({used} - u)",
        "v": f"D_s * laplace(v) + sigma_s / (1 + kappa_s * w) - rho_s * {used} - mu_s * v",
        "w": f"rho_y * w**2 / (1 + kappa_y * w**2) - mu_y * w + {sign}sigma_y * u",
    }
    size = (params.width, params.height)
    grid = library.CartesianGrid([[0, side] for side in size], size, periodic=True)
    numbers = {name: value for name, value in params.values().items() if any(name in rate for rate in rates.values())}
    equations = library.PDE(rates, bc="periodic", consts=numbers)
    state = library.FieldCollection([library.ScalarField(grid, field.T.copy()) for field in fields.values()])
    step = library.EulerSolver(equations, backend="numba").make_stepper(state, params.dt)

    def run(steps: int) -> Array:
        step(state, 0.0, steps * params.dt)
        return np.asarray(state.data)

    return run


def installed(peers: Iterable[str] = PEERS) -> list[str]:
    """Return the peers that are here and can be imported."""
    found = []
    for name in peers:
        try:
            importlib.import_module(name)
        except (ImportError, OSError):  # not there; or there, without a library that it is linked to
            continue
        found.append(name)
    return found


def _library(name: str) -> Any:  # noqa: ANN401  # a module
    """Import what may not be there; what it says of its types is of no interest, so it is checked the same without."""
    return importlib.import_module(name)
