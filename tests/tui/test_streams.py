"""Closed streams, poor encodings, poor terminals, signals, and input that no keyboard makes."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nnfd.core.errors import NnfdError
from nnfd.core.runs.folder import RunFolder
from nnfd.tui import cli
from nnfd.tui.guard import streams
from tests.support.recorded import make
from tests.support.terminal import COMMAND, Terminal
from tests.support.waiting import LIMIT

RUN = ("train", "--dataset", "iris", "--epochs", "100000", "--patience", "0", "--run-dir", "r")


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self.spoken = encoding

    @property
    def encoding(self):
        return self.spoken

    def isatty(self):
        return True


@pytest.fixture
def on_a_terminal(monkeypatch):
    """Let the standard streams be a terminal with this encoding."""

    def put(encoding="utf-8", **given):
        for name in ("stdin", "stdout", "stderr"):
            stream = given.get(name, Tty(encoding))
            monkeypatch.setattr(sys, name, stream)
            monkeypatch.setattr(sys, f"__{name}__", stream)

    monkeypatch.setenv("TERM", "xterm-256color")
    return put


class TestATerminalForTheDashboard:
    def test_a_good_one(self, on_a_terminal):
        on_a_terminal()
        streams.need_terminal()
        assert streams.screen_stream() is sys.__stderr__

    def test_errors_that_go_into_a_file_leave_the_output_to_draw_on(self, on_a_terminal):
        on_a_terminal(stderr=io.StringIO())
        streams.need_terminal()
        assert streams.screen_stream() is sys.__stdout__

    @pytest.mark.parametrize("term", ["dumb", "unknown"])
    def test_one_that_cannot_draw(self, on_a_terminal, monkeypatch, term):
        on_a_terminal()
        monkeypatch.setenv("TERM", term)
        with pytest.raises(NnfdError, match=f"TERM={term}; on one, add --headless"):
            streams.need_terminal()

    def test_an_encoding_that_cannot_draw(self, on_a_terminal):
        on_a_terminal("ascii")
        with pytest.raises(NnfdError, match="in the encoding ascii"):
            streams.need_terminal()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "the dashboard needs a terminal; without one, add --headless"),
        ("attach {}", "the dashboard needs a terminal; without one, add --headless"),
        ("delete {}", "there is no terminal to ask on: add --yes to delete"),
        ("prune --keep 0 --runs-root {}/..", "there is no terminal to ask on: add --yes to prune"),
    ],
)
def test_what_would_ask_on_a_closed_input_says_so(tmp_path, on_a_terminal, words, said):
    make(tmp_path / "r", result={})
    on_a_terminal(stdin=None)  # which is what Python makes of <&-
    assert cli.main(words.format(tmp_path / "r").split()) == 2
    assert said in sys.stderr.getvalue()
    assert (tmp_path / "r").exists()


@pytest.mark.parametrize(("encoding", "errors"), [("cp1252", "strict"), ("ascii", "surrogateescape")])
def test_a_poor_encoding_ends_no_command(monkeypatch, tmp_path, encoding, errors):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i % 7},{i % 5},{'猫犬'[i % 2]}\n" for i in range(40))
    (tmp_path / "a.csv").write_text(f"a,b,label\n{rows}", encoding="utf-8")
    make(tmp_path / "nnfd-runs" / "走る猫", result={})

    def printed(*words):
        stream = io.TextIOWrapper(io.BytesIO(), encoding, errors)
        monkeypatch.setattr(sys, "stdout", stream)
        assert cli.main(words) == 0
        return stream.buffer.getvalue().decode(encoding)

    assert r"\u8d70\u308b\u732b  done" in printed("runs")
    assert printed("export", "走る猫", "--to", "o猫.html") == "o\\u732b.html\n"
    assert (tmp_path / "o猫.html").exists()
    assert "Usage: nnfd-tui fur" in printed("fur", "--help")
    words = ("train", "--headless", "--no-record", "--epochs", "1", "--dataset", "a.csv")
    assert r"\u732b" in printed(*words)


@pytest.mark.parametrize("closed", [">&- 2>&- <&-", ">&-"])
def test_closed_streams_cost_no_run(tmp_path, closed):
    words = "train --headless --epochs 2 --run-dir r"
    done = subprocess.run(["sh", "-c", f"exec '{COMMAND}' {words} {closed}"], cwd=tmp_path, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    # what was printed went nowhere, and not into the file that got the stream's number
    assert [json.loads(line)["event"] for line in (tmp_path / "r" / "events.jsonl").read_text().splitlines()][
        -1
    ] == "ended"


@pytest.mark.slow
def test_a_terminal_that_does_what_none_should(tmp_path):
    with Terminal(*RUN, cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("running")
        os.kill(terminal.process.pid, signal.SIGCONT)  # without a stop before it
        terminal.press("e")
        terminal.wait_for("nothing changed")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "nothing changed" not in text)
        terminal.press(b"\xff\xfe")

        terminal.wait_for(pressing(terminal, "s", "paused"))  # what is read beside those bytes is lost with them
        terminal.wait_for(pressing(terminal, "z" * 4000, "some were dropped"))
        terminal.wait_for(pressing(terminal, "?", "escape closes"))
        assert memory(terminal.process.pid) < 400_000_000
        os.kill(terminal.process.pid, signal.SIGUSR1)
        assert terminal.wait_exit() == 130
    assert RunFolder.open(tmp_path / "r").events()[-1].outcome == "stopped"
    assert not list(tmp_path.rglob("*.log"))


@pytest.mark.slow
def test_a_terminal_that_goes_without_a_word_ends_the_run(tmp_path):
    with Terminal(*RUN, cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("running")
        terminal.hang_up(told=False)
        assert terminal.process.wait(LIMIT) == 130
    assert RunFolder.open(tmp_path / "r").events()[-1].outcome == "stopped"
    assert not list(tmp_path.rglob("*.log"))


def pressing(terminal, key, words):
    """Press a key until the screen shows some words."""

    def shown(text):
        if words not in text:
            terminal.press(key)
        return words in text

    return shown


def memory(process):
    """Bytes a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
