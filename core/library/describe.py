"""A run told in plain sentences, one a line: for a screen reader, a mail, a lab book."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.engine.events import Edited, Ended, EpochDone, Notice, Painted, Started
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.library.catalog import RunStatus, summarise
from nnfd.core.params import FieldParams, NetworkParams, show_value
from nnfd.core.params.parts import change_in_words
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.metrics import EPOCH_COLUMNS
from nnfd.core.runs.result import Result
from nnfd.core.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.library.catalog import RunSummary
    from nnfd.core.network.insight.facts import Facts
    from nnfd.core.network.insight.health import Health
    from nnfd.core.network.state import NetworkState
    from nnfd.core.params import Params

MOST_TOLD = 20
"""Edits, strokes and notices that are told one by one."""
STANDS = {
    RunStatus.RUNNING: "It is under way",
    RunStatus.PAUSED: "It is paused",
    RunStatus.INTERRUPTED: "It was stopped, and can go on",
    RunStatus.CRASHED: "Its process is gone, and it can go on",
}


def describe(path: Path, *, trust: bool = False) -> list[str]:
    """Return what is to be said of the run in this folder, a sentence or two each. Raises ``RunError``.

    What it is, which parameters are not its preset's, how it went, what was edited, how it ended, and what the numbers
    mean; with `trust`, which takes some seconds, how far a pattern depends on step, stencil and grid. No text holds
    control characters or anything that draws.
    """
    run = summarise(path)
    if run.params is None:
        raise RunError(run.problem)
    folder = RunFolder.open(path)
    events, result = folder.events(), Result.read(folder)
    lines = [*_what(run, run.params), *_changed(run), *_began(events)]
    if isinstance(folder.params, NetworkParams):
        if trust:
            raise RunError(f"{run.name} is a network: only a pattern can be run on in other ways")
        lines += [*_course(events), *_happened(events, "epoch"), *_ended(run, result, "epochs")]
        lines += [*_tested(result), *_diagnosis(_saved(folder), run, events, result)]
    else:
        state = _saved(folder)
        lines += [*_happened(events, "step", run.params.values()), *_ended(run, result, "time steps"), *_pattern(state)]
        lines += _trust(state) if trust else []
    return [printable(line) for line in lines]


def _what(run: RunSummary, params: Params) -> list[str]:
    tags = f", tagged {', '.join(run.tags)}" if run.tags else ""
    named = f"Run {run.name}: {run.title}, from the preset {run.preset}{tags}."
    if isinstance(params, NetworkParams):
        layers = " and ".join(str(size) for size in params.hidden)
        count = "one hidden layer" if len(params.hidden) == 1 else f"{len(params.hidden)} hidden layers"
        what = f"A network with {count} of {layers} {params.activation} units learns the data set {params.dataset}."
        return [named, what]
    assert isinstance(params, FieldParams)
    fields, written = ", ".join(params.model.fields), params.model.table.equations
    equations = "; ".join(f"d{field}/dt = {written[field]}" for field in params.model.fields)
    return [
        named,
        f"The model {params.model.name or params.kind} with the fields {fields} on a grid of {params.width} by "
        f"{params.height} cells.",
        f"Its equations: {equations}.",
    ]


def _changed(run: RunSummary) -> list[str]:
    if not run.changed:
        return ["All parameters are those of the preset."]
    changed = ", ".join(f"{name} is {show_value(value)}" for name, value in run.changed.items())
    return [f"Parameters that differ from the preset: {changed}."]


def _began(events: Sequence[Event]) -> list[str]:
    first = next((event for event in events if isinstance(event, Started)), None)
    if first is None or not first.position:
        return []
    return [f"It is a branch: it goes on from {first.position:,} of another run."]


def _course(events: Sequence[Event]) -> list[str]:
    epochs = [event for event in events if isinstance(event, EpochDone)]
    if not epochs:
        return ["No epoch is done yet."]
    first, last = epochs[0], epochs[-1]
    best = next((event for event in reversed(epochs) if event.is_best), None)
    lines = [
        f"From epoch {first.epoch} to epoch {last.epoch} the training loss went from {first.train_loss:.4g} to "
        f"{last.train_loss:.4g}, the validation loss from {first.val_loss:.4g} to {last.val_loss:.4g}, and the "
        f"validation accuracy from {first.val_acc:.4g} to {last.val_acc:.4g}."
    ]
    if best is not None:
        lines.append(
            f"The best epoch was {best.epoch}, with a validation loss of {best.val_loss:.4g} and a validation accuracy "
            f"of {best.val_acc:.4g}."
        )
    return lines


def _happened(events: Sequence[Event], unit: str, parameters: Collection[str] = ()) -> list[str]:
    lines: list[str] = []
    strokes: dict[str, int] = {}
    for event in events:
        match event:
            case Edited():
                changes = ", ".join(change_in_words(name, *values) for name, values in event.changed.items())
                lines.append(f"At {unit} {event.position:,} the user changed {changes}.")
            case Notice():
                lines.append(f"At {unit} {event.position:,} it was noticed: {event.message}.")
            case Painted():
                strokes[event.paint.field] = strokes.get(event.paint.field, 0) + 1
            case _:
                pass
    if len(lines) > MOST_TOLD:
        lines = [*lines[:MOST_TOLD], f"{len(lines) - MOST_TOLD} more edits and notices are in its log."]
    into = {"its fields": 0, "its parameters": 0}
    for name, count in strokes.items():
        into["its parameters" if name in parameters else "its fields"] += count
    lines += [f"The user painted {counted(count, 'stroke')} into {what}." for what, count in into.items() if count]
    return lines


def _ended(run: RunSummary, result: Result | None, units: str) -> list[str]:
    done = f"{run.position:,} of {run.total:,} {units}"
    if result is None:
        return [f"{STANDS.get(run.status, 'It has not ended')}, after {done}."]
    message = result.message.rstrip(".")
    return [f"It ended after {done}, in {result.seconds:.1f} seconds: {message}."]


def _tested(result: Result | None) -> list[str]:
    if result is None or result.test is None:
        return []
    test = result.test
    confusion = np.array(test.confusion)
    wrong = confusion - np.diag(np.diag(confusion))
    lines = [
        f"On the test set its best weights are right in {np.trace(confusion)} of {confusion.sum()} samples, an "
        f"accuracy of {test.accuracy:.4f}."
    ]
    if wrong.any():
        true, said = np.unravel_index(int(wrong.argmax()), wrong.shape)
        times = "once" if wrong.max() == 1 else f"{wrong.max()} times"
        lines.append(f"Its most frequent mistake is to take {test.classes[true]} for {test.classes[said]}, {times}.")
    return lines


# -- what it means


def _saved(folder: RunFolder) -> State | str:
    """Return the newest saved state, or why there is none."""
    try:
        saved = folder.saved()
    except RunError:
        return "Its newest saved state is damaged."
    return "No state of it is saved yet." if saved is None or saved.state is None else saved.state


def _diagnosis(state: State | str, run: RunSummary, events: Sequence[Event], result: Result | None) -> list[str]:
    from nnfd.core.network.insight.diagnosis import findings
    from nnfd.core.network.state import NetworkState

    if not isinstance(state, NetworkState):
        return [state] if isinstance(state, str) else []
    facts = _facts(state, run, events, result)
    if facts is None:
        return []
    found = findings(facts)
    if not found:
        return ["Diagnosis: nothing certain can be said."]
    lines = [f"Diagnosis: {found[0].sentence}", *(f"Besides: {more.sentence}" for more in found[1:])]
    if (remedy := found[0].remedy) is not None:
        lines.append(f"A remedy to try: {remedy.in_words(facts.params)}.")
    return lines


def _facts(state: NetworkState, run: RunSummary, events: Sequence[Event], result: Result | None) -> Facts | None:
    from nnfd.core.network.insight.facts import Facts, LearningCurve, never_predicted

    rows = [[getattr(event, name) for name in EPOCH_COLUMNS] for event in events if isinstance(event, EpochDone)]
    if not rows or not isinstance(run.params, NetworkParams):
        return None
    test = None if result is None else result.test
    ended = next((event for event in reversed(events) if isinstance(event, Ended)), None)
    return Facts(
        params=run.params,
        curve=LearningCurve.of(np.array(rows), max((e.position for e in events if isinstance(e, Edited)), default=0)),
        classes=state.layer_sizes[-1],
        outcome=ended.outcome if ended and result else None,
        message=ended.message if ended and result else "",
        health=_health(state),
        never={} if test is None else never_predicted(test.classes, test.confusion),
    )


def _health(state: NetworkState) -> Health | None:
    """Measure the saved network, if its data is here and what it was."""
    from nnfd.core.network.checks import check_same_data
    from nnfd.core.network.data import load
    from nnfd.core.network.insight.health import MOST_WEIGHTS, HealthCheck

    try:
        data = load(state.params)
        check_same_data(data, state)
    except NnfdError:
        return None  # the curves are told all the same
    if data.X_train.shape[1] != state.layer_sizes[0] or state.theta.size > MOST_WEIGHTS:
        return None
    return HealthCheck(state.params, state.layer_sizes, data).look(state.epoch, state.theta, state.stats)


def _pattern(state: State | str) -> list[str]:
    from nnfd.core.fields.analysis import summary
    from nnfd.core.fields.models import main_field
    from nnfd.core.fields.state import FieldState
    from nnfd.core.fields.verdict import verdict

    if not isinstance(state, FieldState):
        return [state] if isinstance(state, str) else []
    name, said = main_field(state.params), summary(state)
    found = verdict(state, name)
    lines = [f"At step {state.step:,} field {name} is {found.words}."]
    if found.spots is not None and found.covered is not None:
        spots = counted(found.spots, "connected region")
        wave = "" if found.wavelength is None else f", and its wavelength is {found.wavelength:.3g} cells"
        lines.append(f"It has {spots} above its middle value, which cover {found.covered:.0%} of the grid{wave}.")
    for field, figures in said.stats.items():
        lines.append(
            f"Field {field} lies between {figures.min:.4g} and {figures.max:.4g}, on average {figures.mean:.4g}."
        )
    return [*lines, *(f"Note: {sentence.rstrip('.')}." for sentence in said.diagnosis)]


def _trust(state: State | str) -> list[str]:
    from nnfd.core.fields.judge import judge
    from nnfd.core.fields.models import main_field
    from nnfd.core.fields.state import FieldState
    from nnfd.core.fields.trust import compare

    if not isinstance(state, FieldState):
        return []
    *_, found = compare(state, main_field(state.params))
    return judge(found).sentences
