import json
import os
import stat
import sys
import threading

import pytest

from nnfd.core.engine.control import Controller, Phase
from nnfd.core.engine.events import Edited, Ended, Painted, position_of
from nnfd.core.errors import RunError
from nnfd.core.library.catalog import RunStatus, summarise
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.follow import Follower
from nnfd.core.runs.live import accept
from nnfd.core.runs.names import COMMANDS, EVENTS, LIVE, STATE
from nnfd.core.runs.recorder import Recorder
from nnfd.core.runs.remote import Live, Remote, send
from nnfd.core.runs.resumption import resume
from tests.support import fakes
from tests.support.waiting import until

PARAMS = NetworkParams(epochs=1_000_000, lr=0.01)


class Elsewhere:
    """A run in another thread, as another process would do it."""

    def __init__(self, path, params=PARAMS, fake=fakes.train, folder=None, resumption=None):
        self.folder = folder or RunFolder.create(path, preset="p", title="t", params=params)
        recorder = Recorder(self.folder, resumption=resumption)
        state = resumption.state if resumption else None
        self.controller = Controller(
            lambda control: fake(params, state, control=control),
            params,
            recorder,
            pace=200.0,
            replay=resumption.replay if resumption else (),
            on_hold=recorder.flush,
            accept=lambda answer: accept(answer, self.controller.params, recorder),
        )
        self.path = self.folder.path
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        with self.folder, Remote(self.folder, self.controller):
            self.controller.run()

    def __enter__(self):
        self.thread.start()
        until(lambda: Live.read(self.path) and self.controller.position > 0)
        return self

    def __exit__(self, *_):
        self.controller.stop()
        self.thread.join()

    def answer(self, **command):
        name = send(self.path, **command)
        until(lambda: name in Live.read(self.path).answers, command)
        return Live.read(self.path).answers[name]


def edits(path):
    return [event for event in RunFolder.open(path).events() if isinstance(event, Edited)]


class TestCommands:
    def test_an_edit_reaches_the_run_and_its_log(self, tmp_path):
        with Elsewhere(tmp_path / "r") as run:
            assert run.answer(do="edit", changes={"lr": 0.5}) == ""
            assert run.answer(do="edit", changes={"momentum": 0.25}) == ""
            until(lambda: len(edits(run.path)) == 2)
            assert [event.changed for event in edits(run.path)] == [
                {"lr": (0.01, 0.5)},
                {"momentum": (PARAMS.momentum, 0.25)},
            ]
            assert run.controller.params.lr == 0.5, "the second edit keeps what the first one changed"

    def test_pause_step_resume_pace_and_stop(self, tmp_path):
        with Elsewhere(tmp_path / "r") as run:
            run.answer(do="pause")
            until(lambda: Live.read(run.path).phase is Phase.PAUSED)
            assert summarise(run.path).status is RunStatus.PAUSED
            # what a pause holds at is in the folder: log and state
            until(lambda: Live.read(run.path).holds)
            held = run.controller.position
            assert self._saved(run.path) == max(filter(None, map(position_of, run.folder.events()))) == held
            run.answer(do="step")
            until(lambda: self._saved(run.path) == held + 1)
            run.answer(do="pace", pace=50)
            until(lambda: Live.read(run.path).pace == 50)
            run.answer(do="pace", pace=None)
            until(lambda: Live.read(run.path).pace is None)
            run.answer(do="resume")
            until(lambda: run.controller.position > held + 1)
            assert summarise(run.path).status is RunStatus.RUNNING
            send(run.path, do="stop")
            run.thread.join()
        assert isinstance(RunFolder.open(tmp_path / "r").events()[-1], Ended)
        assert not (tmp_path / "r" / LIVE).exists()
        assert not (tmp_path / "r" / COMMANDS).exists()
        with pytest.raises(RunError, match="not under way"):
            send(tmp_path / "r", do="pause")

    @staticmethod
    def _saved(path):
        return Checkpoint.load(path / STATE, NetworkParams()).state.epoch

    @pytest.mark.parametrize(
        ("command", "why"),
        [
            ({"do": "edit", "changes": {"hidden": [3]}}, "hidden: 3 .* needs a restart"),
            ({"do": "edit", "changes": {"lr": -1.0}}, "lr: -1"),
            ({"do": "edit", "changes": {"lrr": 1.0}}, "did you mean 'lr'"),
            ({"do": "edit", "changes": {"warmup": 10**400}}, "warmup: 1000.* is not allowed"),
            ({"do": "edit", "changes": 3}, "no command"),
            ({"do": "edit"}, "no command"),
            ({"do": "pace", "pace": 0}, "pace: 0 is not allowed"),
            ({"do": "pace", "pace": True}, "pace: True is not allowed"),
            ({"do": "pace", "pace": "x"}, "pace: x is not allowed"),
            ({"do": "paint", "paint": {}}, "no fields"),
            ({"do": "\x1b[31m"}, "␛"),
        ],
    )
    def test_a_wrong_command_is_answered_and_harms_nothing(self, tmp_path, command, why):
        import re

        with Elsewhere(tmp_path / "r") as run:
            answer = run.answer(**command)
            assert re.search(why, answer), answer
            assert "\x1b" not in answer
            here = run.controller.position
            until(lambda: run.controller.position > here)
            assert not edits(run.path)

    def test_a_long_name_or_answer_does_not_crowd_out_the_others(self, tmp_path):
        with Elsewhere(tmp_path / "r") as run:
            with (run.path / COMMANDS).open("ab") as file:
                file.write(json.dumps({"id": "9" * 60_000, "do": "stop"}).encode() + b"\n")
            assert len(run.answer(do="x" * 60_000)) < 2000
            assert run.answer(do="edit", changes={"lr": 0.5}) == ""
            assert (run.path / LIVE).stat().st_size < 9000

    def test_garbage_in_the_command_file_harms_nothing(self, tmp_path):
        with Elsewhere(tmp_path / "r") as run:
            with (run.path / COMMANDS).open("ab") as file:
                file.write(b"\xff\x00garbage\n[]\nnull\n{}\n" + b"[" * 100_000 + b"\n" + b"x" * 300_000 + b"\n")
            assert run.answer(do="edit", changes={"lr": 0.5}) == ""

    def test_paint_reaches_a_field_run_and_is_checked_first(self, tmp_path):
        params = DiffusionParams(width=8, height=8, steps=1_000_000)
        with Elsewhere(tmp_path / "r", params, fakes.simulate) as run:
            stroke = {"field": "C", "x": 1, "y": 2, "radius": 0, "value": 0.5}
            assert "x is 0 to 7" in run.answer(do="paint", paint={**stroke, "x": 8})
            for odd in (2.9, "2", True):  # none is taken for the cell 2, or 1
                assert (
                    run.answer(do="paint", paint={**stroke, "x": odd})
                    == f"x: '{odd}' is not allowed: it is a whole number"
                )
            assert run.answer(do="paint", paint={**stroke, "value": "1_0"}).startswith("value: '1_0' is not allowed")
            assert run.answer(do="paint", paint=stroke) == ""
            until(lambda: any(isinstance(event, Painted) for event in run.folder.events()))


@pytest.mark.skipif(sys.platform == "win32", reason="file modes and links of POSIX")
class TestSafety:
    @pytest.mark.parametrize(
        "damage", [{"speed": float("inf")}, {"speed": "1_0"}, {"pace": float("nan")}, {"pace": -1}]
    )
    def test_a_speed_that_is_none_says_nothing(self, tmp_path, damage):
        told = {"phase": "running", "pace": 1, "speed": 1.5, "answers": {}}
        (tmp_path / LIVE).write_text(json.dumps(told))
        assert Live.read(tmp_path) == Live(Phase.RUNNING, 1.0, 1.5)
        (tmp_path / LIVE).write_text(json.dumps({**told, **damage}))
        assert Live.read(tmp_path) is None

    def test_only_the_user_may_command(self, tmp_path):
        with Elsewhere(tmp_path / "r") as run:
            mode = (run.path / COMMANDS).stat().st_mode
            assert stat.S_IMODE(mode) == 0o600

    def test_a_file_put_in_its_place_is_never_read(self, tmp_path):
        with Elsewhere(tmp_path / "r") as run:
            file = run.path / COMMANDS
            file.unlink()
            file.write_text(json.dumps({"id": "x", "do": "stop"}) + "\n")
            here = run.controller.position
            until(lambda: run.controller.position > here + 60)  # three rounds of listening
            assert "x" not in Live.read(run.path).answers

    def test_a_link_or_a_pipe_in_its_place_is_not_written_to(self, tmp_path):
        precious = tmp_path / "precious"
        precious.write_text("mine")
        (tmp_path / "r").mkdir()
        (tmp_path / "r" / COMMANDS).symlink_to(precious)
        with pytest.raises(RunError, match="takes no commands"):
            send(tmp_path / "r", do="stop")
        assert precious.read_text() == "mine"
        (tmp_path / "r" / COMMANDS).unlink()
        os.mkfifo(tmp_path / "r" / COMMANDS)
        with pytest.raises(RunError, match="takes no commands"):
            send(tmp_path / "r", do="stop")

    def test_what_a_killed_process_left_is_replaced(self, tmp_path):
        folder = RunFolder.create(tmp_path / "r", preset="p", title="t", params=PARAMS)
        (folder.path / COMMANDS).write_text(json.dumps({"id": "old", "do": "stop"}) + "\n")
        with Elsewhere(None, folder=folder) as run:
            assert run.answer(do="edit", changes={"lr": 0.5}) == ""
            assert "old" not in Live.read(run.path).answers


class TestFollower:
    def test_it_sees_every_event_once_and_the_end(self, tmp_path):
        seen, states = [], []
        with Elsewhere(tmp_path / "r") as run:
            follower = Follower(RunFolder.open(run.path))

            def look():
                news = follower.look()
                seen.extend(news.events)
                states.extend([news.state] if news.state else [])
                return news

            first = look()
            assert first.fresh
            assert first.alive
            assert first.live.pace == 200.0
            until(lambda: not look().fresh and len(seen) > 5)
        news = look()
        while news.events:
            news = look()
        assert seen == RunFolder.open(tmp_path / "r").events()
        assert news.ended
        assert not news.alive
        assert news.live is None
        assert states[-1].epoch == seen[-1].position

    def test_a_run_that_went_on_from_its_saved_state_is_told_anew(self, tmp_path):
        with Elsewhere(tmp_path / "r"):
            pass
        log = tmp_path / "r" / "events.jsonl"
        with log.open("ab") as file:
            # as if killed: lines beyond the saved state
            file.write(log.read_bytes().splitlines(keepends=True)[1] * 50)
        follower = Follower(RunFolder.open(tmp_path / "r"))
        before = follower.look().events
        folder = RunFolder.open(tmp_path / "r")
        resumption = resume(folder)
        with Elsewhere(None, folder=folder, resumption=resumption) as run:
            news = follower.look()
            assert news.fresh
            assert list(news.events)[: len(resumption.events)] == list(resumption.events)
            run.controller.stop()
            run.thread.join()
        assert len(before) > 50
        assert not follower.look().fresh

    def test_a_log_that_was_cut_back_and_grew_past_its_old_place_unseen_is_told_anew(self, tmp_path):
        with Elsewhere(tmp_path / "r"):
            pass
        follower = Follower(RunFolder.open(tmp_path / "r"))
        before = follower.look().events
        old_length = (tmp_path / "r" / EVENTS).stat().st_size
        folder = RunFolder.open(tmp_path / "r")
        with Elsewhere(None, folder=folder, resumption=resume(folder)) as run:
            run.answer(do="edit", changes={"lr": 0.5})
            until(lambda: (tmp_path / "r" / EVENTS).stat().st_size > old_length + 500)
        news = follower.look()  # the run is over: nothing but the folder tells that it went on
        assert news.fresh
        assert list(news.events) == RunFolder.open(tmp_path / "r").events()
        assert len(news.events) > len(before)
        assert not follower.look().fresh

    def test_a_log_that_is_cut_back_while_it_is_read_is_told_anew(self, tmp_path, monkeypatch):
        from nnfd.core.runs import follow

        with Elsewhere(tmp_path / "r"):
            pass
        follower = Follower(RunFolder.open(tmp_path / "r"))
        follower.look()
        read = follow.read_events

        def go_on_first(log, start):
            monkeypatch.setattr(follow, "read_events", read)
            folder = RunFolder.open(tmp_path / "r")
            with Elsewhere(None, folder=folder, resumption=resume(folder)) as run:
                length = log.stat().st_size
                until(lambda: log.stat().st_size > length + 500 and run.controller.position)
            return read(log, start - 7)  # in the middle of a line, as it may be now

        monkeypatch.setattr(follow, "read_events", go_on_first)
        news = follower.look()
        assert news.fresh
        assert list(news.events) == RunFolder.open(tmp_path / "r").events()

    def test_an_empty_folder_is_no_news(self, tmp_path):
        RunFolder.create(tmp_path / "r", preset="p", title="t", params=PARAMS).close()
        news = Follower(RunFolder.open(tmp_path / "r")).look()
        assert (list(news.events), news.fresh, news.state, news.alive) == ([], False, None, False)


def test_a_run_outlives_whatever_is_put_in_the_place_of_its_files(tmp_path):
    with Elsewhere(tmp_path / "r") as run:
        run.answer(do="pause")
        # all is told: nothing puts the file there again before the folder is
        until(lambda: (told := Live.read(run.path)).holds and told.speed == run.controller.speed)
        (run.path / LIVE).unlink()
        (run.path / LIVE).mkdir()
        here = run.controller.position
        send(run.path, do="resume")
        until(lambda: run.controller.position > here)
    assert isinstance(RunFolder.open(tmp_path / "r").events()[-1], Ended)
    assert not RunFolder.open(tmp_path / "r").is_live()
