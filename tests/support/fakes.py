"""Small step-generators that keep the contract of the real ones, with arithmetic that shows every slip."""

import dataclasses
from collections.abc import Generator

import numpy as np

from nnfd.core.engine.control import Control
from nnfd.core.engine.events import (
    Edited,
    Ended,
    EpochDone,
    Event,
    FieldStats,
    Outcome,
    Paint,
    Painted,
    Started,
    StepsDone,
)
from nnfd.core.engine.state import frozen
from nnfd.core.fields.state import FieldState
from nnfd.core.network.memory import parameter_count
from nnfd.core.network.state import NetworkState
from nnfd.core.params import DiffusionParams, NetworkParams


def network_state(params: NetworkParams | None = None) -> NetworkState:
    params = params or NetworkParams()
    sizes = (2, *params.hidden, 2)
    theta = frozen(np.linspace(0.0, 1.0, parameter_count(sizes, norm=False)))
    return NetworkState(
        params=params,
        layer_sizes=sizes,
        epoch=0,
        theta=theta,
        stats=frozen(np.zeros(0)),
        slots=(frozen(np.zeros_like(theta)),),
        best_theta=theta,
        best_stats=frozen(np.zeros(0)),
        best_loss=float("inf"),
        best_epoch=0,
        stale=0,
        rng=np.random.default_rng(params.seed).bit_generator.state,
    )


def train(
    params: NetworkParams,
    state: NetworkState | None = None,
    *,
    control: Control,
    diverge_at: int | None = None,
    on_epoch=lambda epoch: None,
) -> Generator[Event, NetworkParams | None, NetworkState]:
    state = state or network_state(params)
    rng = np.random.default_rng()
    rng.bit_generator.state = dict(state.rng)
    yield from _edits(Started(state.params, state.epoch, state.params.epochs), box := [state])
    outcome = Outcome.COMPLETED
    while (state := box[0]).epoch < state.params.epochs:
        if control.stopping():
            outcome = Outcome.STOPPED
            break
        if state.epoch + 1 == diverge_at:
            outcome = Outcome.DIVERGED
            break
        theta = frozen(state.theta * 0.999 + state.params.lr * rng.standard_normal(state.theta.size))
        loss = float(np.abs(theta).mean())
        best = loss < state.best_loss
        state = dataclasses.replace(
            state,
            epoch=state.epoch + 1,
            theta=theta,
            best_loss=min(loss, state.best_loss),
            best_theta=theta if best else state.best_theta,
            best_epoch=state.epoch + 1 if best else state.best_epoch,
            rng=rng.bit_generator.state,
        )
        on_epoch(state.epoch)
        yield from _edits(EpochDone(state.epoch, loss, loss, 0.5, 0.5, state.params.lr, best, state), box := [state])
    state = box[0]
    yield Ended(state.epoch, outcome, "the fake run is over", state)
    return state


def _edits(event, box):
    command = yield event
    while command is not None:
        old = box[0].params
        old.check_live_edit(command)
        box[0] = box[0].with_params(command)
        changed = {name: (a, b) for name, (a, b) in old.changed(command).items()}
        command = yield Edited(box[0].epoch, command, changed)


def simulate(params: DiffusionParams, state: FieldState | None = None, *, control: Control):
    state = state or FieldState(params, 0, {"C": frozen(np.zeros((params.height, params.width)))})
    command = yield Started(state.params, state.step, state.params.steps)
    outcome = Outcome.COMPLETED
    while True:
        while command is not None:
            if isinstance(command, Paint):
                cells = state.fields["C"].copy()
                cells[command.y, command.x] = command.value
                state = dataclasses.replace(state, fields={"C": frozen(cells)})
                command = yield Painted(state.step, command, state)
            else:
                changed = dict(state.params.changed(command))
                state = state.with_params(command)
                command = yield Edited(state.step, command, changed)
        if state.step >= state.params.steps:
            break
        cells, step = state.fields["C"].copy(), state.step
        goal = min(step + control.chunk(step), state.params.steps)
        while step < goal and not control.stopping():
            cells = 0.9 * cells + state.params.D * np.roll(cells, 1, axis=1) + 0.01
            step += 1
        state = dataclasses.replace(state, step=step, fields={"C": frozen(cells)})
        stats = {"C": FieldStats(float(cells.min()), float(cells.mean()), float(cells.max()))}
        if control.stopping():
            outcome = Outcome.STOPPED
            break
        command = yield StepsDone(step, stats, state)
    yield Ended(state.step, outcome, "the fake run is over", state)
    return state
