"""What a sweep's spec may say, and what it answers when it is wrong."""

from __future__ import annotations

import pytest

from nnfd.core.errors import NnfdError
from nnfd.core.sweep.spec import parse_spec, read_spec


def spec(**entries):
    return parse_spec({"preset": "relu-128", **entries})


def test_a_grid_is_every_combination_for_every_seed():
    sweep = spec(grid={"lr": [0.01, 0.1], "hidden": [[32], [32, 16]]}, seeds=3, params={"epochs": 5})
    assert len(sweep.points) == 12
    assert sweep.varied == ("lr", "hidden")
    assert {point.params.epochs for point in sweep.points} == {5}
    assert [point.params.seed for point in sweep.points[:3]] == [0, 1, 2]
    assert sweep.points[3].params.hidden == (32, 16)
    assert [point.folder for point in sweep.points[:2]] == ["run-00001", "run-00002"]


def test_without_seeds_the_presets_seed_holds():
    assert [point.params.seed for point in spec(grid={"lr": [0.01]}).points] == [42]


def test_a_list_is_taken_as_it_stands():
    sweep = spec(list=[{"lr": 0.1}, {"activation": "tanh"}], seeds=[7])
    assert [point.params.lr for point in sweep.points] == [0.1, 0.01]
    assert sweep.points[1].params.activation == "tanh"
    assert sweep.varied == ("lr", "activation")


def test_random_draws_repeat_and_stay_within_bounds():
    table = {
        "samples": 50,
        "lr": {"low": 1e-4, "high": 0.1, "log": True},
        "batch_size": {"low": 8, "high": 64},
        "hidden": {"values": [[16], [32]]},
    }
    first, second = spec(random=table), spec(random=table)
    assert [point.params for point in first.points] == [point.params for point in second.points]
    rates = [point.params.lr for point in first.points]
    assert all(1e-4 <= rate <= 0.1 for rate in rates)
    assert sum(rate < 0.01 for rate in rates) > 20, "a log scale puts two thirds of the draws below 0.01"
    assert {point.params.hidden for point in first.points} == {(16,), (32,)}


def test_a_byte_order_mark_of_its_file_is_no_content(tmp_path):
    (tmp_path / "s.toml").write_text('\ufeffpreset = "relu-128"\n[grid]\nlr = [0.1, 0.2]\n', encoding="utf-8")
    assert len(read_spec(tmp_path / "s.toml").points) == 2


def test_field_presets_can_be_swept():
    sweep = spec(preset="giraffe", grid={"D_s": [0.03, 0.05], "rho_a": [0.02, 0.03]})
    assert len(sweep.points) == 4


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "exactly one of grid, list and random is needed, found none of them"),
        ({"grid": {"lr": [1.0]}, "list": [{}]}, "found grid and list"),
        ({"grd": {}}, "unknown key 'grd'; did you mean 'grid'?"),
        ({"grid": {"lr": 0.1}}, "grid: each parameter needs a list of values"),
        ({"grid": {"lrr": [0.1]}}, "unknown parameter 'lrr' for kind network; did you mean 'lr'?"),
        ({"grid": {"lr": [0.1, -1.0]}}, "run with lr = -1: lr: -1 is not allowed"),
        ({"grid": {"seed": [1]}}, "seed: is varied by 'seeds', not here"),
        ({"grid": {"lr": [0.1]}, "seeds": 0}, "seeds: 0 is not allowed"),
        ({"grid": {"lr": [0.1]}, "seeds": []}, "seeds: [] is not allowed"),
        ({"random": {"samples": 0, "lr": {"low": 0.1, "high": 1.0}}}, "random.samples: 0 is not allowed"),
        ({"random": {"samples": 5}}, "random: no parameter is named"),
        ({"random": {"samples": 5, "lr": {"low": 1.0, "high": 0.1}}}, "random.lr:"),
        ({"random": {"samples": 5, "lr": {"low": 0, "high": 0.1, "log": True}}}, "random.lr:"),
        ({"list": []}, "list: it describes no run"),
        ({"preset": "relu-129", "list": [{"lr": 0.1}]}, "did you mean 'relu-128'?"),
        ({"grid": {"lr": list(range(1, 1000)), "epochs": list(range(1, 1000))}}, "are too many"),
    ],
)
def test_a_wrong_spec_is_one_clear_line(entries, message):
    with pytest.raises(NnfdError) as caught:
        spec(**entries)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_is_named_in_the_error(tmp_path):
    file = tmp_path / "sweep.toml"
    with pytest.raises(NnfdError, match="there is no such file"):
        read_spec(file)
    file.write_text("preset = [", encoding="utf-8")
    with pytest.raises(NnfdError, match="is not valid TOML"):
        read_spec(file)
    file.write_text('preset = "relu-128"\n[grid]\nlr = [-1.0]\n', encoding="utf-8")
    with pytest.raises(NnfdError, match=r"sweep.toml.*lr: -1 is not allowed"):
        read_spec(file)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"random": {"samples": 5, "lr": {"low": 0.1, "high": float("inf")}}}, "random.lr:"),
        ({"random": {"samples": 5, "lr": {"low": float("-inf"), "high": 1.0}}}, "random.lr:"),
        ({"random": {"samples": 5, "lr": {"low": -1e308, "high": 1e308}}}, "random.lr:"),
        ({"random": {"samples": 5, "epochs": {"low": 1, "high": 10**400}}}, "random.epochs:"),
        ({"random": {"samples": 5, "epochs": {"low": 1, "high": 16**5000}}}, "random.epochs: this is not allowed"),
        ({"random": {"samples": 5, "lr": {"low": False, "high": True}}}, "random.lr:"),
        ({"grid": {"lr": [0.1]}, "seeds": 10**18}, "seeds: 1000000000000000000 is not allowed"),
        ({"grid": {"lr": [0.1]}, "seeds": [3, 1, 3]}, "seeds: 3 is there twice"),
        (
            {"grid": {name: list(range(1, 400)) for name in ("lr", "epochs", "l2", "batch_size", "patience")}},
            "too many",
        ),
        ({"grid": {}}, "grid: it describes no run"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_numbers_beyond_all_bounds_are_one_line_at_once(entries, message):
    with pytest.raises(NnfdError) as caught:
        spec(**entries)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content",
    [
        "lr = " + "[" * 100_000,
        "seeds = " + "1" * 5000,
        'preset = "relu-128"\nseeds = 0x' + "f" * 5000 + "\n[grid]\nlr = [0.1]\n",
        'preset = "relu-128"\n[grid]\nepochs = [0x' + "f" * 5000 + "]\n",
        'preset = "relu-128"\n[grid]\n"\\u001b[31mred" = [1]\n',
        'preset = "relu-128"\n[grid]\nactivation = ["\\u001b[31mred"]\n',
        'preset = "relu-128"\n[random]\nsamples = 1\n"\\u001b[31m" = 1\n',
    ],
    ids=["nested", "digits", "seeds", "value", "name", "text", "rule"],
)
def test_files_made_to_break_a_reader_are_one_safe_line(tmp_path, content):
    file = tmp_path / "sweep.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(NnfdError) as caught:
        read_spec(file)
    assert str(caught.value).isprintable()


def test_a_path_that_is_too_long(run):
    code, _, err = run("sweep", "--headless", "x" * 5000)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_points_that_come_again_are_dropped():
    def rates(**entries):
        return [point.params.lr for point in spec(**entries).points]

    assert rates(grid={"lr": [0.1, 0.2, 0.1, 1, 1.0]}) == [0.1, 0.2, 1.0]
    assert len(rates(list=[{"lr": 0.1, "l2": 0.0}, {"l2": 0.0, "lr": 0.1}], seeds=2)) == 2
    assert len(rates(random={"samples": 50, "batch_size": {"low": 1, "high": 3}})) == 3


def test_whole_numbers_are_drawn_evenly_up_to_both_ends():
    epochs = spec(random={"samples": 3000, "epochs": {"low": 1, "high": 3}, "lr": {"low": 0.1, "high": 1.0}}).points
    counts = [sum(point.params.epochs == n for point in epochs) for n in (1, 2, 3)]
    assert sum(counts) == 3000
    assert min(counts) > 900, "round() would give the ends half as often"


def test_lists_of_cells_are_taken_wherever_values_are():
    cells = [[3, 4], [1, 2]]
    assert spec(preset="cheetah", params={"seeds": cells}, grid={"dt": [0.5]}).points[0].params.seeds == (
        (3, 4),
        (1, 2),
    )
    swept = spec(preset="cheetah", grid={"seeds": [cells, 5]})
    assert [point.params.seeds for point in swept.points] == [((3, 4), (1, 2)), 5]


def test_files_are_named_by_their_full_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    swept = spec(grid={"dataset": ["digits", "d.csv"]})
    assert [point.params.dataset for point in swept.points] == ["digits", str(tmp_path / "d.csv")]
    held = spec(preset="cheetah", params={"seeds": "seeds.png"}, grid={"dt": [0.5]})
    assert held.points[0].params.seeds == str(tmp_path / "seeds.png")
