"""The figures of the benchmark fit each other; how fast it is on this machine is not judged here."""

import pytest

from nnfd.core.params import NetworkParams
from nnfd.core.proof import speed


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(speed, "REPEATS", 1)
    monkeypatch.setattr(speed, "CELL_STEPS", 20_000)


def test_field_rows_are_consistent():
    rows = speed.field_rows()
    assert rows[0].name == "fur step 120x120, NumPy"
    for row in rows:
        assert row.ratio == pytest.approx(row.other_s / row.ours_s)
        assert row.ours_s > 0


def test_network_rows_share_what_is_ours(monkeypatch):
    monkeypatch.setattr(speed, "NetworkParams", lambda **given: NetworkParams(epochs=2, hidden=(4,), **given))
    rows = speed.network_rows()
    assert [row.name for row in rows] == [
        "2 epochs of relu-128, all metrics / MLPClassifier, none",
        "2 epochs of relu-128, all metrics / plain NumPy, all metrics",
    ]
    assert len({row.ours_s for row in rows}) == 1
    assert all(row.other_s > 0 for row in rows)


def test_memory_does_not_depend_on_the_number_of_steps():
    row = speed.memory_row(600, 3000)
    assert row.ratio == row.long / row.short
    assert row.ratio <= row.target
