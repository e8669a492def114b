import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfd.core.engine.events import (
    BatchProgress,
    Edited,
    Ended,
    EpochDone,
    FieldStats,
    Notice,
    Outcome,
    Paint,
    Painted,
    Started,
    StepsDone,
    params_with,
)
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.params import MODELS, DiffusionParams, FurParams, NetworkParams, TuringParams
from nnfd.core.runs.log import EventLogError, from_json, to_json
from nnfd.core.runs.tail import TAIL, read_tail
from tests.support.fakes import network_state

EVENTS = [
    *(Started(model(), 3, 100) for model in MODELS.values()),
    Started(FurParams(seeds=((3, 4), (10, 20))), 0, 5),
    Started(NetworkParams(hidden=(128, 64), weight_scale=0.5, shuffle_seed=7), 0, 5),
    BatchProgress(2, 10, 20),
    EpochDone(1, 0.1, 0.2, 0.3, 0.4, 0.01, is_best=True),
    StepsDone(500, {"a": FieldStats(0.0, 0.5, 1e-47), "y": FieldStats(1.0, 2.0, 3.0)}),
    Edited(5, NetworkParams(lr=0.5), {"lr": (0.01, 0.5), "hidden": ((128,), (64, 32)), "weight_scale": (None, 1.0)}),
    Painted(7, Paint("a", 1, 2, 3, 4.5)),
    Notice(9, "extinct", 'a "quoted" [bold]text[/] with \x1b and \n in it, ░▒▓'),
    *(Ended(9, outcome, "over") for outcome in Outcome),
]

LINES = (Path(__file__).parent / "every_event.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")
"""Written by version 0.1.0; its logs are read, and lines are written as it wrote them, byte for byte."""
LOGGED = [
    Started(NetworkParams(hidden=(128, 64), weight_scale=0.5, lr=1e-07), 3, 60),
    Started(FurParams(seeds=((3, 4), (10, 20))), 0, 5),
    Started(DiffusionParams(), 0, 2500),
    Started(TuringParams(), 0, 9),
    BatchProgress(2, 10, 20),
    EpochDone(1, 0.1, 1e-07, 1e16, 0.4, 0.01, is_best=True),
    EpochDone(2, math.nan, math.inf, -math.inf, 1.0, 0.01, is_best=False),
    StepsDone(500, {"a": FieldStats(0.0, 0.5, 1e-47), "y": FieldStats(-math.inf, math.nan, 3.0)}),
    Edited(
        5,
        NetworkParams(lr=0.5),
        {
            "lr": (0.01, 0.5),
            "hidden": ((128,), (64, 32)),
            "weight_scale": (None, 1.0),
            "batch_norm": (False, True),
            "optimizer": ("sgd", "adam"),
        },
    ),
    Painted(7, Paint("a", 1, 2, 3, 4.5)),
    Notice(9, "extinct", 'a "quoted" [bold]text[/] with \x1b, \n and \u2028 in it, ░▒▓ é😀'),
    Ended(9, Outcome.EARLY_STOPPED, "stopped early"),
]


@pytest.mark.parametrize(("event", "line"), zip(LOGGED, LINES, strict=True), ids=lambda one: type(one).__name__)
def test_lines_of_the_version_before_are_written_and_read_the_same(event, line):
    written = to_json(event)
    # patterns had an engine before
    network = ('"samples":500,"noise":0.1,"data_seed":42,', ',"train_metrics":"full","engine":"auto"')
    for new in (
        '"method":"euler",',
        '"domain":"none",',
        '"drop":null,"header":"auto","categorical":[],',
        *(network if '"kind":"network"' in written else ()),
    ):
        written = written.replace(new, "")
    assert written == line, "the same but for parameters that are new"
    assert repr(from_json(line)) == repr(event), "equal, NaN to NaN too, and of the same types"


def test_what_a_line_does_not_need_to_say_is_not_looked_at():
    line = '{"event":"notice","later":[1],"position":1,"code":"a","message":"b","state":{"theta":[1]}}'
    assert from_json(line) == Notice(1, "a", "b")
    line = '{"event":"ended","position":1,"outcome":"stopped","message":"b","state":{"theta":[1]}}'
    assert from_json(line) == Ended(1, Outcome.STOPPED, "b")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_is_written_reads_back_equal(event):
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line) == event


def test_states_are_left_out():
    state = network_state()
    event = from_json(to_json(Ended(1, Outcome.COMPLETED, "done", state)))
    assert isinstance(event, Ended)
    assert event.state is None


@given(st.floats(), st.floats())
def test_every_float_survives_and_the_line_is_strict_json(loss, acc):
    line = to_json(EpochDone(1, loss, 0.0, acc, 0.0, 0.01, is_best=False))
    json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    back = from_json(line)
    for found, wanted in ((back.train_loss, loss), (back.train_acc, acc)):
        assert found == wanted or (math.isnan(found) and math.isnan(wanted))


def test_numpy_scalars_are_written_as_plain_numbers():
    event = EpochDone(1, np.float64(0.5), np.float32(0.25), 0.0, 0.0, np.float64("inf"), is_best=np.bool_(True))
    back = from_json(to_json(event))
    assert (back.train_loss, back.val_loss, back.lr, back.is_best) == (0.5, 0.25, math.inf, True)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        '{"event":"no-such"}',
        '{"event":["list"]}',
        '{"event":"notice","position":"x","code":"a","message":"b"}',
        '{"event":"epoch-done","epoch":1}',
        '{"event":"ended","position":1,"outcome":"exploded","message":""}',
        '{"event":"started","position":0,"total":1,"params":{"kind":"network","values":{"lr":-1}}}',
        '{"event":"started","position":0,"total":1,"params":{"kind":"network","values":[1]}}',
        '{"event":"edited","position":0,"changed":{"lr":1},"params":{"kind":"network","values":{}}}',
        '{"event":"steps-done","step":1,"stats":[1]}',
        '{"event":"notice","position":1e999,"code":"a","message":"b"}',
        "[" * 100_000,
        "\x1b[31mred",
    ],
)
def test_a_line_that_is_no_event_is_one_clear_error(line):
    with pytest.raises(EventLogError) as error:
        from_json(line)
    assert isinstance(error.value, NnfdError)
    message = str(error.value)
    assert "is no event" in message
    assert "\n" not in message
    assert "\x1b" not in message
    assert len(message) < 100


def test_the_end_of_a_log_is_found_behind_parameters_of_any_length(tmp_path):
    cells = tuple((x, y) for x in range(300) for y in range(200))
    started = Started(FurParams(width=400, height=400, seeds=cells), 0, 6000)
    log = tmp_path / "events.jsonl"
    line = to_json(started) + "\n"
    assert len(line) > 1.5 * TAIL
    log.write_text(line)
    assert read_tail(log).params == started.params
    log.write_text(line + line[: TAIL // 2])  # and the next one is being written
    assert read_tail(log).params == started.params
    log.write_text("x" * 3 * TAIL + "\n")
    with pytest.raises(RunError, match="damaged: it holds no event"):
        read_tail(log)


def test_the_end_of_a_log_knows_what_was_painted_before_the_run_went_on(tmp_path):
    params = FurParams()
    edited = params.edited({"mu_y": 0.07})
    stroke, torn = Painted(2, Paint("D_a", 5, 5, 2, 0.005)), to_json(Started(params, 3, 9))[:40]
    painted = params_with(edited, stroke)
    events = [Started(params, 0, 9), Edited(1, edited, params.changed(edited)), stroke, Started(painted, 2, 9)]
    log = tmp_path / "events.jsonl"
    for end in (2, 3, 4):
        log.write_text("".join(to_json(event) + "\n" for event in events[:end]) + torn)
        assert read_tail(log).params == (edited if end == 2 else painted)
    log.write_text("".join(to_json(event) + "\n" for event in (*events, stroke)) + torn + "\n")
    assert read_tail(log).params == params_with(painted, stroke)
