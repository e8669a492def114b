import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from nnfd.core.network.evaluate import evaluate_probabilities
from nnfd.core.network.quality import judge_quality
from nnfd.tui.widgets.quality_table import Judged, QualityTable, draw_qualities
from tests.support.waiting import until_async
from tests.support.widget_host import Host


def judged(label, name, names, seed, sure=2.0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, len(names), 60)
    p = rng.random((60, len(names))) + sure * np.eye(len(names))[true] * rng.random((60, 1))
    p /= p.sum(axis=1, keepdims=True)
    return Judged(label, name, judge_quality(evaluate_probabilities(p, true, names))), p, true


def test_the_figures_are_those_of_scikit_learn_and_the_best_has_a_star():
    (one, p, true), (two, *_) = (judged(key, f"run-{key}", ("a", "b", "c"), k, 4 - 3 * k) for k, key in enumerate("AB"))
    lines = draw_qualities([one, two], 80).plain.split("\n")
    own = [np.equal(true, k) for k in range(3)]
    roc = [roc_auc_score(is_own, p[:, k]) for k, is_own in enumerate(own)]
    precision = [average_precision_score(is_own, p[:, k]) for k, is_own in enumerate(own)]
    error = one.quality.calibration.error
    assert lines[0].split() == ["run", "ROC", "area", "average", "precision", "calibration", "error"]
    row = lines[1].replace("*", " ").split()
    assert row == ["A", "run-A", f"{np.mean(roc):.4f}", f"{np.mean(precision):.4f}", f"{error:.4f}"]
    assert lines[1].count("*") + lines[2].count("*") == 3
    at = lines.index("ROC area by class")
    assert lines[at + 1].split() == ["a", "b", "c"]
    assert lines[at + 2].replace("*", " ").split() == ["A", *(f"{area:.4f}" for area in roc)]
    at = lines.index("average precision by class")
    assert lines[at + 2].replace("*", " ").split() == ["A", *(f"{area:.4f}" for area in precision)]


@pytest.mark.parametrize("width", [20, 60, 200])
def test_no_line_of_the_classes_is_wider_than_the_table(width):
    names = tuple(f"a class of a long name {i}" for i in range(12))
    one, *_ = judged("A", "a run of a very long name indeed, and a hostile one \x1b[2J", names, 3)
    text = draw_qualities([one], width).plain
    assert "\x1b" not in text
    lines = text.split("\n")
    assert all(len(line) <= max(width, 64) for line in lines)
    if width < 200:
        assert f"hardest {(width - 3) // 7} of 12" in text


def test_runs_of_a_sweep_differ_at_the_end_of_their_names():
    one, *_ = judged("A", "rates-20261127-073633/run-00018", ("a", "b"), 3)
    assert "/run-00018" in draw_qualities([one], 80).plain


def test_a_network_that_ranks_nothing_has_no_areas():
    one = Judged("A", "run", judge_quality(evaluate_probabilities(np.array([[1.0, 0.0]]), np.array([0]), ("a", "b"))))
    assert draw_qualities([one], 80).plain.split("\n")[1].split() == ["A", "run", "-", "-", "0.0000"]
    assert draw_qualities([], 80).plain == ""


async def test_keys_scroll_to_what_has_no_room():
    runs = [judged(key, f"run-{key}", ("a", "b", "c"), k)[0] for k, key in enumerate("ABC")]
    table = QualityTable()
    app = Host(table)
    async with app.run_test(size=(80, 12)) as pilot:
        table.show(runs[:1], "")
        await pilot.pause()
        assert not table.hint
        table.show(runs, "")
        await until_async(lambda: table.hint)
        await pilot.press("tab", "pagedown")
        await until_async(lambda: table.scroll_y > 0)
