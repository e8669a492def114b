"""What the README says of parameters, presets and commands is what the program does."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding
from textual.keys import format_key
from textual.screen import Screen

import nnfd.tui
from nnfd.core.params import FIELD_MODELS, NetworkParams, presets
from nnfd.core.params.table import markdown_table
from nnfd.tui.cli import build

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("models", [(NetworkParams,), FIELD_MODELS], ids=["network", "fields"])
def test_the_parameter_tables_are_those_of_the_models(models):
    assert markdown_table(*models) in README, "python -m nnfd.core.params.table prints them"


def test_every_shipped_preset_is_listed_with_its_title():
    for file in (ROOT / "presets").glob("*.toml"):
        preset = presets.check(file)
        assert f"| `{preset.name}` | {preset.kind} | {preset.title} |" in README


def test_every_command_is_shown_and_every_shown_one_exists():
    shown = set(re.findall(r"^nnfd-tui (\w+)", README, flags=re.MULTILINE))
    assert shown == {name for name in build() if not name.startswith("-")}


WORDS = {"⏎": "enter", "⌫": "backspace", "esc": "escape"}
"""How the README writes keys that Textual shows as signs."""
IN_WORDS = {"←", "→", "↑", "↓", *(f"shift+{way}" for way in ("left", "right", "up", "down")), "del"}
"""Arrows, which the table names by their word, and a second key for one that it has."""


def keys_of_the_screens():
    """The keys of the app and of every screen but the dialogs, as the README writes them."""
    keys = set()
    for module in pkgutil.walk_packages(nnfd.tui.__path__, "nnfd.tui."):
        for found in vars(importlib.import_module(module.name)).values():
            is_screen = isinstance(found, type) and issubclass(found, Screen | App)
            if is_screen and found.__module__ == module.name and ".dialogs." not in module.name:
                bindings = Binding.make_bindings(found.__dict__.get("BINDINGS", []))
                keys |= {binding.key_display or format_key(binding.key) for binding in bindings}
    return {WORDS.get(key, key) for key in keys} - IN_WORDS


def test_the_table_of_keys_is_that_of_the_bindings():
    table = README[README.index("## Keys") : README.index("`?` shows the keys")]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    shown = {key for line in rows for key in re.findall(r"`([^`]+)`", line)}
    assert shown - {"ctrl+p"} == keys_of_the_screens()  # the palette's key is Textual's own


def test_every_path_named_in_the_chapter_on_how_it_is_made_is_there():
    chapter = README[README.index("## How it is made") :]
    paths = re.findall(r"`((?:core|tui)/[\w./]+)`", chapter)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
    named = re.findall(r"`((?:core|tui)/[\w./]+\.py)` \(`(\w+)`\)", chapter)
    assert len(named) > 5
    there = {path: (ROOT / path).read_text(encoding="utf-8") for path, _ in named}
    assert [name for name in named if not re.search(rf"\b(class|def) {name[1]}\b", there[name[0]])] == []


def test_the_checks_run_what_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (test,) = re.findall(r"^(\.venv/bin/pip install .*) && (\.venv/bin/pytest)$", README, flags=re.MULTILINE)
    assert test[0].replace("install", "install --quiet") in script
    assert test[1] in script


def test_the_pictures_are_there():
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).is_file()


def test_it_warns_of_a_cluster_that_asks_nobody_who_he_is():
    chapter = README[README.index("## Sweeps") : README.index("## The living atlas")]
    (warning,) = (" ".join(part.split()) for part in chapter.split("\n\n") if "`tcp://` asks nobody who he is" in part)
    assert "pickled" in warning
    assert "can run code in your workers and in your own process" in warning
    assert "`tls://` lets in only who holds a certificate" in warning
