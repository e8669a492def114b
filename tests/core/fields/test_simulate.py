"""The step-generator: order of events, exact resume, edits, paint, notices, divergence, endings."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnfd.core.engine.control import FreeRun
from nnfd.core.engine.events import Edited, Ended, Notice, Outcome, Paint, Painted, Started, StepsDone
from nnfd.core.engine.state import META, pack_meta, unpack_meta
from nnfd.core.errors import ParamsError
from nnfd.core.fields.models import extinction, growth_threshold, marker_threshold
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.params import DiffusionParams, FurParams, TuringParams

FUR = FurParams(width=24, height=18, seeds=6, seed_value=5.0, steps=1100)


class StopAt:
    """Stops after some polls."""

    def __init__(self, polls, chunk=100):
        self.polls = polls
        self.size = chunk

    def stopping(self):
        self.polls -= 1
        return self.polls < 0

    def chunk(self, position):
        return self.size


def play(params, state=None, *, chunk=100, commands=()):
    """Run to the end; `commands` are (position, command), given at the first boundary there."""
    commands = list(commands)
    generator = simulate(params, state, control=FreeRun(chunk))
    events, answer = [], None
    while True:
        try:
            event = generator.send(answer)
        except StopIteration as stop:
            return events, stop.value
        events.append(event)
        answer = None
        at = getattr(event, "step", getattr(event, "position", None))
        if not isinstance(event, Notice | Ended) and commands and commands[0][0] == at:
            answer = commands.pop(0)[1]


def assert_same(one, other):
    assert one.step == other.step
    for name, field in one.fields.items():
        np.testing.assert_array_equal(field, other.fields[name])


def notices(events):
    return [event.code for event in events if isinstance(event, Notice)]


def test_events_come_in_the_documented_order():
    events, result = play(FUR, chunk=400)
    assert [type(event) for event in events if not isinstance(event, Notice)] == [Started, *[StepsDone] * 3, Ended]
    assert [event.step for event in events if isinstance(event, StepsDone)] == [400, 800, 1100]
    assert events[0] == Started(FUR, 0, 1100)
    end = events[-1]
    assert (end.outcome, end.position) == (Outcome.COMPLETED, 1100) == (result.outcome, result.state.step)
    assert end.message == result.message
    assert_same(end.state, result.state)


def test_steps_done_carries_true_figures_and_a_state_that_cannot_change():
    events, _ = play(FUR)
    states = [event for event in events if isinstance(event, StepsDone)]
    copies = [{name: field.copy() for name, field in event.state.fields.items()} for event in states]
    for event, copy in zip(states, copies, strict=True):
        for name, field in event.state.fields.items():
            np.testing.assert_array_equal(field, copy[name])
            stats = event.stats[name]
            assert (stats.min, stats.max) == (field.min(), field.max())
            assert stats.mean == pytest.approx(field.mean())
            with pytest.raises(ValueError, match="read-only"):
                field[0, 0] = 1
    assert not np.array_equal(states[0].state.fields["a"], states[1].state.fields["a"])


@pytest.mark.parametrize(
    "params",
    [FUR, FUR.edited({"dtype": "float32"}), TuringParams(width=16, height=20, steps=1100)],
    ids=["fur", "float32", "turing"],
)
def test_a_split_run_equals_an_unbroken_one_however_it_is_cut(params):
    _, whole = play(params, chunk=10**6)
    for chunk, cut in ((1, 3), (7, 511), (250, 500), (100, 600)):
        generator = simulate(params, control=FreeRun(chunk))
        state = next(e.state for e in generator if isinstance(e, StepsDone) and e.step >= cut)
        stored = FieldState.from_arrays({name: array.copy() for name, array in state.to_arrays().items()})
        _, rest = play(stored.params, stored, chunk=chunk + 12)
        assert_same(rest.state, whole.state)


def test_stopping_in_a_chunk_ends_with_a_state_that_goes_on_exactly():
    _, whole = play(FUR)
    big = FUR.edited({"width": 200, "height": 150, "steps": 60})  # polled every 16 steps
    _, big_whole = play(big)
    for params, want, polls in ((FUR, whole, 2), (big, big_whole, 3)):
        events = list(simulate(params, control=StopAt(polls, chunk=10**6)))
        end = events[-1]
        assert end.outcome is Outcome.STOPPED
        assert 0 < end.position < params.steps
        assert end.state.step == end.position
        _, rest = play(params, end.state)
        assert_same(rest.state, want.state)


def test_a_run_stopped_before_it_starts_still_ends_properly():
    events = list(simulate(FUR, control=StopAt(0)))
    assert [type(events[0]), type(events[-1])] == [Started, Ended]
    assert events[-1].outcome is Outcome.STOPPED
    assert events[-1].position == 0


def test_an_edit_holds_from_its_boundary_on():
    new = FUR.edited({"D_s": 0.2, "stencil": "9-point", "steps": 900})
    events, result = play(FUR, commands=[(300, new)])
    edited = next(event for event in events if isinstance(event, Edited))
    assert edited.position == 300
    assert edited.changed == {"stencil": ("5-point", "9-point"), "D_s": (0.1, 0.2), "steps": (1100, 900)}
    assert events[events.index(edited) - 1].step == 300
    assert result.state.params == new
    at_300 = next(event.state for event in events if isinstance(event, StepsDone) and event.step == 300)
    _, branch = play(new, at_300.with_params(new))
    assert_same(result.state, branch.state)


def test_several_commands_at_one_boundary_are_each_answered():
    paint = Paint("a", 3, 4, 1, 5.0)
    events, _ = play(FUR, commands=[(0, FUR.edited({"dt": 0.5})), (0, paint), (0, paint)])
    assert [type(event) for event in events[:4]] == [Started, Edited, Painted, Painted]


def test_an_edit_that_needs_a_restart_is_refused():
    generator = simulate(FUR)
    next(generator)
    with pytest.raises(ParamsError, match=r"^width: 30 is not allowed in a running run"):
        generator.send(FUR.edited({"width": 30}))
    with pytest.raises(ParamsError, match=r"^width: "):
        next(simulate(FUR.edited({"width": 30}), initial_state(FUR)))


def test_paint_goes_into_the_run_and_the_event():
    quiet = FurParams(width=20, height=16, steps=300)
    stroke = Paint("a", 19, 0, 2, 5.0)
    events, result = play(quiet, commands=[(100, stroke)])
    painted = next(event for event in events if isinstance(event, Painted))
    assert (painted.position, painted.paint) == (100, stroke)
    assert (painted.state.fields["a"] == 5).sum() == 13
    assert painted.state.fields["a"][15, 0] == 5  # round both edges
    assert result.state.fields["a"].max() > 0.5
    before = [e.code for e in events[: events.index(painted)] if isinstance(e, Notice)]
    assert before == ["extinct"]


def test_seeds_bring_a_pattern_and_none_brings_the_notice_with_its_threshold():
    events, _ = play(FUR)
    assert notices(events) == []
    events, result = play(FUR.edited({"seeds": 0, "s0": 3.0}))
    assert notices(events) == ["extinct"]
    notice = next(event for event in events if isinstance(event, Notice))
    assert notice.message.startswith("activator extinct, no pattern can form: plant seeds")
    threshold = growth_threshold(FUR, 3.01)
    assert f"above {threshold:.3g}" in notice.message
    assert result.state.fields["a"].max() < 1e-20


def test_the_growth_threshold_parts_growth_from_death():
    params = FurParams(width=3, height=3, D_a=0, D_s=0, rho_s=0, sigma_s=0.0075, s0=2.5, noise=0, steps=1)
    threshold = growth_threshold(params, 2.5)
    assert threshold == pytest.approx((2.5 - np.sqrt(2.5**2 - 2)) / 1.0)
    for factor in (0.999, 1.001):
        p = params.edited({"seeds": 9, "seed_value": threshold * factor})
        _, result = play(p)
        assert (result.state.fields["a"][0, 0] > p.seed_value) == (factor > 1)


def test_growth_threshold_limits():
    assert growth_threshold(FurParams(kappa_a=0), 4.0) == pytest.approx(0.25)
    assert growth_threshold(FurParams(kappa_a=10), 4.0) == np.inf
    assert growth_threshold(FurParams(mu_s=0), 0.1) == 0
    assert growth_threshold(FurParams(sigma_s=0), 0.0) == np.inf
    assert growth_threshold(FurParams(), 0.5) == growth_threshold(FurParams(), 2.5)  # s comes back to sigma_s/mu_s


def test_a_coat_that_stands_in_y_is_no_failure():
    assert marker_threshold(FurParams()) == pytest.approx(0.14854314511)
    assert "stays" in extinction(FurParams(), {"a": 0.0, "s": 2.5, "y": 0.3})
    assert "plant seeds" in extinction(FurParams(), {"a": 0.0, "s": 2.5, "y": 0.1})
    assert extinction(FurParams(), {"a": 2.0, "s": 2.5, "y": 0.1}) is None


def test_a_draw_without_seeds_is_said():
    params = FUR.edited({"seeds": 1e-9, "steps": 1})
    for state in (None, initial_state(params)):
        events, _ = play(params, state)
        assert "seeds-none" in notices(events)
        assert "1e-09" in next(event.message for event in events if isinstance(event, Notice))
    assert "seeds-none" not in notices(play(FUR)[0])
    assert "seeds-none" not in notices(play(FUR.edited({"seeds": 0}))[0])


def test_blow_up_is_found_at_its_step_and_the_last_good_state_is_kept():
    params = FUR.edited({"kappa_a": 0.0, "s0": 3.0})
    first = None
    for chunk in (1, 5, 1000):
        events, result = play(params, chunk=chunk)
        end = events[-1]
        assert (end.outcome, result.outcome) == (Outcome.DIVERGED, Outcome.DIVERGED)
        assert f"diverged at step {end.position + 1}: a became" in end.message
        for words in ("in cell ", "clip = 1000", "a smaller dt than 1", "kappa_a above 0"):
            assert words in end.message
        assert all(np.isfinite(field).all() and field.max() <= 1000 for field in result.state.fields.values())
        assert result.state.step == end.position
        first = first or result.state
        assert_same(result.state, first)


def test_a_field_that_is_no_number_is_divergence():
    params = TuringParams(width=8, height=8, steps=50)
    fields = {name: field.copy() for name, field in initial_state(params).fields.items()}
    fields["a"][2, 3] = fields["h"][2, 3] = 0.0  # a²/h = 0/0
    events, result = play(params, FieldState(params, 0, fields))
    assert result.outcome is Outcome.DIVERGED
    assert events[-1].message == (
        "diverged at step 1: a is no number (nan) in cell 3,2, whatever dt is: its equation has no finite value there"
    )


def test_a_parameter_that_no_dt_helps_against_is_named():
    events, _ = play(TuringParams(width=8, height=8, steps=50, kappa_a=1e300))
    assert "nan" in events[-1].message
    assert events[-1].message.endswith(
        "whatever dt is: its equation has no finite value there; kappa_a = 1e+300 is far from its default 0"
    )


def test_creeping_over_the_bound_is_cut_and_said_once():
    params = FurParams(width=8, height=8, seeds=3, s0=2.0, clip=2.2, steps=400)
    events, result = play(params, chunk=50)
    assert notices(events).count("clip-touched") == 1
    assert result.outcome is Outcome.COMPLETED
    assert max(field.max() for field in result.state.fields.values()) <= 2.2


def test_a_start_above_the_bound_is_cut_and_said():
    events, _ = play(DiffusionParams(width=8, height=8, seeds=2, seed_value=500, clip=400, steps=5))
    assert "clip-touched" in notices(events)


def test_a_step_too_long_for_positivity_is_said_at_the_start():
    events, _ = play(FurParams(width=8, height=8, seeds=2, rho_a=1.5, steps=10))
    notice = next(event for event in events if isinstance(event, Notice) and event.code == "positivity")
    assert notice.position == 0
    assert "for a" in notice.message
    assert "positivity" not in notices(play(FUR)[0])


def test_a_pattern_that_stands_still_ends_early_wherever_the_chunks_end():
    params = DiffusionParams(width=12, height=10, seeds=3, seed_value=50, steps=10**6)
    ends = set()
    for chunk in (64, 500, 10**6):
        events, result = play(params, chunk=chunk)
        assert result.outcome is Outcome.STEADY
        assert notices(events) == ["steady"]
        ends.add(result.state.step)
    assert len(ends) == 1
    # a stroke in answer to the last chunk makes the run go on
    (end,) = ends
    events, result = play(params, commands=[(end, Paint("C", 5, 5, 1, 90.0))])
    assert result.state.step > end
    assert result.outcome is Outcome.STEADY


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_faint_waves_that_still_grow_are_not_taken_for_the_end(dtype):
    noise = 1e-7 if dtype == "float64" else 1e-3
    params = TuringParams(width=24, height=24, noise=noise, dtype=dtype, steps=6000)
    _, result = play(params, chunk=10**6)
    assert np.ptp(result.state.fields["a"]) > 1


def test_values_that_cannot_matter_are_set_to_zero():
    _, result = play(FurParams(width=8, height=8, noise=0.01, steps=3500), chunk=10**6)
    assert result.state.fields["a"].max() == 0


def test_states_can_be_sent_to_another_process_and_stored():
    _, result = play(FUR.edited({"steps": 20}))
    assert_same(pickle.loads(pickle.dumps(result.state)), result.state)
    arrays = result.state.to_arrays()
    assert_same(FieldState.from_arrays(arrays), result.state)


@pytest.mark.parametrize(
    "change",
    [
        {"a": np.zeros((3, 3))},
        {"s": np.zeros((18, 24), "float32")},
        {META: pack_meta({"kind": "network", "params": {}, "step": 1})},
        {META: pack_meta({"kind": "moss", "params": {}, "step": 1})},
    ],
)
def test_arrays_of_another_make_are_refused(change):
    arrays = initial_state(FUR).to_arrays()
    assert unpack_meta(arrays[META])["kind"] == "fur"
    with pytest.raises((ValueError, KeyError)):
        FieldState.from_arrays({**arrays, **change})


rate = st.one_of(st.just(0.0), st.floats(1e-6, 3.0), st.floats(1e-6, 50.0))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.data())
def test_random_parameters_give_finite_fields_or_a_diagnosis(data):
    kind = data.draw(st.sampled_from([FurParams, TuringParams, DiffusionParams]))
    common = {
        "width": data.draw(st.integers(3, 12)),
        "height": data.draw(st.integers(3, 12)),
        "boundary": data.draw(st.sampled_from(["periodic", "zero-flux"])),
        "stencil": data.draw(st.sampled_from(["5-point", "9-point"])),
        "dtype": data.draw(st.sampled_from(["float64", "float32"])),
        "seeds": data.draw(st.integers(0, 9)),
        "seed_value": data.draw(st.floats(0, 1e6)),
        "dt": data.draw(st.floats(0.01, 5)),
        "clip": data.draw(st.floats(0.1, 1e9)),
        "steps": data.draw(st.integers(1, 60)),
        "noise": data.draw(st.floats(0, 5)),
    }
    fixed = {*common, "seed", "engine", "y_coupling", "method", "domain"}
    rates = {name: data.draw(rate) for name in kind.model_fields if name not in fixed}
    if kind is TuringParams:
        rates = {name: value or 0.01 for name, value in rates.items()}
    diffusions = [name for name in rates if name == "D" or name.startswith("D_")]
    rates |= {name: rates[name] / 50 * 0.25 / common["dt"] for name in diffusions}
    params = kind.check({**common, **rates})
    events, result = play(params, chunk=13)
    for event in events:
        if isinstance(event, StepsDone | Ended):
            for field in event.state.fields.values():
                assert np.isfinite(field).all()
                assert field.min() >= 0
                assert field.max() <= np.dtype(params.dtype).type(params.clip)
    assert result.outcome in {Outcome.COMPLETED, Outcome.DIVERGED, Outcome.STEADY}
    if result.outcome is Outcome.DIVERGED:
        assert (
            "try a smaller dt" in result.message
            or "whatever dt is: its equation has no finite value there" in result.message
        )


def test_a_run_that_stood_still_ends_the_same_when_it_goes_on():
    params = DiffusionParams(width=12, height=12, seeds=3, seed_value=50.0, steps=20_000)
    events, whole = play(params, chunk=500)
    assert whole.outcome is Outcome.STEADY
    assert sum(isinstance(event, StepsDone) and event.step == whole.state.step for event in events) == 1
    last = [event.state for event in events if isinstance(event, StepsDone)][-1]
    _, again = play(params, last)
    assert (again.outcome, again.message) == (whole.outcome, whole.message)
    assert_same(again.state, whole.state)
