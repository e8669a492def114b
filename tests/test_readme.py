"""What the README says of parameters, presets and commands is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


def test_the_checks_run_what_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (test,) = re.findall(r"^(\.venv/bin/pip install .*) && (\.venv/bin/pytest)$", README, flags=re.MULTILINE)
    assert test[0].replace("install", "install --quiet") in script
    assert test[1] in script


def test_the_pictures_are_there():
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).is_file()
