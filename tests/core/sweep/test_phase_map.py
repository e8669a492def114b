"""The final patterns of a sweep over two parameters as one picture."""

from __future__ import annotations

import numpy as np
import pytest

from nnfd.core.errors import SweepError
from nnfd.core.params import presets
from nnfd.core.sweep.folder import Sweep, SweepRow
from nnfd.core.sweep.phase_map import PhaseMap, can_map, draw, phase_map, write_phase_map
from nnfd.core.sweep.spec import parse_spec
from tests.support.sweeps import SMALL, do

PATTERNS = {
    "preset": "turing-spots",
    "params": {"steps": 100, "width": 24, "height": 16},
    "grid": {"noise": [0.0, 0.02], "D_h": [0.1, 0.15, 0.2]},
    "seeds": [1, 2],
}


class TestPhaseMap:
    def test_it_shows_the_final_patterns_at_their_places(self, tmp_path):
        from PIL import Image

        sweep, _ = do(tmp_path / "s", PATTERNS, jobs=1)
        found = phase_map(sweep, sweep.rows())
        assert (found.across, list(found.columns)) == ("noise", [0.0, 0.02])
        assert (found.down, list(found.rows)) == ("D_h", [0.1, 0.15, 0.2])
        assert all(found.fields[0.0, row].std() == 0 for row in found.rows)
        assert all(found.fields[0.02, row].std() > 0 for row in found.rows)
        write_phase_map(sweep, sweep.rows(), tmp_path / "map.png")
        with Image.open(tmp_path / "map.png") as picture:
            assert picture.width > 2 * 120
            assert picture.height > 3 * 80
            pixels = np.asarray(picture)
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20

    def test_a_run_without_a_state_leaves_its_place_empty(self, tmp_path):
        sweep, _ = do(tmp_path / "s", PATTERNS | {"seeds": [1]}, jobs=1)
        (sweep.run_path(sweep.spec.points[0]) / "state.npz").unlink()
        (sweep.run_path(sweep.spec.points[1]) / "state.npz").write_bytes(b"garbage")
        found = phase_map(sweep, sweep.rows())
        assert len(found.fields) == 4
        write_phase_map(sweep, sweep.rows(), tmp_path / "map.png")

    def test_not_every_sweep_has_one(self, tmp_path):
        for spec in (SMALL, PATTERNS | {"grid": {"noise": [0.0]}}):
            with pytest.raises(SweepError, match="grid of two parameters"):
                phase_map(Sweep(tmp_path, parse_spec(spec)), [])

    def test_a_list_that_leaves_a_parameter_out_means_the_presets(self, tmp_path):
        base = presets.load(PATTERNS["preset"]).params
        rest = {key: PATTERNS[key] for key in ("preset", "params")}
        spec = {
            **rest,
            "list": [
                {"noise": 0.0, "D_h": 0.1},
                {"noise": 0.0},
                {"D_h": 0.1, "noise": 0.02},
                {"noise": 0.02, "D_h": base.D_h},
            ],
        }
        sweep, _ = do(tmp_path / "s", spec, jobs=1)
        found = phase_map(sweep, sweep.rows())
        assert list(found.rows) == [0.1, base.D_h]
        assert len(found.fields) == 4
        uneven = parse_spec({**rest, "list": [{"noise": 0.0, "D_h": 0.1}, {"noise": 0.02}]})
        assert not can_map(uneven)

    def test_only_what_is_done_is_a_final_pattern(self, tmp_path):
        sweep, _ = do(tmp_path / "s", PATTERNS | {"seeds": [1]}, jobs=1)
        states = ["done", "failed", "", "done", "done", "done"]
        rows = [SweepRow(row.index, row.varied, row.seed, s) for row, s in zip(sweep.rows(), states, strict=True)]
        assert set(phase_map(sweep, rows).fields) == {(0.0, 0.1), *((0.02, row) for row in (0.1, 0.15, 0.2))}
        assert len(phase_map(sweep, []).fields) == 0
        write_phase_map(sweep, [], tmp_path / "empty.png")

    def test_grids_of_several_sizes_keep_their_shape(self):
        grey = [np.full(shape, value) for value, shape in ((0.0, (10, 10)), (1.0, (10, 20)))]
        found = PhaseMap("width", "D_h", [10, 20], [0.1], "h", {(10, 0.1): grey[0], (20, 0.1): grey[1]})
        pixels = np.asarray(draw(found)).reshape(-1, 3)
        colours, counts = np.unique(pixels, axis=0, return_counts=True)
        areas = sorted(count for colour, count in zip(colours, counts, strict=True) if len(set(map(int, colour))) > 1)[
            -2:
        ]
        assert areas == [60 * 60, 60 * 120]
