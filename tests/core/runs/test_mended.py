"""A run folder with damage in it: what is told, what the run goes on from, and what is refused."""

import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nnfd.core.engine.control import Controller
from nnfd.core.engine.events import Edited, EpochDone, Notice, StepsDone
from nnfd.core.errors import RunError
from nnfd.core.library.catalog import RunStatus, summarise
from nnfd.core.library.export import export_run
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.checkpoint import saved_offset
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun, new_folder
from nnfd.core.runs.log import log_line
from nnfd.core.runs.names import ASKED, EVENTS, RESULT, STATE, STATE_BEFORE
from nnfd.core.runs.recorder import Recorder
from nnfd.core.runs.resumption import peek, resume
from tests.core.runs.test_folder import ALWAYS, EDITS, RARELY, Killed, session
from tests.support import fakes

EPOCHS = 18
PARAMS = NetworkParams(epochs=EPOCHS, hidden=(3,))


def on_with(path):
    """Go on with a run in the way of :func:`session` and return its last state."""
    return session(path, PARAMS, {})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run with edits that came to its end; the state before the newest is one epoch older."""
    path = tmp_path_factory.mktemp("whole") / "r"
    state = session(path, PARAMS, EDITS, save=ALWAYS)
    return path, state


@pytest.fixture
def run(tmp_path, whole):
    return shutil.copytree(whole[0], tmp_path / "r")


def flip(file, at):
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


class TestState:
    def test_a_damaged_one_is_told_and_the_one_before_it_taken(self, run, whole):
        flip(run / STATE, 400)
        resumption = peek(RunFolder.open(run))
        assert "state.npz' is damaged" in resumption.mended
        assert f"the run goes on from the state before, at {resumption.state.position}" in resumption.mended
        np.testing.assert_array_equal(on_with(run).theta, whole[1].theta)
        edits = [event for event in RunFolder.open(run).events() if isinstance(event, Edited)]
        assert [edit.position for edit in edits] == list(EDITS)

    def test_a_missing_one_is_no_new_beginning(self, run, whole):
        (run / STATE).unlink()
        assert "state.npz is missing; the run goes on from the state before" in peek(RunFolder.open(run)).mended
        np.testing.assert_array_equal(on_with(run).theta, whole[1].theta)

    def test_if_both_are_damaged_the_newest_is_named_and_nothing_changed(self, run):
        for file in (STATE, STATE_BEFORE):
            flip(run / file, 400)
        before = {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}
        with pytest.raises(RunError, match=r"state.npz' is damaged") as error:
            resume(RunFolder.open(run))
        assert error.value.exit_code == 2
        assert {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()} == before

    def test_the_list_of_runs_takes_it_for_one_that_can_go_on(self, run):
        (run / STATE).write_bytes(b"cut off")
        (run / RESULT).unlink()
        assert summarise(run).status is RunStatus.CRASHED

    def test_a_file_system_without_hard_links_keeps_one_state(self, tmp_path, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        session(tmp_path / "r", PARAMS, {}, save=ALWAYS)
        assert (tmp_path / "r" / STATE).exists()
        assert not (tmp_path / "r" / STATE_BEFORE).exists()

    def test_the_run_says_so_itself(self, tmp_path):
        params = DiffusionParams(width=6, height=5, steps=40)
        with new_folder(tmp_path / "r", preset="p", title="t", params=params) as folder:
            live = LiveRun(params, folder=folder)
            live.run()
        flip(tmp_path / "r" / STATE, 300)
        if not (tmp_path / "r" / STATE_BEFORE).exists():  # a run this short may save once
            shutil.copy(tmp_path / "r" / STATE, tmp_path / "r" / STATE_BEFORE)
            flip(tmp_path / "r" / STATE_BEFORE, 300)
        told = []
        with RunFolder.open(tmp_path / "r") as folder:
            LiveRun(params, told.append, folder=folder, resumption=resume(folder)).run()
        (notice,) = [event for event in told if isinstance(event, Notice) and event.code == "mended"]
        assert "state.npz' is damaged" in notice.message
        assert notice in RunFolder.open(tmp_path / "r").events()


class TestShortLog:
    """A log that is shorter than it was when the state was saved, as a power cut can leave it."""

    @pytest.mark.parametrize("share", [i / 50 for i in range(50)])
    def test_each_of_50_cuts_is_told_and_mended(self, run, share):
        file = run / EVENTS
        offset = saved_offset(run / STATE, PARAMS)
        os.truncate(file, int(share * offset))
        with pytest.raises(RunError, match="it is shorter than it was"):
            export_run(RunFolder.open(run), run.parent / "a.csv")
        mended = peek(RunFolder.open(run)).mended
        assert "events.jsonl is shorter than it was" in mended
        on_with(run)
        events = RunFolder.open(run).events()
        assert [event.epoch for event in events if isinstance(event, EpochDone)] == list(range(1, EPOCHS + 1))
        found = summarise(run)
        assert (found.status, found.position) == (RunStatus.DONE, EPOCHS)
        export_run(RunFolder.open(run), run.parent / "a.csv")
        assert len((run.parent / "a.csv").read_text().splitlines()) == EPOCHS + 1
        assert not peek(RunFolder.open(run)).mended

    def test_the_edits_that_are_left_are_done_again(self, run):
        lines = (run / EVENTS).read_bytes().splitlines(keepends=True)
        kept = next(number for number, line in enumerate(lines) if b'"edited"' in line) + 1
        (run / EVENTS).write_bytes(b"".join(lines[:kept]) + lines[kept][:20])
        (run / STATE_BEFORE).unlink()
        assert "the run starts again, with the edits that are left in it" in peek(RunFolder.open(run)).mended
        only_first = session(run.parent / "other", PARAMS, dict(list(EDITS.items())[:1]))
        np.testing.assert_array_equal(on_with(run).theta, only_first.theta)

    def test_an_older_state_that_fits_is_taken(self, run, whole):
        older = saved_offset(run / STATE_BEFORE, PARAMS)
        os.truncate(run / EVENTS, older + 3)
        resumption = peek(RunFolder.open(run))
        assert "the run goes on from the state before" in resumption.mended
        np.testing.assert_array_equal(on_with(run).theta, whole[1].theta)

    def test_a_branch_cannot_start_again(self, tmp_path):
        state = fakes.network_state(PARAMS)
        with new_folder(tmp_path / "r", preset="p", title="t", params=PARAMS, state=state) as folder:
            recorder = Recorder(folder, save=ALWAYS)
            begin = replace(state, epoch=5)
            Controller(lambda c: fakes.train(PARAMS, begin, control=c), PARAMS, recorder).run()
        os.truncate(tmp_path / "r" / EVENTS, 0)
        with pytest.raises(RunError, match=r"events.jsonl is shorter than it was when the state was saved"):
            resume(RunFolder.open(tmp_path / "r"))

    def test_a_state_of_an_earlier_version_does_not_tell_where_its_run_began(self, tmp_path, run):
        (run / STATE_BEFORE).unlink()
        saved = RunFolder.open(run).saved()
        replace(saved, origin=None).save(run / STATE)
        first = (run / EVENTS).read_bytes().index(b"\n") + 1
        os.truncate(run / EVENTS, first)
        assert "starts again" in peek(RunFolder.open(run)).mended
        os.truncate(run / EVENTS, 0)
        with pytest.raises(RunError, match="is shorter"):
            peek(RunFolder.open(run))

    def test_the_log_is_on_the_disk_before_the_state_that_counts_on_it(self, tmp_path, monkeypatch):
        handles = Path("/proc/self/fd")
        if not handles.is_dir():
            pytest.skip("the system does not tell which file is synced")
        synced = []
        fsync = os.fsync

        def note(handle):
            synced.append((handles / str(handle)).readlink().name)
            fsync(handle)

        monkeypatch.setattr(os, "fsync", note)
        with RunFolder.create(tmp_path / "r", preset="p", title="t", params=PARAMS) as folder:
            recorder = Recorder(folder, save=ALWAYS)
            assert synced[1:] == ["r", ASKED, "r"], "the parameters and what will be asked, each with their folder"
            synced.clear()
            Controller(lambda c: fakes.train(PARAMS, control=c), PARAMS, recorder).run()
        assert len(synced) == 3 * (EPOCHS + 1)
        assert set(synced[::3]) == {EVENTS}, "first of the log, the state and their folder"


class TestLog:
    def test_a_flipped_bit_is_told_wherever_it_is(self, run):
        content = (run / EVENTS).read_bytes()
        folder = RunFolder.open(run)
        sound = folder.events()
        last = content[:-1].rindex(b"\n") + 1
        for at in range(0, last, 41):
            flip(run / EVENTS, at)
            try:
                found = folder.events()
            except RunError as error:
                assert "is damaged" in str(error)
                assert "\n" not in str(error)
            else:
                assert found == sound, "but for the name of the checksum, nothing is read that was not written"
            (run / EVENTS).write_bytes(content)

    def test_lines_of_an_earlier_version_have_no_checksum(self, run):
        sound = RunFolder.open(run).events()
        lines = (run / EVENTS).read_bytes().splitlines()
        (run / EVENTS).write_bytes(b"".join(line[:-18] + b"}\n" for line in lines) + log_line(sound[-1]))
        saved_offset(run / STATE, PARAMS)
        (run / STATE).unlink()
        assert RunFolder.open(run).events() == [*sound, sound[-1]]

    def test_a_line_that_has_lost_its_checksum_is_damaged(self, run):
        lines = (run / EVENTS).read_bytes().splitlines()
        lines[3] = lines[3][:-18] + b"}"
        (run / EVENTS).write_bytes(b"".join(line + b"\n" for line in lines))
        with pytest.raises(RunError, match="has lost its checksum"):
            RunFolder.open(run).events()

    def test_an_endless_line_is_not_read_to_its_end(self, run):
        with (run / EVENTS).open("wb") as file:
            file.truncate(10**12)
        for read in (RunFolder.open(run).events, lambda: peek(RunFolder.open(run))):
            with pytest.raises(RunError, match="is damaged"):
                read()

    def test_that_of_another_run_is_refused_and_nothing_changed(self, run):
        folder = RunFolder.open(run)
        offset = peek(folder).checkpoint.offset
        first = (run / EVENTS).read_bytes().splitlines(keepends=True)[0]
        (run / EVENTS).write_bytes(
            (first + log_line(Notice(position=0, code="note", message="x" * offset)))[: offset + 5]
        )
        before = {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}
        with pytest.raises(RunError, match=r"is damaged: events\.jsonl is not the log that the state was saved with"):
            resume(folder)
        assert {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()} == before

    @pytest.mark.skipif(os.name != "posix", reason="links are those of Unix")
    def test_a_backup_of_hard_links_stays_as_it_was(self, tmp_path, run, whole):
        backup = shutil.copytree(run, tmp_path / "backup", copy_function=os.link)
        before = {file: file.read_bytes() for file in backup.rglob("*") if file.is_file()}
        np.testing.assert_array_equal(on_with(run).theta, whole[1].theta)
        assert {file: file.read_bytes() for file in backup.rglob("*") if file.is_file()} == before
        assert (run / EVENTS).read_bytes() != before[backup / EVENTS]

    def test_a_run_killed_with_its_log_cut_within_the_last_line_loses_nothing(self, tmp_path, whole):
        path = tmp_path / "r"
        with pytest.raises(Killed):
            session(path, PARAMS, EDITS, kill_after=17, save=RARELY)
        os.truncate(path / EVENTS, (path / EVENTS).stat().st_size - 5)
        rest = {at: edit for at, edit in EDITS.items() if at > 12}
        assert not peek(RunFolder.open(path)).mended
        np.testing.assert_array_equal(session(path, PARAMS, rest).theta, whole[1].theta)


@pytest.mark.parametrize(("file", "word"), [("params.toml", "epochs = 18"), ("result.json", '"position": 18')])
def test_a_changed_number_is_told(run, file, word):
    content = (run / file).read_text()
    assert word in content
    (run / file).write_text(content.replace(word, word.replace("18", "19")))
    with pytest.raises(RunError, match=r"changed|not what was written"):
        RunFolder.open(run).result()


@pytest.mark.skipif(os.name != "posix", reason="modes are those of Unix")
def test_a_run_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        params = DiffusionParams(width=6, height=5, steps=40)
        with new_folder(tmp_path / "r", preset="p", title="t", params=params) as folder:
            folder.frames().add(1, {"C": np.zeros((5, 6))})
            recorder = Recorder(folder, save=ALWAYS)
            Controller(lambda c: fakes.simulate(params, control=c), params, recorder).run()
            recorder.finish()
    finally:
        os.umask(before)
    assert any(isinstance(event, StepsDone) for event in folder.events())
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in (tmp_path / "r").rglob("*")}
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o700
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.skipif(os.name != "posix", reason="modes are those of Unix")
def test_the_lock_of_an_earlier_version_can_be_held_by_its_user_alone(run):
    (run / "lock").touch()
    (run / "lock").chmod(0o644)
    with RunFolder.open(run) as folder:
        folder.hold()
        assert stat.S_IMODE((run / "lock").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links are those of Unix")
@pytest.mark.parametrize("name", [EVENTS, "frames", "lock"])
def test_nothing_is_written_through_a_link(run, name):
    outside = run.parent / "outside"
    if name == "frames":
        (run / name).rename(outside)
    else:
        outside.write_bytes(b"mine")
        (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(outside)
    before = sorted(outside.iterdir()) if outside.is_dir() else outside.read_bytes()
    with pytest.raises(RunError, match="is no f"):
        resume(RunFolder.open(run))
    assert before == (sorted(outside.iterdir()) if outside.is_dir() else outside.read_bytes())
