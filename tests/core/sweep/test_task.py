"""One run of a sweep, done in this process."""

import pytest

from nnfd.core.params import NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.names import FAILED
from nnfd.core.sweep.task import Reply, Task, do_run


@pytest.fixture
def task(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("x,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(60)))
    params = NetworkParams(dataset=str(data), hidden=(3,), epochs=2)
    return Task(0, str(tmp_path / "run"), "p", "t", params, str(tmp_path / "stopping"))


def test_a_run_that_is_stopped_while_its_data_set_is_read_has_not_failed_and_is_done_later(task, tmp_path, monkeypatch):
    answers = iter([False])  # not when the worker begins, but ever after
    with monkeypatch.context() as patch:
        patch.setattr(Task, "is_to_stop", lambda task: next(answers, True))
        assert do_run(task) == Reply(0)
    folder = RunFolder.open(tmp_path / "run")
    assert not (folder.path / FAILED).exists()
    assert folder.result() is None
    assert folder.events() == []
    assert do_run(task) == Reply(0)
    assert folder.result()["outcome"] == "completed"


def test_a_run_whose_data_set_is_gone_says_why_in_its_folder(task, tmp_path):
    (tmp_path / "data.csv").unlink()
    reply = do_run(task)
    assert "data.csv" in reply.problem
    assert (tmp_path / "run" / FAILED).read_text() == reply.problem + "\n"
    assert RunFolder.holds_run(tmp_path / "run")
