"""Parameters that vary: what may stand there, their bounds, and the time step that they allow."""

import pickle

import pytest
from PIL import Image

from nnfd.core.errors import ParamsError
from nnfd.core.params import FurParams
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model, shipped_model

GRAY_SCOTT = params_of(shipped_model("gray-scott"))


@pytest.fixture
def picture(tmp_path, monkeypatch):
    """A picture black at the left and white at the right, named by a path from here."""
    monkeypatch.chdir(tmp_path)
    grey = Image.new("L", (2, 1), 0)
    grey.putpixel((1, 0), 255)
    grey.save(tmp_path / "map.png")
    return tmp_path / "map.png"


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.03", 0.03), (" 3e-2 ", 0.03), ("2*0.015", 0.03), ("0.02 + x/1000", "0.02 + x/1000"), (0.03, 0.03), (1, 1.0)],
)
def test_a_number_stays_a_number_and_a_formula_a_text(text, value):
    params = GRAY_SCOTT.check({"F": text})
    assert value == params.F
    assert type(params.F) is type(value)
    assert pickle.loads(pickle.dumps(params)) == params


def test_a_picture_is_named_by_its_full_path_and_its_content(picture):
    params = GRAY_SCOTT.check({"F": "map.png 0.02..0.05"}, text=True)
    path, _, mark = params.F.partition(" 0.02..0.05 #")
    assert (path, len(mark)) == (str(picture), 16)
    assert params.ranges() == {"F": (0.02, 0.05)}
    picture.write_bytes(b"another")
    assert GRAY_SCOTT.check(params.values()) == params  # what a run has kept is not looked at again
    assert GRAY_SCOTT.check({"F": f"{picture} 0.02..0.05"}).F != params.F


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("abs", "F: 'abs' is not allowed: a number, a formula in x y t, or a picture, column 1: abs is a function"),
        ("0.1 + q", "F: '0.1 + q' is not allowed: .*column 7: 'q' is not known; known are x, y, t, width, height, pi"),
        ("lap(x)", "F: 'lap(x)' is not allowed: .*column 1: there is no function 'lap'"),
        ("1_0", "F: '1_0' is not allowed: write numbers in plain digits"),
        ("log(-1)", "F: 'log(-1)' is not allowed: this formula has no value"),
        ("1/x", "F: 1/x is not allowed: it has no finite value somewhere"),
        ("0.5 - x/width", "F: 0.5 - x/width is not allowed: it goes from -0.4917 to 0.5 (allowed: at least 0)"),
        ("0.01*cos(t)", "F: 0.01*cos(t) is not allowed: it goes from -0.0"),
        ("map.png -1..1", "F: .* is not allowed: it goes from -1 to 1 (allowed: at least 0)"),
        ("map.png", "F: 'map.png' is not allowed: a picture is written with what black and white stand for"),
        ("no.png 0..1", "F: 'no.png 0..1' is not allowed: picture 'no.png': there is no such file"),
    ],
)
@pytest.mark.usefixtures("picture")
def test_what_cannot_be_is_one_line(value, message):
    with pytest.raises(ParamsError) as caught:
        GRAY_SCOTT.check({"F": value}, text=True)
    pattern = message.replace(".*", "\0")
    start, _, rest = pattern.partition("\0")
    assert str(caught.value).startswith(start)
    assert rest in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_every_run_has_stays_a_number():
    for name in ("dt", "seed_value", "clip", "width"):
        with pytest.raises(ParamsError, match=f"^{name}: 'x/width' is not allowed"):
            GRAY_SCOTT.check({name: "x/width"}, text=True)
    with pytest.raises(ParamsError, match=r"^y_coupling: 'x' is not allowed"):
        FurParams.check({"y_coupling": "x"})


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        ({"D_u": "0.1 + 0.4*x/(width - 1)"}, 0.5),
        ({"D_u": "0.3 + 0.2*(x - 7)/100*where(x == 19, 1, 0)"}, 2 / 8 / 0.324),
        ({"D_u": "map.png 0.1..0.4"}, 0.625),
        ({"D_u": "0.25*exp(-t)"}, 1.0),
        ({"D_u": "0.1 + t/1000", "steps": 100, "dt": 0.5}, 1.25 * 0.2 / 0.15),
    ],
)
@pytest.mark.usefixtures("picture")
def test_the_longest_time_step_is_that_of_the_largest_value(values, limit):
    params = GRAY_SCOTT.check({"width": 20, "height": 10, "dt": 0.2, "D_v": 0.0, **values})
    assert params.dt_limit() == pytest.approx(limit)
    with pytest.raises(ParamsError, match=r"^dt: 9 is not allowed: the 5-point stencil with D_u up to [01]"):
        params.edited({"dt": 9.0})


def test_coordinates_in_the_equations_count_too_and_so_does_each_direction():
    table = {
        "fields": ["u"],
        "equations": {"u": "(0.1 + x/width)*lap(u) + D_x*dxx(u)"},
        "parameters": {"D_x": {"default": 0.1}},
    }
    params = params_of(read_model(table)).check({"width": 10, "dt": 0.1, "D_x": "0.2*y/height", "height": 4})
    assert params.damping() == {"u": pytest.approx(8 * 1.0 + 4 * 0.15)}


def test_one_number_stands_for_what_varies_where_one_is_needed():
    params = FurParams(s0="2 + x/width", D_a="0.01*exp(-t/1000)", width=10, steps=1000)
    assert params.settled().s0 == pytest.approx(2.45)
    assert params.about("s0") == "It goes from 2 to 2.9."
    assert (params.about("D_s"), FurParams().settled()) == ("", FurParams())
