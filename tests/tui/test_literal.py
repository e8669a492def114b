"""Titles, presets and tags with markup and escape sequences are shown as they are, wherever they are shown."""

from __future__ import annotations

import json

import pytest
from textual.events import Paste
from textual.widgets import DataTable

from nnfd.core.params import NetworkParams, presets
from nnfd.core.runs.names import TAGS
from nnfd.tui.dialogs.pick_runs import PickRuns
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.compare.screen import CompareScreen
from nnfd.tui.screens.runs.screen import RunsScreen
from nnfd.tui.widgets.param_row import ParamRow
from nnfd.tui.widgets.params_form import ParamsForm
from tests.support.dashboard import OVER_AT_ONCE, opened
from tests.support.terminal import Terminal

MARKUP = "[red]x[/] [@click=app.quit]y[/]"
HOSTILE = f"{MARKUP} \x1b[31m\x9b2J\u202e"
SHOWN = f"{MARKUP} ␛[31m\ufffd2J\ufffd"
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
    assert text.replace("\n", "").isprintable()


async def test_in_the_dashboard(hostile):
    storage = Storage(root=hostile, record=False)
    async with opened(OVER_AT_ONCE, (200, 60), storage=storage) as lab:
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
    assert out.isascii() or not flags
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


def test_presets_and_their_parameters(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setattr(presets, "user_folder", lambda: own)
    (own / f"{HOSTILE.replace('/', '')}.toml").write_text(PRESET.replace('"iris"', json.dumps(f"{HOSTILE}.csv")))
    name = HOSTILE.replace("/", "")
    for words in (["presets"], ["presets", "show", name], ["train", name, "--headless"], ["presets", "check", name]):
        for text in run(*words)[1:]:
            assert_clean(text)
    shown = tmp_path / "shown.toml"
    shown.write_text(run("presets", "show", name)[1], encoding="utf-8")
    assert presets.check(shown).params == presets.load(name).params  # escaped, not replaced: it is the same preset


def test_events_as_json(run, tmp_path):
    data = tmp_path / f"{HOSTILE.replace('/', '')}.csv"
    data.write_text("".join(f"{i % 7},{i % 5},{'ab'[i % 2]}\n" for i in range(40)))
    flags = ("--headless", "--no-record", "--epochs", "1", "--no-header")
    code, out, err = run("train", "--dataset", str(data), *flags, "--json")
    assert code == 0
    assert out.isascii()
    assert_clean(out + err)
    assert json.loads(out.splitlines()[0])["params"]["values"]["dataset"] == str(data)


async def test_in_the_form_and_in_what_is_pasted():
    async with opened(NetworkParams(dataset="iris", label=HOSTILE), (120, 60)) as lab:
        await lab.press("e")
        assert SHOWN in lab.text()
        assert_clean(lab.text())
        form = lab.app.screen.query_one(ParamsForm)
        row = next(row for row in form.query(ParamRow) if row.info.name == "dataset")
        row.field.focus()
        lab.app.post_message(Paste(f"data{HOSTILE}\nmore"))
        await lab.until(lambda: f"data{SHOWN}" in row.field.value)
        row.field.value = HOSTILE  # by whatever way
        await lab.until(lambda: SHOWN in lab.text())
        assert_clean(lab.text())


TITLE = "\x1b]0;taken over\x07"
ACTING = "\x9b\u202e\u2066\u200b\u2028"
"""What no part of Textual writes of its own accord."""


@pytest.mark.slow
def test_what_reaches_the_terminal_itself(tmp_path):
    hostile = f"{TITLE}{ACTING}"
    (tmp_path / f"{hostile}.toml").write_text(PRESET.replace(json.dumps(HOSTILE), json.dumps(hostile)))
    data = tmp_path / f"{hostile}.csv"
    data.write_text("p,q,y\n" + "".join(f"{i % 7},{i % 5},{'ab'[i % 2]}{hostile}\n" for i in range(40)))
    words = ("train", f"./{hostile}.toml", "--dataset", str(data), "--label", "y", "--runs-root", "there")
    with Terminal(*words, columns=160, rows=50, cwd=tmp_path) as terminal:
        terminal.wait_for(lambda text: "done" in text or "failed" in text)
        assert "done" in terminal.text
        for key, words in (("e", "nothing changed"), ("p", "enter starts")):
            terminal.press(key)
            terminal.wait_for(words)
            terminal.press("\x1b")
            terminal.wait_for(lambda text, words=words: words not in text)
        terminal.press("x")
        terminal.wait_for("Export this run")
        terminal.press("\r")
        terminal.wait_for("written: ")
        terminal.press("4")
        terminal.wait_for("taken over")
        terminal.press("c")
        terminal.wait_for(lambda text: "taken over" in text and "Compare" in text)
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert "taken over" in terminal.written
    assert TITLE[:4] not in terminal.written
    assert not set(ACTING) & set(terminal.written)


NAMED = f"{TITLE}{ACTING}".replace("/", "")
"""A name of a preset, a run, a file, a column, a parameter's value."""


@pytest.mark.parametrize(
    "words",
    [
        *(("presets", do, NAMED) for do in ("show", "check")),
        *(("models", do, NAMED) for do in ("show", "check")),
        *((do, NAMED) for do in ("export", "tag", "rename", "delete", "resume", "attach", "sweep", "train", "fur")),
        ("prune", "--keep", NAMED),
        ("runs", "--sort", NAMED),
        ("runs", "--filter", NAMED),
        ("runs", "--runs-root", NAMED),
        ("fur", "cheetah", "--seeds", NAMED, "--headless"),
        ("fur", "cheetah", "--boundary", NAMED, "--headless"),
        ("fur", "cheetah", f"--{NAMED}", "x"),
        ("train", "--dataset", f"{NAMED}.csv", "--headless", "--no-record"),
        ("train", "--dataset", "iris", "--label", NAMED, "--headless", "--no-record"),
        ("train", "--dataset", "data.csv", "--drop", NAMED, "--headless", "--no-record"),
        ("train", "--dataset", "data.csv", "--categorical", NAMED, "--headless", "--no-record"),
        ("sweep", "sweep.toml", "--headless"),
        (NAMED,),
    ],
    ids=lambda words: " ".join(words).replace(NAMED, "NAME"),
)
def test_no_word_of_a_command_line_acts(run, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    column = "".join(set(NAMED) - set("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029,"))
    rows = "".join(f"{i % 7},{i % 5},{'ab'[i % 2]}{column}\n" for i in range(40))
    (tmp_path / "data.csv").write_text(f"{column},p,y\n{rows}", encoding="utf-8")
    (tmp_path / "sweep.toml").write_text(
        f"preset = {json.dumps(NAMED)}\nseeds = 1\n[grid]\n{json.dumps(NAMED)} = [1, 2]\n"
    )
    code, out, err = run(*words)
    assert code in {0, 2}
    assert out + err
    assert_clean(out + err)


@pytest.mark.slow
def test_what_reaches_the_terminal_from_a_pattern_and_a_sweep(tmp_path):
    preset = f"{NAMED}.toml"
    text = json.dumps(NAMED)
    small = "[params]\nwidth = 20\nheight = 20\nsteps = 40\nseeds = 3\n"
    (tmp_path / preset).write_text(f'kind = "fur"\ntitle = {text}\ndescription = {text}\n{small}')
    (tmp_path / "s.toml").write_text(f"preset = {json.dumps('./' + preset)}\nseeds = 1\n[grid]\nD_a = [0.01, 0.02]\n")
    written = ""
    with Terminal("fur", f"./{preset}", "--runs-root", "there", columns=160, rows=50, cwd=tmp_path) as terminal:
        terminal.wait_for("done")
        (folder,) = (tmp_path / "there").iterdir()
        (folder / TAGS).write_text(json.dumps([NAMED]))
        for key, words in (("e", "nothing changed"), ("p", "enter starts"), ("?", "escape closes")):
            terminal.press(key)
            terminal.wait_for(words)
            terminal.press("\x1b")
            terminal.wait_for(lambda text, words=words: words not in text)
        terminal.press("4")
        terminal.wait_for(lambda text: "taken over" in text and "#" in text)
        for key, words in (("n", "enter renames"), ("T", "enter takes them"), ("e", "A new run from")):
            terminal.press(key)
            terminal.wait_for(words)
            terminal.press("\x1b")
            terminal.wait_for(lambda text, words=words: words not in text)
        terminal.press("c")
        terminal.wait_for("Compare")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        written += terminal.written
    with Terminal("sweep", "s.toml", "--run-dir", "sw", columns=160, rows=50, cwd=tmp_path) as terminal:
        terminal.wait_for("2/2 runs")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        written += terminal.written
    assert "taken over" in written
    assert TITLE[:4] not in written
    assert not set(ACTING) & set(written)
