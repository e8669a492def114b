"""The fur lab on a pseudo-terminal: plant a seed and see it grow."""

from __future__ import annotations

import json
import re
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from tests.support.terminal import Terminal


def greatest_a(text: str) -> float:
    """Return the greatest a that the numbers on the screen name."""
    row = re.search(r"(?m)\ba +\S+ +\S+ +(\d\S*)", text)
    return float(row.group(1)) if row else 0.0


def steps_done(text: str) -> int:
    """Return how many steps the status line names; 0 while it is being written."""
    status = re.search(r"([\d,]+)/2,000,000", text)
    return int(status.group(1).replace(",", "")) if status else 0


def test_a_painted_seed_grows(tmp_path):
    grid = ["--width", "100", "--height", "100", "--seeds", "0", "--steps", "2000000", "--engine", "numpy"]
    with Terminal("fur", "leopard", *grid, columns=120, rows=40, cwd=tmp_path) as terminal:
        terminal.wait_for("extinct")
        terminal.press(" ")
        terminal.wait_for("paused")
        if "activator a" not in terminal.text:
            terminal.press("n")
            terminal.wait_for("activator a")
        terminal.press("i")
        terminal.wait_for("radius 2 at 50,50")
        terminal.press("\r")
        terminal.wait_for(lambda text: greatest_a(text) >= 1.9)
        terminal.press(" f")
        terminal.wait_for(lambda text: "extinct" not in text and greatest_a(text) > 0.5)
        terminal.wait_for(lambda text: steps_done(text) > 3_000)
        terminal.process.terminate()
        assert terminal.wait_exit() == 130
        (run,) = (tmp_path / "nnfd-runs").iterdir()
        assert f"; go on with: nnfd-tui resume nnfd-runs/{run.name}" in terminal.written
    events = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    at = next(i for i, event in enumerate(events) if event["event"] == "painted")
    since = events[at]["position"] + 500
    later = [event for event in events[at:] if event["event"] == "steps-done" and event["step"] > since]
    assert later, {event["event"] for event in events}
    assert max(event["stats"]["a"]["max"] for event in later) > 0.5
    # what grew has spread over the grid: far more of a than the 13 cells that were painted
    assert max(event["stats"]["a"]["mean"] for event in later) > 13 * 2.0 / 100**2
