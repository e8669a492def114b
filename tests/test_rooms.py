"""The rooms of the house: who may import whom, and that the contracts would notice if somebody did otherwise."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTED = {
    "a terminal in the core": ("core/network/optim.py", "import nnfd.tui.jobs.mailbox", "knows nothing of terminals"),
    "a run that knows the library": ("core/runs/files.py", "import nnfd.core.library.catalog", "rooms of the core"),
    "a circle": ("core/network/activations.py", "import nnfd.core.network.mlp", "No import circle"),
    "a screen that knows the app": ("tui/screens/fur/numbers.py", "import nnfd.tui.app", "rooms of the terminal"),
    "a screen that knows another": ("tui/screens/fur/numbers.py", "import nnfd.tui.screens.runs", "No screen knows"),
}


def lint(house):
    """Run import-linter over the packages in this folder; return exit code and the words of its report."""
    code = (
        f"import sys; sys.path.insert(0, {str(house)!r})\n"
        "from importlinter.cli import lint_imports_command\n"
        "lint_imports_command(['--no-cache', '--config', 'pyproject.toml'])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, encoding="utf-8")
    return done.returncode, " ".join(done.stdout.split())


@pytest.fixture
def house(tmp_path):
    """A copy of the code, laid out as it is installed."""
    for room in ("core", "tui"):
        shutil.copytree(ROOT / room, tmp_path / "nnfd" / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_room_keeps_to_its_layer(house):
    code, report = lint(house)
    assert code == 0, report


@pytest.mark.parametrize(("file", "wrong", "contract"), PLANTED.values(), ids=PLANTED)
def test_a_wrong_import_is_noticed(house, file, wrong, contract):
    target = house / "nnfd" / file
    target.write_text(f"{target.read_text(encoding='utf-8')}\n{wrong}\n", encoding="utf-8")
    code, report = lint(house)
    assert code == 1
    assert any(contract in part and part.rstrip().endswith("BROKEN") for part in parts(report)), report


def parts(report):
    """Cut the report behind each verdict."""
    return report.replace("BROKEN", "BROKEN\n").replace("KEPT", "KEPT\n").split("\n")


def test_no_file_and_no_class_is_too_long():
    import ast

    long = {}
    for file in [*ROOT.glob("core/**/*.py"), *ROOT.glob("tui/**/*.py")]:
        text = file.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > 300:
            long[file.relative_to(ROOT).as_posix()] = lines
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.end_lineno - node.lineno >= 250:
                long[f"{file.relative_to(ROOT).as_posix()}:{node.name}"] = node.end_lineno - node.lineno + 1
    assert not long


@pytest.mark.parametrize("top", ["core", "tui"])
def test_the_top_of_the_house_is_seen_at_one_look(top):
    rooms = {item.name for item in (ROOT / top).iterdir()} - {"__init__.py", "__pycache__", "py.typed"}
    assert len(rooms) <= 10, sorted(rooms)
