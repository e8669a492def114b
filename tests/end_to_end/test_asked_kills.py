"""Commands to a run in a process of its own, which is killed at any moment: what it acknowledged is never lost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading

import pytest

from nnfd.core.engine.events import Edited, Painted
from nnfd.core.errors import RunError
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.names import LIVE
from nnfd.core.runs.remote import Live, send
from nnfd.core.runs.resumption import peek
from tests.support.waiting import until

COMMAND = [sys.executable, "-m", "nnfd.tui.cli"]
RUNS = {
    # an epoch that takes far longer than a kill
    "network": (["train", "--hidden", "1024,1024", "--epochs", "1000000", "--patience", "0"], 1.0),
    "fur": (["fur", "giraffe", "--width", "700", "--height", "700", "--steps", "1000000000"], 0.3),
}


class Turn:
    """A process's turn at the run."""

    def __init__(self, folder, begin):
        go_on = ["resume", str(folder)] if folder.exists() else [*begin, "--run-dir", str(folder)]
        self.folder = folder
        (folder / LIVE).unlink(missing_ok=True)  # what the last one left says nothing of this one
        self.process = subprocess.Popen([*COMMAND, *go_on, "--headless", "--quiet"], stderr=subprocess.PIPE, text=True)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def can_be_asked(self):
        assert self.process.poll() is None, self.process.communicate()
        return Live.read(self.folder) and RunFolder.open(self.folder).is_live()

    def ask(self, number):
        """Ask for something that only this number asks for; return the command's name."""
        if "hidden" in json.dumps(RunFolder.open(self.folder).params.values()):
            return send(self.folder, do="edit", changes={"lr": 1e-3 + number * 1e-6})
        paint = {"field": "a", "x": number % 700, "y": number // 700, "radius": 0, "value": 3.0}
        return send(self.folder, do="paint", paint=paint)


def number_of(event):
    if isinstance(event, Edited):
        return round((event.params.lr - 1e-3) * 1e6)
    return event.paint.y * 700 + event.paint.x


def kept(folder):
    """Return the numbers of what was done and of what will be done on resume, in order."""
    run = RunFolder.open(folder)
    resumption = peek(run)
    events = [*resumption.events, *resumption.checkpoint.pending]
    return [number_of(event) for event in events if isinstance(event, Edited | Painted)]


def do(folder, kind, kills, seed):
    """Kill the run so many times with commands in flight; return the numbers of those that were acknowledged."""
    begin, longest = RUNS[kind]
    chance = random.Random(seed)
    acknowledged, number = [], 0
    for _ in range(kills):
        turn = Turn(folder, begin)
        try:
            until(turn.can_be_asked)
            asked = {}
            for _ in range(chance.randint(1, 4)):
                number += 1
                try:
                    asked[turn.ask(number)] = number
                except RunError:
                    break  # its files are not there yet, or no more
                threading.Event().wait(chance.uniform(0, longest / 4))
            if chance.random() < 0.7:  # else some are killed before they are answered
                until(lambda: set(asked) <= set(Live.read(folder).answers))  # noqa: B023 - asked at once
            threading.Event().wait(chance.uniform(0, longest))
            answers = Live.read(folder).answers
        finally:
            turn.kill()
        answers = {**answers, **(live.answers if (live := Live.read(folder)) else {})}
        acknowledged += [asked[name] for name, why in answers.items() if name in asked and not why]
        assert all(not why for name, why in answers.items() if name in asked), answers
        have = kept(folder)
        assert set(acknowledged) <= set(have), f"seed {seed}: lost {set(acknowledged) - set(have)}"
        assert have == sorted(set(have)), f"seed {seed}: doubled or out of order: {have}"
    return acknowledged


@pytest.mark.parametrize(("kind", "seed"), [("network", 1), ("fur", 2)])
def test_what_was_acknowledged_outlives_kills(tmp_path, kind, seed):
    assert do(tmp_path / "r", kind, 2, seed)


@pytest.mark.parametrize("kills", [pytest.param(10, marks=pytest.mark.slow), pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.parametrize(("kind", "seed"), [("network", 3), ("fur", 4)])
def test_what_was_acknowledged_outlives_many_kills(tmp_path, kind, seed, kills):
    acknowledged = do(tmp_path / "r", kind, kills, seed)
    print(f"{kind}: {kills} kills, {len(acknowledged)} acknowledged, none lost")  # noqa: T201 - shown with -s
    assert len(acknowledged) > kills
