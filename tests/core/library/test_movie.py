"""A network run as pictures: what each pixel stands for, one frame a kept epoch, and what is refused."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.library import export, movie
from nnfd.core.library.export import export_run
from nnfd.core.library.movie import CELL, PLANE, draw_each, view_of
from nnfd.core.library.report.curves import COLOURS, Curve, Figure, svg
from nnfd.core.library.report.raster import SCALE, write_png
from nnfd.core.network.data import load
from nnfd.core.network.evaluate import evaluate
from nnfd.core.network.insight.plane import Window
from nnfd.core.network.train import model_at
from nnfd.core.runs.folder import RunFolder
from nnfd.tui import cli


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Give a run on digits, one on points in the plane and one on three classes of four features."""
    root = tmp_path_factory.mktemp("runs")
    for name, flags in {"digits": "relu-128 --hidden 7", "moons": "moons --hidden 5", "iris": "--dataset iris"}.items():
        where = ("--epochs", "3", "--patience", "0", "--run-dir", str(root / name))
        assert cli.main(["train", *flags.split(), "--headless", "--quiet", *where]) == 0
    return root


def drawn(runs, name, view):
    folder = RunFolder.open(runs / name)
    state = folder.saved_state()
    weights = [folder.frames().load(step) for step in folder.frames().steps()]
    models = [model_at(state.params, state.layer_sizes, w["theta"], w.get("stats")) for w in weights]
    return models, list(draw_each(state, weights, view_of(state, view))), load(state.params)


def test_the_matrix_is_the_confusion_of_the_test_set_by_rows(runs):
    models, pictures, data = drawn(runs, "digits", "matrix")
    assert len(pictures) == len(models) == 3
    for model, picture in zip(models, pictures, strict=True):
        confusion = evaluate(model, data.X_test, data.y_test, data.class_names).confusion
        assert picture.shape == (10 * CELL, 10 * CELL)
        np.testing.assert_allclose(picture[::CELL, ::CELL], confusion / confusion.sum(axis=1, keepdims=True))
        np.testing.assert_array_equal(picture[1::CELL, 5::CELL], picture[::CELL, ::CELL])


def test_weights_are_one_picture_a_unit_with_gaps_between(runs):
    models, pictures, _ = drawn(runs, "digits", "weights")
    np.testing.assert_array_equal(pictures[-1][:8, :8].ravel(), models[-1].W[0][:, 0])
    np.testing.assert_array_equal(pictures[-1][9:17, :8].ravel(), models[-1].W[0][:, 3])
    assert np.isnan(pictures[-1][8]).all()
    assert np.isfinite(pictures[-1]).sum() == models[-1].W[0].size
    models, pictures, _ = drawn(runs, "iris", "weights")
    assert np.isfinite(pictures[0]).sum() == models[0].W[0].size


def test_the_plane_is_the_probability_of_the_second_of_two_classes(runs):
    models, pictures, data = drawn(runs, "moons", "plane")
    grid = Window.around(data).shaped(PLANE, PLANE).grid(PLANE, PLANE)
    p = models[-1].predict_proba(data.standardise(grid))[:, 1].reshape(PLANE, PLANE)
    np.testing.assert_allclose(pictures[-1], p, atol=1e-9)


@pytest.mark.parametrize("view", [None, "weights", "plane"])
def test_a_gif_has_the_kept_epochs_on_one_scale(runs, tmp_path, view):
    export_run(RunFolder.open(runs / "moons"), tmp_path / "m.gif", field=view, zoom=2)
    with Image.open(tmp_path / "m.gif") as gif:
        assert gif.n_frames == 3


def test_each_network_is_drawn_once_and_what_cannot_be_held_again(runs, tmp_path, monkeypatch):
    counts = []
    for most in (export.MOST_DRAWN, 8 * PLANE**2):  # all of them; one
        monkeypatch.setattr(export, "MOST_DRAWN", most)
        seen = []
        monkeypatch.setattr(movie, "model_at", lambda *what, seen=seen: (seen.append(1), model_at(*what))[1])
        export_run(RunFolder.open(runs / "moons"), tmp_path / f"{most}.gif", field="plane", zoom=1)
        counts.append(len(seen))
    assert counts == [3, 5]
    one, other = ((tmp_path / f"{most}.gif").read_bytes() for most in (64 << 20, 8 * PLANE**2))
    assert one == other


def test_curves_go_to_svg_and_png(runs, tmp_path):
    for suffix in ("svg", "png"):
        export_run(RunFolder.open(runs / "iris"), tmp_path / f"c.{suffix}")
    text = (tmp_path / "c.svg").read_text(encoding="utf-8")
    words = {element.text for element in ElementTree.fromstring(text).iter() if element.text}
    assert {"loss (mean cross-entropy)", "accuracy", "train", "validation", "epoch"} <= words
    assert "var(" not in text
    with Image.open(tmp_path / "c.png") as png:
        colours = {colour for _, colour in png.getcolors(png.width * png.height)}
    assert {tuple(bytes.fromhex(COLOURS[name][1:])) for name in ("ink", "line", "one", "two", "mark")} <= colours


def test_the_picture_of_a_chart_has_its_points_where_the_drawing_has_them(tmp_path):
    figure = Figure([Curve.of("a", [0, 1, 2], [0, 1, 0])], "t", "x")
    (points,) = re.findall(r'polyline points="([^"]+)"', svg([figure]))
    with (tmp_path / "c.png").open("wb") as file:
        write_png(file, [figure])
    with Image.open(tmp_path / "c.png") as png:
        for x, y in (map(float, point.split(",")) for point in points.split()):
            here = png.getpixel((min(int(x * SCALE), png.width - 1), int((y + 24) * SCALE)))
            assert here == tuple(bytes.fromhex(COLOURS["one"][1:]))


@pytest.mark.parametrize(
    ("run", "options", "message"),
    [
        ("digits", {"field": "plane"}, "--field: 'plane' is not allowed: digits has 64 features, not 2"),
        ("digits", {"field": "matrx"}, "--field: 'matrx' is not known; did you mean 'matrix'"),
        ("digits", {"step": 2}, "--step: 2 is not allowed: an animation shows every kept epoch"),
        ("digits", {"zoom": 0}, "--zoom: 0 is not allowed: 1 to 64"),
        ("digits", {"colormap": "rainbow"}, "colormap: 'rainbow' is not known"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_a_file_is_made(runs, tmp_path, run, options, message):
    with pytest.raises(ParamsError, match=re.escape(message)):
        export_run(RunFolder.open(runs / run), tmp_path / "m.gif", **options)
    assert not list(tmp_path.iterdir())


def test_a_run_whose_data_has_changed_has_no_movie(tmp_path, run):
    rows = "".join(f"{i},{i % 7},{'ab'[i % 2]}\n" for i in range(80))
    (tmp_path / "d.csv").write_text("x,y,label\n" + rows, encoding="utf-8")
    where = ("--dataset", str(tmp_path / "d.csv"), "--run-dir", str(tmp_path / "r"))
    assert run("train", "--headless", "--quiet", "--epochs", "2", *where)[0] == 0
    (tmp_path / "d.csv").write_text("x,y,label\n1,1,a\n" + rows, encoding="utf-8")
    with pytest.raises(NnfdError, match=r"d\.csv"):
        export_run(RunFolder.open(tmp_path / "r"), tmp_path / "m.gif")
