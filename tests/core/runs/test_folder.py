import dataclasses
import errno
import json
import os
import random
import threading
import tomllib

import numpy as np
import pytest

from nnfd.core.engine.cadence import EverySteps, Sparingly
from nnfd.core.engine.control import Controller
from nnfd.core.engine.events import Edited, Ended, EpochDone, Outcome, Paint, Painted, Started, StepsDone, position_of
from nnfd.core.errors import RunError, StorageError
from nnfd.core.fields.simulate import simulate
from nnfd.core.params import DiffusionParams, FurParams, NetworkParams
from nnfd.core.runs import checkpoint as checkpoints
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.find import find
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.live import new_folder
from nnfd.core.runs.lock import is_held
from nnfd.core.runs.log import read_events
from nnfd.core.runs.names import default_directory
from nnfd.core.runs.recorder import Recorder
from nnfd.core.runs.resumption import resume
from tests.support import fakes

HOSTILE = 'Title with "quotes" \\ [bold red]markup[/] \x1b[31m\x7f\x9b é😀'
ALWAYS = Sparingly(0.0, share=1e12)
RARELY = Sparingly(1e9)


def create(path, params=None):
    return RunFolder.create(path, preset="relu-128", title="One layer", params=params or NetworkParams())


class TestFolder:
    def test_params_file_reads_back_and_shows_titles_literally(self, tmp_path):
        params = NetworkParams(hidden=(64, 32), lr=0.5, dataset='odd "name" \\ \x7f.csv')
        with RunFolder.create(tmp_path / "r", preset=HOSTILE, title=HOSTILE, params=params):
            pass
        folder = RunFolder.open(tmp_path / "r")
        assert folder.params == params
        assert "\x1b" not in folder.info.title
        assert "[bold red]markup[/]" in folder.info.title
        assert "😀" in folder.info.title
        assert tomllib.loads((tmp_path / "r" / "params.toml").read_text(encoding="utf-8"))["kind"] == "network"

    def test_default_names_never_clash(self, tmp_path):
        paths = {default_directory(tmp_path / "deep" / "root", "../odd name") for _ in range(5)}
        assert len(paths) == 5
        for path in paths:
            assert path.parent == tmp_path / "deep" / "root"
            assert path.name.startswith("odd-name-")
            create(path).close()

    def test_default_root_below_a_file_is_one_clear_error(self, tmp_path):
        (tmp_path / "file").write_text("")
        for root in (tmp_path / "file", tmp_path / "file" / "runs"):
            with pytest.raises(RunError) as error:
                default_directory(root, "relu-128")
            assert str(tmp_path / "file") in str(error.value)
            assert error.value.exit_code == 2

    def test_an_unwritable_place_is_bad_input(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(RunError, match="cannot be written") as error:
            create(tmp_path / "file" / "run")
        assert error.value.exit_code == 2

    def test_a_folder_that_holds_something_is_refused(self, tmp_path):
        create(tmp_path / "r").close()
        with pytest.raises(RunError, match=r"holds a run already.*resume"):
            create(tmp_path / "r")
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "thesis.tex").write_text("x")
        with pytest.raises(RunError, match=r"not empty: 'thesis.tex'"):
            create(tmp_path / "other")
        assert not RunFolder.open(tmp_path / "r").is_live(), "a refusal leaves no lock behind"

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("", "has no 'kind'"),
            ("kind = ", "params.toml"),
            ('kind = "boat"\npreset="a"\ntitle="b"\n[params]\n', "boat"),
            ('kind = "network"\npreset="a"\ntitle="b"\n[params]\nlr = -1\n', "lr: -1 is not allowed"),
            ('kind = "network"\npreset="a"\ntitle="b"\nparams = 3\n', "damaged"),
            ("\x00\x01", "damaged"),
        ],
    )
    def test_a_damaged_params_file_is_one_clear_error(self, tmp_path, content, problem):
        (tmp_path / "params.toml").write_text(content)
        with pytest.raises(RunError, match=problem) as error:
            RunFolder.open(tmp_path)
        assert "\n" not in str(error.value)

    def test_opening_what_is_no_run(self, tmp_path):
        with pytest.raises(RunError, match="no run here"):
            RunFolder.open(tmp_path)
        with pytest.raises(RunError, match="is not there"):
            find("nothing", tmp_path)
        create(tmp_path / "r").close()
        assert find("r", tmp_path).path == tmp_path / "r"
        assert find(str(tmp_path / "r")).path == tmp_path / "r"

    def test_result_reads_back(self, tmp_path):
        folder = create(tmp_path / "r")
        assert folder.result() is None
        folder.write_result({"outcome": "completed", "test": {"accuracy": 0.5}})
        assert folder.result() == {"outcome": "completed", "test": {"accuracy": 0.5}}
        for damage in ("", "[]", "{", '{"best": NaN}'):
            (folder.path / "result.json").write_text(damage)
            with pytest.raises(RunError, match="damaged"):
                folder.result()
        folder.close()


class TestLock:
    def test_one_writer_at_a_time(self, tmp_path):
        folder = create(tmp_path / "r")
        other = RunFolder.open(tmp_path / "r")
        assert folder.is_live()
        assert other.is_live()
        with pytest.raises(RunError, match="under way: another process") as error:
            resume(other)
        assert error.value.exit_code == 2
        folder.close()
        assert not other.is_live()
        resume(other)
        assert folder.is_live()
        other.close()

    def test_the_lock_may_be_let_go_in_another_thread(self, tmp_path):
        folder = create(tmp_path / "r")
        thread = threading.Thread(target=folder.close)
        thread.start()
        thread.join()
        assert not RunFolder.open(tmp_path / "r").is_live()

    def test_a_folder_without_a_lock_file_is_not_live(self, tmp_path):
        create(tmp_path / "r").close()
        (tmp_path / "r" / "lock").unlink(missing_ok=True)
        assert not RunFolder.open(tmp_path / "r").is_live()
        assert not (tmp_path / "r" / "lock").exists(), "asking writes nothing"

    def test_those_who_ask_are_not_taken_for_holders(self, tmp_path):
        with create(tmp_path / "r"):
            pass
        answers = []

        def ask():
            answers.extend(is_held(tmp_path / "r" / "lock") for _ in range(2000))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 8000
        assert not any(answers)


class TestLog:
    def lines(self, tmp_path, n=5):
        with create(tmp_path / "r", NetworkParams(epochs=n)) as folder:
            recorder = Recorder(folder)
            Controller(lambda c: fakes.train(folder.params, control=c), folder.params, recorder).run()
        return folder.path / "events.jsonl"

    def test_every_event_is_there_in_order(self, tmp_path):
        events, end = read_events(file := self.lines(tmp_path))
        assert isinstance(events[0], Started)
        assert [event.epoch for event in events[1:-1]] == [1, 2, 3, 4, 5]
        assert isinstance(events[-1], Ended)
        assert end == file.stat().st_size

    def test_reading_goes_on_where_it_stopped(self, tmp_path):
        file = self.lines(tmp_path)
        content = file.read_bytes()
        cut = tmp_path / "cut.jsonl"
        seen, position = [], 0
        for size in range(0, len(content) + 1, 37):
            cut.write_bytes(content[:size])
            new, position = read_events(cut, position)
            seen += new
        cut.write_bytes(content)
        seen += read_events(cut, position)[0]
        assert seen == read_events(file)[0]

    def test_a_damaged_last_line_is_left_out(self, tmp_path):
        file = self.lines(tmp_path)
        whole, end = read_events(file)
        for tail in (b'{"event":"epo', b"\0\0\0\n", b"\xff\xfe"):
            file.write_bytes(file.read_bytes()[:end] + tail)
            assert read_events(file) == (whole, end)

    def test_damage_in_the_middle_is_an_error(self, tmp_path):
        file = self.lines(tmp_path)
        file.write_bytes(b"garbage\n" + file.read_bytes())
        with pytest.raises(RunError, match="'garbage' is no event"):
            read_events(file)

    def test_long_runs_have_short_logs(self, tmp_path):
        times = iter(range(10**9))
        with create(tmp_path / "r", DiffusionParams(steps=10**6)) as folder:
            recorder = Recorder(folder, clock=lambda: next(times) * 1e-4)
            recorder(Started(folder.params, 0, 10**6))
            for step in range(50, 10**6 + 1, 50):
                recorder(StepsDone(step, {}))
            recorder(Ended(10**6, Outcome.COMPLETED, "done"))
        events = folder.events()
        steps = [event.step for event in events if isinstance(event, StepsDone)]
        assert 1900 <= len(steps) <= 2100
        assert steps[-1] == 10**6

    def test_the_last_unit_is_logged_before_an_edit_and_the_end(self, tmp_path):
        params = DiffusionParams(steps=10**8)
        with create(tmp_path / "r", params) as folder:
            recorder = Recorder(folder, clock=lambda: 0.0)
            recorder(Started(params, 0, 10**8))
            for step in (1, 2, 3):
                recorder(StepsDone(step, {}))
            recorder(Edited(3, params, {}))
            recorder(StepsDone(4, {}))
            recorder(Ended(4, Outcome.STOPPED, "stopped"))
        kinds = [(type(event).__name__, getattr(event, "step", None)) for event in folder.events()]
        assert kinds[-5:] == [
            ("StepsDone", 1),
            ("StepsDone", 3),
            ("Edited", None),
            ("StepsDone", 4),
            ("Ended", None),
        ]

    def test_the_unit_that_a_pause_holds_at_is_logged_though_its_state_is_saved(self, tmp_path):
        params = DiffusionParams(steps=10**8)
        run = simulate(params)
        with create(tmp_path / "r", params) as folder:
            recorder = Recorder(folder, save=ALWAYS, clock=lambda: 0.0)
            for event in (next(run), next(run), next(run)):
                recorder(event)
            assert folder.saved().state.step == event.step
            recorder.flush()
            recorder.flush()
        steps = [logged.step for logged in folder.events() if isinstance(logged, StepsDone)]
        assert steps[-1] == event.step
        assert len(steps) == 2


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it is written."""


def session(path, params, script, *, kill_after=None, save=ALWAYS, kind="network", generate=None):
    """Begin or go on with a run; apply `script` (position -> command); die after `kill_after` recorded events."""
    resumption = None
    if path.exists():
        folder = RunFolder.open(path)
        resumption = resume(folder)
    else:
        folder = RunFolder.create(path, preset="p", title="t", params=params)
    generate = generate or (fakes.train if kind == "network" else fakes.simulate)
    state = resumption.state if resumption else None
    recorder = Recorder(folder, resumption=resumption, frames=EverySteps(3), save=dataclasses.replace(save))
    count = 0
    given = dict(script)

    def sink(event):
        nonlocal count
        recorder(event)
        count += 1
        if count == kill_after or (kill_after == "the end" and isinstance(event, Ended)):
            raise Killed
        position = event.position if isinstance(event, Started) else position_of(event)
        if position in given:
            command = given.pop(position)
            # a user who edits builds on what holds then
            controller.send(command(controller.params) if callable(command) else command)

    params = resumption.params if resumption else params
    controller = Controller(
        lambda c: generate(params, state, control=c),
        params,
        sink,
        marks=[EverySteps(5)],
        replay=resumption.replay if resumption else (),
    )
    try:
        result = controller.run()
        recorder.finish()
        return result
    finally:
        folder.close()


def commands_in(folder):
    return [event for event in folder.events() if isinstance(event, Edited | Painted)]


EDITS = {
    4: lambda p: p.edited({"lr": 0.5}),
    9: lambda p: p.edited({"momentum": 0.1}),
    13: lambda p: p.edited({"lr": 1}),
}


class TestResume:
    @pytest.mark.parametrize("save", [ALWAYS, RARELY], ids=["saved-often", "saved-once"])
    @pytest.mark.parametrize("kill_after", range(1, 24))
    def test_killed_after_any_event_a_run_with_edits_ends_bit_for_bit_the_same(self, tmp_path, kill_after, save):
        params = NetworkParams(epochs=18)
        whole = session(tmp_path / "whole", params, EDITS)
        path = tmp_path / "cut"
        try:
            session(path, params, EDITS, kill_after=kill_after, save=save)
            done = []
        except Killed:
            done = commands_in(RunFolder.open(path))
        # the user gives the rest of the edits in the second session
        rest = {k: v for k, v in EDITS.items() if k not in {event.position for event in done}}
        resumed = session(path, params, rest)
        np.testing.assert_array_equal(resumed.theta, whole.theta)
        np.testing.assert_array_equal(resumed.best_theta, whole.best_theta)
        assert resumed.params == whole.params
        assert resumed.rng == whole.rng
        cut, full = RunFolder.open(path), RunFolder.open(tmp_path / "whole")
        assert commands_in(cut) == commands_in(full)
        epochs = [event.epoch for event in cut.events() if isinstance(event, EpochDone)]
        assert epochs == list(range(1, 19))
        assert cut.result()["best"] == full.result()["best"]
        assert cut.frames().steps() == full.frames().steps()

    @pytest.mark.parametrize("seed", range(12))
    def test_killed_again_and_again_during_replays(self, tmp_path, seed):
        random.seed(seed)
        params = NetworkParams(epochs=18)
        whole = session(tmp_path / "whole", params, EDITS)
        path = tmp_path / "cut"
        with pytest.raises(Killed):
            session(path, params, EDITS, kill_after=20, save=RARELY)
        for _ in range(6):
            try:
                session(path, params, {}, kill_after=random.randint(1, 16), save=random.choice([ALWAYS, RARELY]))
                break
            except Killed:
                continue
        resumed = session(path, params, {})
        np.testing.assert_array_equal(resumed.theta, whole.theta)
        assert commands_in(RunFolder.open(path)) == commands_in(RunFolder.open(tmp_path / "whole"))

    def test_killed_between_saving_the_commands_and_cutting_the_log(self, tmp_path, monkeypatch):
        params = NetworkParams(epochs=18)
        whole = session(tmp_path / "whole", params, EDITS)
        path = tmp_path / "cut"
        with pytest.raises(Killed):
            session(path, params, EDITS, kill_after=20, save=RARELY)

        def killed(*_):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(os, "truncate", killed)
            with pytest.raises(Killed):
                resume(RunFolder.open(path))
        resumed = session(path, params, {})
        np.testing.assert_array_equal(resumed.theta, whole.theta)

    @pytest.mark.parametrize("kill_after", range(1, 14))
    def test_strokes_of_paint_are_replayed(self, tmp_path, kill_after):
        params = DiffusionParams(width=5, height=4, steps=30, seeds=0)
        script = {5: Paint("C", 2, 1, 0, 9.0), 15: lambda p: p.edited({"D": 0.05}), 20: Paint("C", 0, 0, 0, 3.0)}
        whole = session(tmp_path / "whole", params, script, kind="fields")
        path = tmp_path / "cut"
        try:
            session(path, params, script, kind="fields", kill_after=kill_after, save=RARELY)
            done = []
        except Killed:
            done = commands_in(RunFolder.open(path))
        rest = {k: v for k, v in script.items() if k not in {event.position for event in done}}
        resumed = session(path, params, rest, kind="fields")
        np.testing.assert_array_equal(resumed.fields["C"], whole.fields["C"])
        assert commands_in(RunFolder.open(path)) == commands_in(RunFolder.open(tmp_path / "whole"))

    def test_edits_sent_during_a_replay_come_after_it(self, tmp_path):
        params = NetworkParams(epochs=18)
        path = tmp_path / "r"
        with pytest.raises(Killed):
            session(path, params, {9: lambda p: p.edited({"lr": 0.5})}, kill_after=14, save=RARELY)
        session(path, params, {3: lambda p: p.edited({"momentum": 0.25})})
        edits = commands_in(RunFolder.open(path))
        assert [(edit.position, edit.params.lr, edit.params.momentum) for edit in edits] == [
            (9, 0.5, 0.9),
            (9, 0.5, 0.25),
        ]

    def test_a_run_killed_before_its_first_state_starts_again(self, tmp_path):
        create(tmp_path / "r", NetworkParams(epochs=5)).close()
        resumption = resume(folder := RunFolder.open(tmp_path / "r"))
        assert (resumption.state, resumption.events, resumption.replay) == (None, (), [])
        assert resumption.params == NetworkParams(epochs=5)
        folder.close()

    def test_a_branch_keeps_the_state_it_began_with(self, tmp_path):
        state = fakes.network_state(NetworkParams(epochs=5))
        new_folder(tmp_path / "r", preset="p", title="t", params=state.params, state=state).close()
        resumption = resume(folder := RunFolder.open(tmp_path / "r"))
        np.testing.assert_array_equal(resumption.state.theta, state.theta)
        folder.close()

    def test_a_stopped_run_keeps_its_state_whatever_the_cadence(self, tmp_path):
        params = NetworkParams(epochs=50)
        with create(tmp_path / "r", params) as folder:
            recorder = Recorder(folder, save=Sparingly(1e9))
            controller = Controller(
                lambda c: fakes.train(params, control=c, on_epoch=lambda n: n == 7 and controller.stop()),
                params,
                recorder,
            )
            controller.run()
            recorder.finish()
        assert folder.result()["outcome"] == "stopped"
        resumption = resume(folder)
        assert resumption.state.epoch == 7
        assert not any(isinstance(event, Ended) for event in resumption.events), "a run that goes on has not ended"
        assert folder.result() is None
        folder.close()


class TestDamage:
    def finished(self, tmp_path):
        """A run with one state: there is none before it to go on from."""
        session(tmp_path / "r", NetworkParams(epochs=6), {})
        (tmp_path / "r" / "state-1.npz").unlink()
        return tmp_path / "r"

    @pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
    def test_a_truncated_state_is_one_clear_error_and_nothing_is_changed(self, tmp_path, keep):
        path = self.finished(tmp_path)
        content = (path / "state.npz").read_bytes()
        (path / "state.npz").write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
        before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        with pytest.raises(RunError, match=r"state.npz' is damaged") as error:
            resume(RunFolder.open(path))
        assert "\n" not in str(error.value)
        assert error.value.exit_code == 2
        assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
        assert not RunFolder.open(path).is_live()

    def test_flipped_bytes_are_found(self, tmp_path):
        path = self.finished(tmp_path)
        content = bytearray((path / "state.npz").read_bytes())
        theta = Checkpoint.load(path / "state.npz", NetworkParams()).state.theta
        content[content.index(theta.tobytes()) + 3] ^= 0xFF
        (path / "state.npz").write_bytes(content)
        with pytest.raises(RunError, match=r"state.npz' is damaged"):
            resume(RunFolder.open(path))

    def test_arrays_of_another_make_are_refused(self, tmp_path):
        path = self.finished(tmp_path)
        np.savez(path / "state.npz", theta=np.zeros(3))
        with pytest.raises(RunError, match="damaged"):
            resume(RunFolder.open(path))
        Checkpoint(None).save(path / "state.npz")
        assert Checkpoint.load(path / "state.npz", NetworkParams()) == Checkpoint(None)

    def test_the_state_of_another_kind_is_refused(self, tmp_path):
        session(tmp_path / "f", DiffusionParams(width=5, height=4, steps=30), {}, kind="fields")
        with pytest.raises(RunError, match="of kind diffusion, the run of kind fur"):
            Checkpoint.load(tmp_path / "f" / "state.npz", FurParams())


class TestFullDisk:
    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
    def test_a_full_disk_ends_the_run_and_keeps_the_last_state(self, tmp_path, monkeypatch, code):
        path = tmp_path / "r"
        real = checkpoints.save_arrays
        saves = 0

        def save_arrays(*args, **kwargs):
            nonlocal saves
            saves += 1
            if saves > 3:
                raise OSError(code, os.strerror(code))
            real(*args, **kwargs)

        monkeypatch.setattr(checkpoints, "save_arrays", save_arrays)
        with pytest.raises(StorageError, match=os.strerror(code)) as error:
            session(path, NetworkParams(epochs=9), {})
        assert error.value.exit_code == 1
        assert "\n" not in str(error.value)
        monkeypatch.undo()
        whole = session(tmp_path / "whole", NetworkParams(epochs=9), {})
        np.testing.assert_array_equal(session(path, NetworkParams(epochs=9), {}).theta, whole.theta)

    def test_full_at_the_start_is_no_bad_input(self, tmp_path, monkeypatch):
        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("nnfd.core.runs.folder.replace_file", full)
        with pytest.raises(StorageError, match="No space left"):
            create(tmp_path / "r")
        monkeypatch.undo()
        assert not RunFolder(tmp_path / "r", RunInfo("p", "t", NetworkParams())).is_live()

    def test_results_hold_no_number_that_json_lacks(self, tmp_path):
        with create(tmp_path / "r", NetworkParams(epochs=1)) as folder:
            recorder = Recorder(folder)
            recorder(Started(folder.params, 0, 1))
            recorder(EpochDone(1, float("nan"), float("inf"), 0.1, 0.1, 0.01, is_best=True))
            recorder(Ended(1, Outcome.DIVERGED, "diverged at epoch 1"))
            recorder.finish()
        json.loads((folder.path / "result.json").read_text(), parse_constant=lambda word: pytest.fail(word))
