"""Edits and pictures that would end a field run, or whoever goes on with it, are refused before they are taken."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nnfd.core.engine.events import Edited, Notice, Paint, Painted, Started
from nnfd.core.errors import ParamsError, UnavailableError
from nnfd.core.fields.maps import marked_grey
from nnfd.core.params import FurParams
from nnfd.core.runs.asked import Asked
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.log import to_json
from nnfd.core.runs.names import EVENTS, RESULT, STATE
from nnfd.core.runs.resumption import peek, resume

SMALL = {"width": 40, "height": 40, "steps": 200, "engine": "numpy", "seeds": 3}


def test_an_edit_that_is_wrong_in_one_cell_alone_is_refused_and_nothing_is_kept_of_it(tmp_path):
    params = FurParams(**SMALL)
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=params) as folder:
        run = LiveRun(params, folder=folder)
        with pytest.raises(ParamsError, match="rho_a"):
            run.controller.edit({"rho_a": "0.04 - 0.1*where(x==7,where(y==7,1,0),0)"})
        run.run()
        assert folder.result()["outcome"] == "completed"


def test_an_edit_that_a_version_before_took_is_left_out_on_resume_and_told_once(tmp_path):
    """It was acknowledged, ended the run, and then each one that went on with it."""
    params = FurParams(**SMALL)
    bad = params.edited({"rho_a": "0.04 - 0.1*where(x==7,where(y==7,1,0),0)"})
    good = bad.edited({"dt": 0.5})
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=params) as folder:
        asked = Asked(folder)
        asked.begin("1")
        asked.add(Edited(0, bad, params.changed(bad)))
        asked.add(Edited(0, good, bad.changed(good)))
        Checkpoint(None, turn="1").save(folder.path / STATE)
    with RunFolder.open(tmp_path / "r") as folder:
        resumption = resume(folder)
        run = LiveRun(params, folder=folder, resumption=resumption)
        assert run.run().outcome == "completed"
        assert folder.saved().state.params.dt == 0.5  # what was asked after it is done
        told = [event.message for event in folder.events() if isinstance(event, Notice)]
    assert len(told) == 1
    assert told[0].startswith("an edit asked for at 0 cannot be done and is left out: rho_a: ")
    assert peek(RunFolder.open(tmp_path / "r")).mended == ""


def test_an_edit_at_the_end_of_an_old_log_that_is_none_any_more_is_told(tmp_path):
    params = FurParams(**SMALL)
    edit = to_json(Edited(0, params.edited({"dt": 0.5}), {"dt": (1.0, 0.5)})).replace("0.5", "1e400")
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=params) as folder:
        (folder.path / EVENTS).write_text(f"{to_json(Started(params, 0, 200))}\n{edit}\n")
    told = peek(RunFolder.open(tmp_path / "r")).mended
    assert told.startswith('events.jsonl: its last line is left out: \'{"event":"edited"')
    with (tmp_path / "r" / EVENTS).open("a") as log:
        log.truncate(log.tell() - 1)  # that a kill cut off: nobody was told that it is done
    assert peek(RunFolder.open(tmp_path / "r")).mended == ""


@pytest.mark.parametrize("lost", ["gone", "another"])
def test_a_resume_gives_up_no_edit_whose_picture_is_not_there_now(tmp_path, lost):
    picture = tmp_path / "d.png"
    Image.fromarray(np.full((40, 40), 9, np.uint8)).save(picture)
    kept = picture.read_bytes()
    params = FurParams(**SMALL)
    drawn = params.edited({"rho_a": f"{picture} 0.01..0.02"})
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=params) as folder:
        asked = Asked(folder)
        asked.begin("1")
        asked.add(Edited(0, drawn, params.changed(drawn)))
        asked.add(Painted(0, Paint("rho_a", 1, 1, 1, 0.03)))
        Checkpoint(None, turn="1").save(folder.path / STATE)
    before = {file.name: file.read_bytes() for file in (tmp_path / "r").iterdir() if file.name != "lock"}
    marked_grey.cache_clear()  # another process does not know the picture
    if lost == "gone":
        picture.unlink()
    else:
        Image.fromarray(np.full((40, 40), 8, np.uint8)).save(picture)
    with pytest.raises(UnavailableError, match=r"^rho_a: an edit asked for at 0 cannot be done now: .*d\.png"):
        resume(RunFolder.open(tmp_path / "r"))
    assert {name: (tmp_path / "r" / name).read_bytes() for name in before} == before
    picture.write_bytes(kept)
    with RunFolder.open(tmp_path / "r") as folder:
        assert len(resume(folder).checkpoint.pending) == 2


def test_a_run_whose_domain_is_gone_is_refused_before_anything_of_it_is_touched(tmp_path):
    picture = tmp_path / "d.png"
    Image.fromarray(np.kron([[0, 255]], np.ones((40, 20))).astype(np.uint8)).save(picture)
    params = FurParams(**SMALL, domain=str(picture))
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=params) as folder:
        LiveRun(params, folder=folder).run()
    before = {name: (tmp_path / "r" / name).read_bytes() for name in (EVENTS, RESULT)}
    picture.unlink()
    command = [sys.executable, "-m", "nnfd.tui.cli", "resume", str(tmp_path / "r"), "--headless"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # this process knows the picture still
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "d.png" in done.stderr
    assert {name: (tmp_path / "r" / name).read_bytes() for name in (EVENTS, RESULT)} == before
