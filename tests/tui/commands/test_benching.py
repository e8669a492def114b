"""``bench``: what it prints of figures, in a table and as JSON."""

import json

import pytest

from nnfd.core.proof import field_speed, large, peers, profile, speed, timing, waiting
from nnfd.core.proof.profile import ProfilePhase
from nnfd.core.proof.rows import MemoryRow, SpeedRow, ThreadsRow, WaitRow
from nnfd.core.proof.timing import Machine
from nnfd.tui.commands.benching import BAR_CELLS, bar

FAST, SLOW, LIMIT = (
    SpeedRow("fast / slow", 0.001, 0.004, 2.0, note="34 operations a cell"),
    SpeedRow("slow / fast", 0.003, 0.0015, 2.0),
    SpeedRow("it / its limit", 0.002, 0.001, None),
)


@pytest.fixture
def measured(monkeypatch):
    """Figures instead of measuring."""
    monkeypatch.setattr(speed, "network_rows", lambda: [FAST, LIMIT])
    monkeypatch.setattr(field_speed, "field_rows", lambda: [SLOW])
    monkeypatch.setattr(field_speed, "memory_row", lambda: MemoryRow("memory", 1_050_000, 1_000_000, 1.1))
    monkeypatch.setattr(field_speed, "threads_rows", lambda: [ThreadsRow("two / one", {48: 1.4, 64: 0.8, 96: 1.5})])
    monkeypatch.setattr(large, "large_rows", lambda _: ([FAST], MemoryRow("large", 200, 100, 2.5)))
    waits = [WaitRow("help", 0.1234, 0.15), WaitRow("paint", 0.6, 0.5), WaitRow("epoch", 1.5, 1.0, others=0.5)]
    monkeypatch.setattr(waiting, "wait_rows", lambda: iter(waits))
    monkeypatch.setattr(waiting, "sweep_row", lambda: SLOW)
    monkeypatch.setattr(profile, "phases", lambda: iter([ProfilePhase("epoch", "forward", 0.002, 0.5)]))
    monkeypatch.setattr(peers, "installed", lambda _: ["jax"])
    monkeypatch.setattr(timing, "this_machine", lambda: Machine("Abacus 3", 2))


def test_the_table_names_the_machine_judges_targets_and_tells_who_is_absent(run, measured):
    code, out, _ = run("bench", "--profile", "--large")
    lines = [" ".join(line.split()) for line in out.splitlines() if line]
    assert code == 0
    assert lines == [
        "Abacus 3, 2 cores; each timed in a process of its own, warmed up, by turns; medians of 7",
        "what ours other ratio 1/4x to 16x, │ target target bounds",
        "fast / slow 1,000 µs 4,000 µs 4.00x █████████│██······ >= 2x ok 34 operations a cell",
        "it / its limit 2,000 µs 1,000 µs 0.50x ███···············",
        "slow / fast 3,000 µs 1,500 µs 0.50x ███······│········ >= 2x MISSED",
        "fast / slow 1,000 µs 4,000 µs 4.00x █████████│██······ >= 2x ok 34 operations a cell",
        "memory 1.05 MB 1.00 MB 1.05x ██████│··········· <= 1.1x ok",
        "large 0.00 MB 0.00 MB 2.00x █████████·│······· <= 2.5x ok",
        "two / one: pay from 96x96 cells (48: 1.40x, 64: 0.80x, 96: 1.50x)",
        "not installed: py-pde, PyTorch",
        "not measured: how long commands take (--commands)",
        "where the time goes phase time share",
        "epoch forward 2,000 µs 50% ██████████",
    ]


def test_json_is_a_line_for_the_machine_and_one_for_each_figure(run, measured):
    code, out, _ = run("bench", "--json", "--profile", "--large")
    machine, *figures = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert machine == {
        "processor": "Abacus 3",
        "cores": 2,
        "not_installed": ["py-pde", "PyTorch"],
        "not_measured": ["how long commands take (--commands)"],
        "how": "each timed in a process of its own, warmed up, by turns",
        "medians_of": 7,
    }
    assert [(each["name"], each["ratio"], each["verdict"]) for each in figures[:6]] == [
        ("fast / slow", 4.0, "ok"),
        ("it / its limit", 0.5, None),
        ("slow / fast", 0.5, "MISSED"),
        ("fast / slow", 4.0, "ok"),
        ("memory", 1.05, "ok"),
        ("large", 2.0, "ok"),
    ]
    assert figures[0]["bounds"] == "34 operations a cell"
    assert (figures[0]["ours_s"], figures[0]["at_least"], figures[4]["at_most"]) == (0.001, 2.0, 1.1)
    assert figures[6:] == [
        {
            "name": "two / one",
            "ratio_by_side": {"48": 1.4, "64": 0.8, "96": 1.5},
            "pays_from_side": 96,
            "verdict": None,
        },
        {"of": "epoch", "phase": "forward", "s": 0.002, "share": 0.5},
    ]


def test_how_long_commands_take_is_measured_when_asked_for(run, measured):
    _, out, _ = run("bench", "--commands")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[7:10] == [
        "help 0.123 s <= 0.15 s ok",
        "paint 0.600 s <= 0.5 s MISSED",
        "epoch 1.500 s <= 1 s not judged: others use this machine",
    ]
    _, out, _ = run("bench", "--commands", "--json")
    figures = [json.loads(line) for line in out.splitlines()[1:]]
    assert [each["name"] for each in figures[:4]] == ["fast / slow", "it / its limit", "slow / fast", "slow / fast"]
    assert figures[5] == {"name": "help", "s": 0.1234, "at_most_s": 0.15, "others_cores": 0.0, "verdict": "ok"}
    assert figures[7]["verdict"] == "not judged: others use this machine"


def test_a_target_is_not_judged_where_others_use_the_machine(run, measured, monkeypatch):
    spoilt = SpeedRow("slow / fast", 0.003, 0.0015, 2.0, others=0.8, disturbed=True)
    monkeypatch.setattr(field_speed, "field_rows", lambda: [spoilt])
    monkeypatch.setattr(field_speed, "threads_rows", lambda: [ThreadsRow("two / one", {48: 0.5, 64: 2.0}, True)])
    told = run("bench")[1]
    assert "two / one: not judged: others use this machine, and for them two threads wait at each step" in told
    assert "(48: 0.50x, 64: 2.00x)" in told
    assert "not measured: a data set of 60,000 x 784 (--large)" in told
    _, out, _ = run("bench", "--json")
    figures = [json.loads(line) for line in out.splitlines()[1:]]
    assert [each["verdict"] for each in figures[:4]] == ["ok", None, "not judged: others use this machine", "ok"]
    assert figures[2]["others_cores"] == 0.8
    assert figures[-1]["verdict"] == "not judged: others use this machine"
    assert figures[-1]["pays_from_side"] is None


@pytest.mark.parametrize(("ratio", "filled"), [(1 / 64, 0), (1 / 4, 0), (1, 6), (4, 12), (16, 18), (1000, 18)])
def test_a_bar_is_as_long_as_the_logarithm_of_its_ratio(ratio, filled):
    assert bar(ratio, None) == "█" * filled + "·" * (BAR_CELLS - filled)


def test_where_a_second_thread_pays_it_does_so_at_all_larger_grids():
    assert ThreadsRow("", {48: 1.2, 64: 1.3}).pays_from == 48
    assert ThreadsRow("", {48: 1.2, 64: 1.0}).pays_from is None
