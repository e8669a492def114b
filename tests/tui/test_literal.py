"""Titles, presets and tags with markup and escape sequences are shown as they are, wherever they are shown."""

from __future__ import annotations

import json

import pytest
from textual.widgets import DataTable

from nnfd.core.params import NetworkParams
from nnfd.core.runs.names import TAGS
from nnfd.tui.dialogs.pick_runs import PickRuns
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.compare.screen import CompareScreen
from nnfd.tui.screens.runs.screen import RunsScreen
from tests.support.dashboard import opened

MARKUP = "[red]x[/] [@click=app.quit]y[/]"
HOSTILE = f"{MARKUP} \x1b[31m\x9b2J"
SHOWN = f"{MARKUP} ␛[31m\ufffd2J"
PRESET = f"""
kind = "network"
title = {json.dumps(HOSTILE)}
description = {json.dumps(HOSTILE)}
[params]
dataset = "iris"
epochs = 2
"""


@pytest.fixture
def hostile(tmp_path, run):
    """A recorded run whose preset's file name, title, folder name and tags are hostile."""
    preset = tmp_path / "[b]p[-b].toml"
    preset.write_text(PRESET, encoding="utf-8")
    root = tmp_path / "runs"
    assert run("train", str(preset), "--headless", "--quiet", "--run-dir", str(root / "[i]r[-i]"))[0] == 0
    (root / "[i]r[-i]" / TAGS).write_text(json.dumps([HOSTILE]))
    return root


def assert_clean(text):
    assert not set(text) & {"\x1b", "\x9b"}


async def test_in_the_dashboard(hostile):
    storage = Storage(root=hostile, record=False)
    async with opened(NetworkParams(dataset="iris", epochs=1), (200, 60), storage=storage) as lab:
        await lab.press("4")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and lab.app.screen.table.runs)
        for words in ("[i]r[-i]", "[b]p[-b]", f"{SHOWN} · #{SHOWN}"):
            assert words in lab.text()
        assert_clean(lab.text())
        for key in ("n", "T", "d"):
            await lab.press(key)
            assert "[i]r[-i]" in lab.text()
            assert_clean(lab.text())
            await lab.press("escape")
        await lab.press("c")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen) and "[i]r[-i]" in lab.text())
        assert_clean(lab.text())
        await lab.press("p")
        await lab.until(lambda: isinstance(lab.app.screen, PickRuns) and "[i]r[-i]" in lab.text())
        assert_clean(lab.text())
        await lab.press("escape")
        lab.app.screen.query_one(DataTable).focus()
        await lab.press("enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 2)
        await lab.until(lambda: SHOWN in lab.text() and "[b]p[-b]" in lab.text())
        assert_clean(lab.text())
        await lab.press("x")
        assert "[i]r[-i].html" in lab.text()


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_on_the_command_line(hostile, run, flags):
    code, out, err = run("runs", "--runs-root", str(hostile), *flags)
    assert (code, err) == (0, "")
    assert "[i]r[-i]" in out
    assert (json.dumps(SHOWN) if flags else SHOWN) in out
    assert_clean(out)
    code, out, err = run("tag", "[i]r[-i]", "--runs-root", str(hostile))
    assert out == f"{SHOWN}\n"
    code, out, err = run("rename", "[i]r[-i]", HOSTILE, "--runs-root", str(hostile))
    assert code == 2
    assert_clean(err)


def test_in_a_report(hostile, run, tmp_path):
    assert run("export", str(hostile / "[i]r[-i]"), "--to", str(tmp_path / "r.html"))[0] == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert SHOWN in page
    assert_clean(page)
