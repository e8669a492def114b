"""The installed command on a pseudo-terminal, its screen read through a terminal emulator."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from nnfd.core.params import presets
from tests.support.terminal import Terminal

ENDLESS = """
kind = "network"
[params]
epochs = 100000
patience = 0
engine = "numpy"
"""


@pytest.fixture
def endless(tmp_path, monkeypatch):
    """Let the first run be one that is not over before a key reaches it; the shipped one takes six seconds."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    folder = presets.user_folder()
    folder.mkdir(parents=True)
    (folder / f"{presets.DEFAULT_PRESETS['network']}.toml").write_text(ENDLESS)


@pytest.mark.usefixtures("endless")
def test_the_dashboard_opens_alive_and_quits_cleanly(tmp_path):
    with Terminal(columns=120, rows=40, cwd=tmp_path, prepare=lambda: os.close(2)) as terminal:  # 2>&-
        terminal.wait_for("running")
        terminal.wait_for(lambda text: re.search(r"\b([5-9]|\d\d+)/100,000\b", text) is not None)
        terminal.press(" ")
        terminal.wait_for("paused")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    (run,) = (tmp_path / "nnfd-runs").iterdir()
    events = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "ended"
    assert (run / "state.npz").exists()
