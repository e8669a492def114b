"""Commands to a run of another process, as the keys of a lab give them."""

import pytest

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Paint
from nnfd.core.errors import RunError
from nnfd.core.params import DiffusionParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.names import COMMANDS
from nnfd.core.runs.remote import MOST_UNANSWERED, Live
from nnfd.tui.jobs.watching import RemoteController

DAB = Paint("C", 1, 2, 0, 0.5)


@pytest.fixture
def controller(tmp_path):
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=DiffusionParams()) as folder:
        (folder.path / COMMANDS).touch()
        yield RemoteController(folder)


def test_a_stroke_waits_for_answers_before_it_goes_on(tmp_path, controller):
    for _ in range(MOST_UNANSWERED):
        controller.send(DAB)
    with pytest.raises(RunError, match=f"{MOST_UNANSWERED} commands wait for an answer"):
        controller.send(DAB)
    controller.pause()  # a key is no stroke
    sent = (tmp_path / "r" / COMMANDS).read_text().splitlines()
    assert len(sent) == MOST_UNANSWERED + 1
    names = [line.partition('"id": "')[2].partition('"')[0] for line in sent]
    controller.hear(Live(Phase.RUNNING, None, 0.0, dict.fromkeys(names, "")))
    controller.send(DAB)
    assert not controller.refusals


def test_a_row_of_commands_that_fail_alike_is_told_of_once(tmp_path, controller):
    for turn in (1, 2):
        for _ in range(3):
            controller.send(DAB)
        sent = (tmp_path / "r" / COMMANDS).read_text().splitlines()
        names = [line.partition('"id": "')[2].partition('"')[0] for line in sent]
        controller.hear(Live(Phase.RUNNING, None, 0.0, dict.fromkeys(names, "256 commands wait for the run")))
        assert controller.refusals == ["256 commands wait for the run"] * turn
