"""The evaluation of the networks of a comparison."""

from __future__ import annotations

import shutil

import pytest
from sklearn.metrics import roc_auc_score

from nnfd.core.network.data import load
from nnfd.core.network.train import best_model
from nnfd.core.runs.folder import RunFolder
from nnfd.tui.screens.compare.runs import RecordedRun
from tests.support.comparing import comparing


async def test_each_network_is_judged_with_scikit_learns_figures(recorded):
    folder = RunFolder.open(recorded / "net-4")
    data = load(folder.params)
    p = best_model(folder.saved_state()).predict_proba(data.X_test)
    roc = roc_auc_score(data.y_test, p, multi_class="ovr")
    async with comparing(recorded, (120, 40), ["net-3", "spots", "net-4"]) as lab:
        await lab.press("v", "v")
        table = lab.app.screen.view.evaluation
        await lab.until(lambda: "A  net-3" in table.text and "C  net-4" in table.text)
        await lab.until(lambda: "average precision by class" in lab.text())
        judged = [run.quality.quality for run in lab.app.screen.runs]
        assert judged[1] is None, "a pattern has no classes"
        areas = [ranking.roc_area for ranking in judged[2].rankings]
        assert sum(areas) / len(areas) == pytest.approx(roc, abs=1e-12)
        assert f"{roc:.4f}" in lab.text()
        await lab.press("h")  # the first is hidden
        await lab.until(lambda: "A  net-3" not in table.text)
        assert "C  net-4" in table.text


async def test_one_whose_judgement_fails_says_why_and_is_not_judged_again(recorded, monkeypatch):
    asked = []

    def judge(run):
        asked.append(run.label)
        raise MemoryError

    monkeypatch.setattr(RecordedRun, "judge", judge)
    async with comparing(recorded, (80, 24), ["net-3"]) as lab:
        view = lab.app.screen.view
        await lab.press("v", "v")
        await lab.until(lambda: "A: there is not enough memory" in lab.text())
        await lab.press("h", "h", "v", "v", "v")
        await lab.until(lambda: view.view == "evaluation" and "A: there is not enough memory" in lab.text())
        assert asked == ["A"]


async def test_one_that_cannot_be_judged_says_why(recorded, tmp_path):
    shutil.copytree(recorded / "net-3", tmp_path / "net")
    for name in ("state.npz", "state-1.npz"):
        (tmp_path / "net" / name).unlink(missing_ok=True)
    async with comparing(tmp_path, (80, 24), ["net"]) as lab:
        await lab.press("v", "v")
        await lab.until(lambda: "A: " in lab.text())
