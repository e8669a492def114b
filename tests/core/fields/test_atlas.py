"""The living atlas: axes, the region that is predicted, and patterns that grow there as each would alone."""

import itertools

import numpy as np
import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.fields.atlas import atlas as atlas_module
from nnfd.core.fields.atlas.atlas import LEAST_SIDE, Atlas, Fate
from nnfd.core.fields.atlas.axes import Axis, default_axes, read_axis
from nnfd.core.fields.atlas.patterns import Patterns
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.seeds import start_fields
from nnfd.core.fields.stability import prediction
from nnfd.core.params import params_of
from nnfd.core.params.model import read_model
from nnfd.core.params.presets import load

GRAY_SCOTT, SCHNAKENBERG = load("gray-scott").params, load("schnakenberg").params


def atlas_of(params, across, up, cells=(2, 2), **more):
    made = Atlas(params, read_axis(across, params, cells[0]), read_axis(up, params, cells[1]), **more)
    assert list(made.region()) == [*range(1, cells[1] + 1)]
    return made


def grown(made):
    """Its patterns, once all steps are done."""
    patterns = Patterns(made)
    while not patterns.is_over:
        patterns.advance()
    return patterns


def alone(patterns, place):
    """The field that is shown of a cell, as a run of its own."""
    small = patterns.atlas.small(place)
    kernel = NumpyKernel(small, start_fields(small))
    for _ in range(patterns.step):
        kernel.advance(1)
    return kernel.fields()[patterns.field]


class TestAxes:
    def test_an_axis_is_read_and_written_alike(self):
        axis = read_axis(" F = 0.02:6e-2 ", GRAY_SCOTT, 5)
        assert axis == Axis("F", 0.02, 0.06, 5)
        assert axis.values == pytest.approx([0.02, 0.03, 0.04, 0.05, 0.06])
        assert str(axis) == "F=0.02:0.06"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("F", "'F' is not allowed: write it as NAME=LOW:HIGH"),
            ("K=0.1:0.2", "no number 'K'; did you mean 'k'?"),
            ("noise=0:1", "no number 'noise'"),
            ("width=10:20", "no number 'width'"),
            ("F=0.06:0.02", "F=0.06:0.02 is not allowed: the first number is to be less than the second"),
            ("F=0.02:0.02", "to be less"),
            ("F=0:1e999", "to be less"),
            ("F=1_0:20", "plain digits"),
            ("F=-1:0.02", "F=-1:0.02 is not allowed: F is at least 0"),
        ],
    )
    def test_what_is_wrong_is_said(self, text, said):
        with pytest.raises(ParamsError) as failed:
            read_axis(text, GRAY_SCOTT, 5)
        assert said in str(failed.value)
        assert "\n" not in str(failed.value)

    def test_one_column_is_no_axis(self):
        with pytest.raises(ParamsError, match="at least 2 columns"):
            read_axis("F=0.02:0.06", GRAY_SCOTT, 1)

    def test_what_varies_in_a_preset_comes_first_with_its_range(self):
        found = {axis.name: axis for axis in default_axes(load("gray-scott-map").params)}
        assert found.keys() == {"F", "k"}
        assert (found["F"].low, found["F"].high) == pytest.approx((0.014, 0.064), abs=0.001)

    def test_else_what_decides_whether_there_is_a_pattern(self):
        across, up = default_axes(SCHNAKENBERG)
        for axis in (across, up):
            ends = [prediction(SCHNAKENBERG.edited({axis.name: end, "dt": 1e-9})) for end in (axis.low, axis.high)]
            assert len({end.wavelength is None for end in ends}) == 2


class TestRegion:
    def test_each_point_is_told_as_it_is_alone(self):
        made = atlas_of(SCHNAKENBERG, "a=0.02:0.4", "b=0.4:1.6", (4, 3))
        assert {each.fate for row in made.forecasts for each in row} == {Fate.PATTERN, Fate.UNIFORM, Fate.OPEN}
        for row, forecasts in zip(made.points, made.forecasts, strict=True):
            for point, forecast in zip(row, forecasts, strict=True):
                assert forecast.wavelength == prediction(point).wavelength

    def test_the_boundary_is_where_a_neighbour_has_another_fate(self):
        made = atlas_of(load("brusselator").params, "A=4:5", "B=5:8", (2, 4))
        pattern = made.where(Fate.PATTERN)
        assert not pattern[0].any()
        assert pattern[3].all()
        differs = (pattern[1:] != pattern[:-1]).any(axis=1)
        expected = np.array([differs[0], differs[0] | differs[1], differs[1] | differs[2], differs[2]])
        assert (made.on_boundary == expected[:, None]).all()

    def test_a_side_holds_some_waves_and_a_time_step_suits_all_points(self):
        made = atlas_of(load("turing-spots").params, "D_h=0.2:0.8", "mu_h=0.02:0.03")
        waves = [each.wavelength for row in made.forecasts for each in row]
        assert made.side == np.ceil(2.5 * np.median(waves)) > 1.5 * max(waves)
        assert [point.dt for row in made.points for point in row] == pytest.approx([0.9 / (4 * 0.8)] * 4)
        assert made.points[1][0].edited({}).width == 128  # a sound run at the preset's own size

    def test_two_axes_of_one_name_and_other_maps_are_refused(self):
        axis = read_axis("F=0.02:0.06", GRAY_SCOTT, 3)
        with pytest.raises(ParamsError, match="axis: both are F"):
            Atlas(GRAY_SCOTT, axis, axis)
        mapped = load("gray-scott-map").params
        with pytest.raises(ParamsError, match="k: it varies over the grid here"):
            Atlas(mapped, axis, read_axis("D_u=0.1:0.2", mapped, 2))

    def test_what_does_not_fit_into_the_memory_is_refused_with_figure_and_limit(self, monkeypatch):
        monkeypatch.setattr(atlas_module, "room", lambda: 2_000_000)
        with pytest.raises(ParamsError) as failed:
            atlas_of(GRAY_SCOTT, "F=0.02:0.06", "k=0.05:0.06", (40, 30))
        needed = 40 * 30 * (LEAST_SIDE + 1) ** 2 * 8 * (6 * 2 + 3 * 11) / 1e6
        assert str(failed.value) == (
            f"cells: 40 x 30 patterns of 16 x 16 cells are not allowed here: they need about {needed:.1f} MB of memory,"
            " and 2.0 MB can be had"
        )


class TestPatterns:
    def test_each_pattern_is_what_a_run_of_its_own_would_be(self):
        made = atlas_of(GRAY_SCOTT, "F=0.02:0.06", "D_u=0.1:0.2", (3, 2), side=12, steps=40)
        patterns = grown(made)
        assert patterns.step == 40
        for place in itertools.product(range(2), range(3)):
            assert np.abs(patterns.shown()[place] - alone(patterns, place)).max() < 1e-13
            assert made.across.values[place[1]] == patterns.state(place).params.F
            assert patterns.state(place).params.D_u == made.up.values[place[0]]

    def test_coordinates_in_equations_are_those_of_the_small_grid(self):
        model = read_model(
            {
                "fields": ["u"],
                "equations": {"u": "D*lap(u) + g*(x/width + 2*y/height - u)"},
                "parameters": {"D": {"default": 0.1}, "g": {"default": 0.1}},
                "start": {"u": "1"},
            }
        )
        patterns = grown(atlas_of(params_of(model).check({}), "D=0.1:0.2", "g=0.1:0.3", side=5, steps=7))
        for place in itertools.product(range(2), range(2)):
            assert np.abs(patterns.shown()[place] - alone(patterns, place)).max() < 1e-13

    def test_one_that_leaves_all_bounds_is_taken_out_and_the_others_go_on(self):
        model = read_model(
            {
                "fields": ["u"],
                "equations": {"u": "D*lap(u) + g*u^2"},
                "parameters": {"D": {"default": 0.1}, "g": {"default": 0.1}, "noise": {"default": 0.5}},
                "start": {"u": "1"},
            }
        )
        bounded = params_of(model).check({"clip": 10})
        patterns = grown(atlas_of(bounded, "D=0.1:0.2", "g=0.01:2", side=5, steps=20))
        assert patterns.step == 20
        assert patterns.lost.tolist() == [[False, False], [True, True]]
        assert np.isnan(patterns.shown()[1]).all()
        assert patterns.look((1, 0)) is None
        assert np.abs(patterns.shown()[0, 1] - alone(patterns, (0, 1))).max() < 1e-13

    def test_seeds_are_as_dense_as_in_the_preset(self):
        sown = GRAY_SCOTT.edited({"seeds": 100})
        made = atlas_of(sown, "F=0.02:0.06", "k=0.05:0.06", side=20)
        assert made.small((0, 0)).seeds == 4  # 100 on 100 x 100 cells
        chosen = atlas_of(GRAY_SCOTT.edited({"seeds": ((50, 99),)}), "F=0.02:0.06", "k=0.05:0.06", side=20)
        assert chosen.small((0, 0)).seeds == ((10, 19),)

    def test_a_field_that_is_flat_is_no_pattern_and_noise_fades_where_it_is_told(self):
        made = atlas_of(load("brusselator").params, "A=4:4.5", "B=4:4.5", side=10, steps=1600)
        assert Patterns(made).patterned().all()  # the noise of the start
        patterns = grown(made)
        assert not patterns.patterned().any()
        assert patterns.agreement() == (4, 4)
        assert patterns.look((0, 0)).words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "across", "up"),
    [("brusselator", "B=5.5:8.5", "D_X=1:3.5"), ("schnakenberg", "a=0.08:0.3", "D_u=0.004:0.04")],
)
def test_the_predicted_boundary_parts_patterned_from_uniform_points(preset, across, up):
    params = load(preset).params.edited({"engine": "numpy"})
    made = atlas_of(params, across, up, (8, 6))
    patterns = grown(made)
    agreeing, counted = patterns.agreement()
    assert counted >= 16
    for fate in (Fate.PATTERN, Fate.UNIFORM):
        assert (made.where(fate) & ~made.on_boundary).sum() >= 4
    assert agreeing >= 0.95 * counted
