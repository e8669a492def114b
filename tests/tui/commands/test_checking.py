"""``bench``: what it prints of figures, in a table and as JSON."""

import json

import pytest

from nnfd.core.proof import peers, speed, timing
from nnfd.core.proof.speed import MemoryRow, SpeedRow
from nnfd.core.proof.timing import Machine

FAST, SLOW, LIMIT = (
    SpeedRow("fast / slow", 0.001, 0.003, 2.0, note="34 operations a cell"),
    SpeedRow("slow / fast", 0.003, 0.0015, 2.0),
    SpeedRow("it / its limit", 0.002, 0.001, None),
)


@pytest.fixture
def measured(monkeypatch):
    """Figures instead of measuring; returns what sets how busy the machine is."""
    monkeypatch.setattr(speed, "network_rows", lambda: [FAST, LIMIT])
    monkeypatch.setattr(speed, "field_rows", lambda: [SLOW])
    monkeypatch.setattr(speed, "memory_row", lambda: MemoryRow("memory", 1_000_000, 1_050_000, 1.1))
    monkeypatch.setattr(peers, "installed", lambda: ["jax"])

    def load(value: float) -> None:
        monkeypatch.setattr(timing, "this_machine", lambda: Machine("Abacus 3", 2, value))

    load(0.1)
    return load


def test_the_table_names_the_machine_judges_targets_and_tells_who_is_absent(run, measured):
    code, out, _ = run("bench")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert lines == [
        "Abacus 3, 2 cores, load 0.1 before",
        "what ours other ratio target bounds",
        "fast / slow 1,000 µs 3,000 µs 3.00x >= 2x ok 34 operations a cell",
        "it / its limit 2,000 µs 1,000 µs 0.50x",
        "slow / fast 3,000 µs 1,500 µs 0.50x >= 2x MISSED",
        "memory 1.05 MB 1.00 MB 1.05x <= 1.1x ok",
        "not installed: PyTorch",
    ]


def test_json_is_a_line_for_the_machine_and_one_for_each_figure(run, measured):
    code, out, _ = run("bench", "--json")
    machine, *figures = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert machine == {"processor": "Abacus 3", "cores": 2, "load": 0.1, "not_installed": ["PyTorch"]}
    assert [(each["name"], each["ratio"], each["verdict"]) for each in figures] == [
        ("fast / slow", 3.0, "ok"),
        ("it / its limit", 0.5, None),
        ("slow / fast", 0.5, "MISSED"),
        ("memory", 1.05, "ok"),
    ]
    assert figures[0]["bounds"] == "34 operations a cell"
    assert (figures[0]["ours_s"], figures[0]["at_least"], figures[3]["at_most"]) == (0.001, 2.0, 1.1)


@pytest.mark.parametrize("why", ["busy before", "disturbed meanwhile"])
def test_a_target_is_not_judged_where_others_use_the_machine(run, measured, monkeypatch, why):
    if why == "busy before":
        measured(3.0)
    else:
        monkeypatch.setattr(speed, "field_rows", lambda: [SpeedRow("slow / fast", 0.003, 0.0015, 2.0, disturbed=True)])
    _, out, _ = run("bench", "--json")
    verdicts = [json.loads(line)["verdict"] for line in out.splitlines()[1:]]
    assert verdicts == ["ok", None, "not judged: others use this machine", "ok"]
