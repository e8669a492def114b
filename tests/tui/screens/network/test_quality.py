"""The panel that says how far the probabilities can be trusted."""

from threading import Event

from nnfd.core.network.evaluate import evaluate
from nnfd.core.network.quality import judge_quality
from nnfd.core.params import NetworkParams
from nnfd.tui.widgets import quality_view
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.quality_view import QualityView, in_words
from tests.support.dashboard import opened
from tests.support.waiting import LIMIT


async def test_it_draws_three_curves_and_says_the_figures_of_the_best_weights(monkeypatch):
    imported = Event()

    def judge_late(evaluation):
        assert imported.wait(LIMIT)
        return judge_quality(evaluation)

    monkeypatch.setattr(quality_view, "judge_quality", judge_late)
    async with opened(NetworkParams(dataset="iris", hidden=(4,), epochs=5)) as lab:
        view = lab.screen.query_one(QualityView)
        lab.screen.panels.reveal(view)
        view.focus()
        await lab.full_speed_to_the_end()
        await lab.until(lambda: lab.screen.evaluated is not None and lab.screen.evaluated.what.endswith("the best"))
        assert "it is imported" in lab.text(), "no other panel waits for scikit-learn"
        imported.set()
        await lab.until(lambda: view.words and "the best" in str(view.border_subtitle))
        data, model = lab.screen.session.data, lab.screen.evaluated.model
        quality = judge_quality(evaluate(model, data.X_test, data.y_test, data.class_names))
        assert view.words == in_words(quality)
        assert f"calibration error {quality.calibration.error:.4f}" in " ".join(lab.text().split())
        chart = view.query_one(CurveView)
        assert [series.name for series in chart.chart.series] == [ranking.name for ranking in quality.hardest]
        for title in ("precision over recall", "right over stated", "true over false positives"):
            await lab.press("v")
            assert chart.title.startswith(title)


def test_without_a_mistake_none_is_told():
    import numpy as np

    from nnfd.core.network.evaluate import evaluate_probabilities

    words = in_words(judge_quality(evaluate_probabilities(np.eye(2), np.array([0, 1]), ("a", "b"))))
    assert words.splitlines() == [
        "area under ROC 1.0000 (least a: 1.0000)",
        "average precision 1.0000",
        "says 100.0%, right in 100.0%; calibration error 0.0000",
    ]
