"""What does not fit into the memory is refused before it is taken."""

import tracemalloc

import pytest

from nnfd.core.engine.control import run_to_end
from nnfd.core.errors import ParamsError
from nnfd.core.fields import memory
from nnfd.core.fields.seeds import start_fields
from nnfd.core.fields.simulate import simulate
from nnfd.core.library.export import export_run
from nnfd.core.params import FurParams
from nnfd.core.runs.folder import RunFolder

LARGE = FurParams(width=8192, height=8192, seeds=1)


@pytest.fixture
def small_machine(monkeypatch):
    for user in ("nnfd.core.fields.memory", "nnfd.core.library.export"):
        monkeypatch.setattr(f"{user}.room", lambda: 1_000_000_000)


def test_a_grid_is_refused_with_the_figure_and_the_limit(small_machine):
    words = "width, height: 8192 x 8192 cells are not allowed here: .* 9.7 GB of memory, and 1.0 GB can be had"
    with pytest.raises(ParamsError, match=words):
        next(simulate(LARGE))
    with pytest.raises(ParamsError, match=words):
        start_fields(LARGE)


def test_the_estimate_grows_with_cells_and_fields():
    assert memory.memory_needed(LARGE) == 4 * memory.memory_needed(LARGE.edited({"width": 2048}))


def test_domains_and_maps_count_too():
    plain = FurParams(width=300, height=300, steps=1, engine="numpy")
    full = plain.edited({"domain": "fish", "D_a": "0.01*x/width", "s0": "2 + y/height"})
    peaks = []
    for params in (plain, full):
        tracemalloc.start()
        try:
            run_to_end(simulate(params))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    for params, peak in zip((plain, full), peaks, strict=True):
        assert 0.4 < memory.memory_needed(params) / peak < 2.5


@pytest.mark.parametrize(
    ("name", "zoom", "words"),
    [
        ("a.gif", 33, "66000 x 99 pixels is no GIF, which has up to 65535 a side"),
        ("a.png", 64, "128000 x 192 pixels needs about 73.7 MB of memory, and 50.0 MB can be had"),
    ],
)
def test_a_picture_that_cannot_be_is_refused(tmp_path, run, monkeypatch, name, zoom, words):
    flags = ("--steps", "5", "--width", "2000", "--height", "3", "--seeds", "5", "--run-dir", str(tmp_path / "w"))
    assert run("fur", "--headless", "--quiet", *flags)[0] == 0
    monkeypatch.setattr("nnfd.core.library.export.room", lambda: 50_000_000)
    with pytest.raises(ParamsError, match=words):
        export_run(RunFolder.open(tmp_path / "w"), tmp_path / name, zoom=zoom)
    assert not (tmp_path / name).exists()
