"""A branch: a new run that goes on from an epoch of another one, its parent, under other parameters.

A kept frame holds the weights alone. So the rest of the state (optimiser's memory, random stream, best weights,
patience) is computed again from the nearest state that was saved, or from the start, with every edit of the parent: a
branch without an edit equals its parent bit for bit, and what another one does differently, its edit has caused.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.control import FreeRun
from nnfd.core.engine.events import Edited, Ended, EpochDone, is_boundary
from nnfd.core.engine.state import frozen
from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.network.optim import lr_at, make_optimizer
from nnfd.core.network.state import EngineName, NetworkState, best_under
from nnfd.core.network.train import model_at, train
from nnfd.core.params import NetworkParams, show_value
from nnfd.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset

SHAPING = ("dataset", "label", "drop", "header", "categorical", "hidden", "batch_norm", "dtype")
"""Parameters that give the weights their shape or meaning: a branch keeps them."""


@dataclass(frozen=True, slots=True)
class Past:
    """How a run came to where it is: enough to compute its epochs again."""

    params: NetworkParams
    """Those it began with."""
    state: NetworkState | None
    """A state at or before the epoch that is asked for; None: the first weights."""
    edits: Sequence[Edited]
    """Every edit, in order; those before the state may be among them."""
    engine: EngineName | None = None
    """What trained it: another engine differs in the last digits. None: as the parameters choose."""
    told: Callable[[int], EpochDone | None] = lambda _epoch: None
    """What the run told of an epoch, as far as it is known: the training figures may be those of a sample."""

    def params_at(self, epoch: int) -> NetworkParams:
        """Return the parameters in effect once `epoch` epochs were done and the edits there were made."""
        edits = [edit.params for edit in self.edits if edit.position <= epoch]
        params = edits[-1] if edits else self.params
        assert isinstance(params, NetworkParams)
        return params


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a branch begins."""

    state: NetworkState
    best: EpochDone | None
    """The best epoch so far, the parent's; None before the first."""
    doubt: str = ""
    """One line for the user, if the branch begins only approximately as its parent was there."""


class _StopWhen(FreeRun):
    def __init__(self, stopping: Callable[[], bool]) -> None:
        super().__init__()
        self._stopping = stopping

    def stopping(self) -> bool:
        return self._stopping()


def rewind(
    past: Past, data: Dataset, epoch: int, stopping: Callable[[], bool] = lambda: False
) -> Generator[int, None, NetworkState]:
    """Compute the state after `epoch` again, bit for bit, by training up to there with every edit of the run.

    Parameters
    ----------
    past
        How the run came there.
    data
        The data of the run.
    epoch
        At least 1, and not before the state of `past`.
    stopping
        Asked once a batch whether to leave off.

    Yields
    ------
    int
        The epochs done, after each.

    Raises
    ------
    StoppedError
        If `stopping` said so.
    ParamsError
        If the run cannot be trained that far here.
    DataError
        If the data is not that of the run.
    """
    state = past.state
    if state is not None and state.epoch == epoch:
        return _after_edits(state, past)
    begin = 0 if state is None else state.epoch
    edits = deque(edit for edit in past.edits if begin <= edit.position < epoch)
    same = {} if past.engine is None else {"engine": past.engine}
    first = (past.params if state is None else state.params).edited(same)
    generator = train(first, data, state and replace(state, params=first), control=_StopWhen(stopping))
    event, done = next(generator), begin
    while not isinstance(event, Ended):
        if isinstance(event, EpochDone):
            done = event.epoch
            if done == epoch:
                assert isinstance(event.state, NetworkState)
                return _after_edits(event.state, past)
            yield done
        edit = edits.popleft() if is_boundary(event) and edits and edits[0].position <= done else None
        event = generator.send(None if edit is None else edit.params.edited(same))  # type: ignore[arg-type]
    if stopping():
        raise StoppedError(f"stopped at epoch {done}")
    raise ParamsError(f"epoch {epoch} cannot be computed again here: {event.message}")


def _after_edits(state: NetworkState, past: Past) -> NetworkState:
    """Return a state with the edits that were made at its epoch."""
    params = past.params_at(state.epoch)
    at_it = [edit.params for edit in past.edits if edit.position == state.epoch] if state.params != params else []
    for then in (*at_it, params):  # one by one, as the run did, so that the best loss is the same to the last bit
        assert isinstance(then, NetworkParams)
        state = state.under(then)
    return state


def branch(
    past: Past,
    params: NetworkParams,
    data: Dataset,
    epoch: int,
    kept: Mapping[str, NDArray[Any]] | None,
    stopping: Callable[[], bool] = lambda: False,
) -> Generator[int, None, Branch]:
    """Return where a branch from `epoch` begins; yields and raises as :func:`rewind` does.

    Parameters
    ----------
    past, data, epoch, stopping
        As :func:`rewind` takes them.
    params
        Parameters of the branch. One that takes another optimiser begins with an empty memory, one with another seed
        with a random stream of its own.
    kept
        The frame that was kept of that epoch, to compare with; None if there is none. Where the weights that are
        computed here are others, the branch takes the kept ones.

    Raises
    ------
    ParamsError
        If a parameter differs that the weights depend on, or the branch would end at once.
    """
    check_branch(past.params_at(epoch), params, epoch)
    state, doubt = _as_kept((yield from rewind(past, data, epoch, stopping)), kept)
    return edited(Branch(state, best_epoch(past, state, data), doubt), params)


def edited(start: Branch, params: NetworkParams) -> Branch:
    """Return where a branch begins under other parameters than this one, which begins as its parent was there.

    Raises ``ParamsError`` as :func:`branch` does.
    """
    state, before, best = start.state, start.state.params, start.best
    check_branch(before, params, state.epoch)
    if params.patience and state.stale >= params.patience:
        raise ParamsError(
            f"patience: {params.patience} is not allowed in a branch from epoch {state.epoch}: it would end at once, "
            f"as the validation loss was not better for {counted(state.stale, 'epoch')}; more than {state.stale}, "
            "or 0 for never"
        )
    best = best and best_under(state, best, params.l2)  # its losses are to be compared with the branch's own
    if params.optimizer != before.optimizer:
        state = replace(state, slots=_fresh_slots(params, state.theta))
    if params.stream_seed != before.stream_seed:
        state = replace(state, rng=_fresh_stream(params, state.epoch))
    state = replace(state, engine=state.trainer(params))
    return replace(start, state=state.under(params), best=best)


def best_epoch(past: Past, state: NetworkState, data: Dataset) -> EpochDone | None:
    """Return the best epoch so far of a run, its numbers as they were told then."""
    epoch = state.best_epoch
    if epoch == 0:
        return None
    if (told := past.told(epoch)) is not None:
        return replace(told, state=None, is_best=True)
    params = past.params_at(epoch - 1)  # an edit at this epoch came after it
    model = model_at(params, state.layer_sizes, state.best_theta, state.best_stats)
    with np.errstate(all="ignore"):
        (train_loss, train_acc), (val_loss, val_acc) = (
            model.evaluate(X, y) for X, y in ((data.X_train, data.y_train), (data.X_val, data.y_val))
        )
    if params.l2 == state.params.l2:  # else the state's is that under the weight decay of now
        val_loss = state.best_loss
    return EpochDone(epoch, train_loss, val_loss, train_acc, val_acc, lr_at(params, epoch), is_best=True)


def check_branch(before: NetworkParams, params: NetworkParams, epoch: int) -> None:
    """Raise ``ParamsError`` if weights under the parameters `before` cannot go on under `params` from `epoch`."""
    for name in before.changed(params):
        if name in SHAPING:
            raise ParamsError(
                f"{name}: {show_value(getattr(params, name))} is not allowed in a branch: its weights are those of "
                f"{name} = {show_value(getattr(before, name))}"
            )
    if params.epochs <= epoch:
        raise ParamsError(f"epochs: {params.epochs} is not allowed in a branch from epoch {epoch}: more than {epoch}")


def branch_state(
    state: NetworkState,
    params: NetworkParams,
    epoch: int,
    weights: Mapping[str, NDArray[Any]],
    val_loss: float,
) -> NetworkState:
    """Return the state in which a branch starts that knows nothing of its epoch but the weights.

    It begins with an empty optimiser memory, a batch order of its own (from the seed and the epoch), and this epoch as
    its best so far: for a run whose beginning is not known any more. Raises as :func:`check_branch` does.

    Parameters
    ----------
    state
        Any state of the run that is left: of it come the parameters, the layer sizes and which data it is.
    params
        Parameters of the branch.
    epoch
        The epoch the weights are of.
    weights
        The frame: ``theta`` and, with batch normalisation, ``stats``.
    val_loss
        Validation loss of that epoch.
    """
    check_branch(state.params, params, epoch)
    theta = frozen(weights["theta"])
    stats = frozen(weights.get("stats", np.empty(0, theta.dtype)))
    return NetworkState(
        params=params,
        layer_sizes=state.layer_sizes,
        epoch=epoch,
        theta=theta,
        stats=stats,
        slots=_fresh_slots(params, theta),
        best_theta=theta,
        best_stats=stats,
        best_loss=val_loss,
        best_epoch=epoch,
        stale=0,
        rng=_fresh_stream(params, epoch),
        data_path=state.data_path,
        data_sha256=state.data_sha256,
        engine=state.trainer(params),
    )


def _as_kept(state: NetworkState, kept: Mapping[str, NDArray[Any]] | None) -> tuple[NetworkState, str]:
    """Return the state with the weights that were kept of its epoch, and what to tell if they are not its own."""
    if kept is None:
        return state, ""
    pairs = [(own, kept.get(name, own)) for name, own in state.frame().items()]
    if any(own.shape != given.shape for own, given in pairs):
        raise ParamsError(f"the weights that were kept of epoch {state.epoch} are those of another network")
    apart = max((float(np.abs(own - given).max(initial=0)) for own, given in pairs), default=0.0)
    if apart == 0:
        return state, ""
    theta, stats = frozen(kept["theta"]), frozen(kept.get("stats", state.stats))
    mended = replace(state, theta=theta, stats=stats)
    if state.best_epoch == state.epoch:
        mended = replace(mended, best_theta=theta, best_stats=stats)
    return mended, (
        f"the branch begins only approximately as its parent was: computed again here, the weights of epoch "
        f"{state.epoch} differ by up to {apart:.2g} from those that were kept (another machine, or another version of "
        "a library); it takes the kept ones, the optimiser's memory as computed here"
    )


def _fresh_slots(params: NetworkParams, theta: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return tuple(frozen(slot) for slot in make_optimizer(params.optimizer, theta).slots)


def _fresh_stream(params: NetworkParams, epoch: int) -> Mapping[str, Any]:
    state: Mapping[str, Any] = np.random.default_rng([params.stream_seed, 1, epoch]).bit_generator.state
    return state
