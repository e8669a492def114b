"""A dashboard that cannot end in order, for want of memory or as a worker hangs, ends all the same."""

import resource
import signal
import sys

import pytest

from tests.support.terminal import Terminal
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of Unix")

FAILS = """
from textual.drivers.linux_driver import LinuxDriver
from nnfd.tui import app, cli
stop = LinuxDriver.stop_application_mode
def fail(*_):
    LinuxDriver.stop_application_mode = stop
    raise MemoryError
# nothing of Textual's clean-up is done
app.LabApp._shutdown = LinuxDriver.stop_application_mode = fail
"""
HANGS = """
import pathlib, threading
from nnfd.tui import cli
from nnfd.tui.guard import signals
from nnfd.core.runs import live
signals.PATIENCE = 1
def hang(*_):  # as a library that waits for memory
    pathlib.Path("hangs").touch()
    threading.Event().wait()
live.load_data = hang
"""
LEFT_OVER = (
    FAILS
    + """
import asyncio, threading
asyncio.SelectorEventLoop.close = fail
threading.Thread(target=threading.Event().wait).start()  # the process waits for it, and no loop answers a signal
"""
)


def test_what_is_left_of_one_that_ended_can_be_told_to_end(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(LEFT_OVER)
    with Terminal("--no-record", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}) as terminal:
        terminal.wait_for("Restart")
        terminal.press("q")
        terminal.wait_for("there is not enough memory")
        terminal.process.terminate()
        assert terminal.wait_exit() == -signal.SIGTERM


@pytest.mark.parametrize(("plant", "told"), [(FAILS, ""), (HANGS, "ended at once, because something in it hung")])
def test_it_ends_when_it_is_told(tmp_path, plant, told):
    (tmp_path / "sitecustomize.py").write_text(plant)
    with Terminal("--no-record", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}) as terminal:
        terminal.wait_for("Restart")
        if plant is HANGS:
            until((tmp_path / "hangs").exists)
        terminal.process.terminate()
        assert terminal.wait_exit() in {0, 1}
        assert told in terminal.text
    assert terminal.written.rfind("\x1b[?1049l") > terminal.written.rfind("\x1b[?1049h")
    assert terminal.written.rfind("\x1b[?1003l") > terminal.written.rfind("\x1b[?1003h")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        ("train --no-record", "running", 130),
        ("train --no-record --hidden 16384,16384", "hidden: 16384,16384 is not allowed here", 1),
        ("fur --no-record --width 8192 --height 8192", "width, height: 8192 x 8192 cells are not allowed here", 1),
    ],
)
def test_with_hardly_any_memory_it_says_so_and_ends_when_it_is_told(tmp_path, words, said, code):
    limit = (950_000_000,) * 2  # bytes: enough to open, too little for what is asked for

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, limit)

    home = {"XDG_STATE_HOME": str(tmp_path)}
    with Terminal(*words.split(), columns=160, cwd=tmp_path, env=home, prepare=limited) as terminal:
        terminal.wait_for(said)
        terminal.process.terminate()
        assert terminal.wait_exit() == code
    assert not list(tmp_path.rglob("*.log")), "it was foreseen"
