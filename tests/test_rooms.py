"""The rooms of the house: who may import whom, and that the contracts would notice if somebody did otherwise."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTED = {
    "rooms of the core": (
        "core/runs/files.py",
        "import nnfd.core.library.catalog",
        "nnfd.core.runs.files -> nnfd.core.library.catalog",
    ),
    "rooms of the terminal": (
        "tui/screens/fur/numbers.py",
        "import nnfd.tui.app",
        "nnfd.tui.screens.fur.numbers -> nnfd.tui.app",
    ),
    "No screen knows": (
        "tui/screens/fur/numbers.py",
        "import nnfd.tui.screens.runs",
        "nnfd.tui.screens.fur.numbers -> nnfd.tui.screens.runs",
    ),
    "knows nothing of terminals": (
        "core/network/optim.py",
        "import nnfd.tui.jobs.mailbox",
        "nnfd.core.network.optim -> nnfd.tui.jobs.mailbox",
    ),
    "No import circle": (
        "core/network/activations.py",
        "import nnfd.core.network.mlp",
        "No cycles are allowed in nnfd.core.network.",
    ),
}
"""For each contract a wrong import, where it is planted, and what the report then says below the contract's name."""


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


def test_wrong_imports_are_noticed(house):
    for file, wrong, _ in PLANTED.values():
        with (house / "nnfd" / file).open("a", encoding="utf-8") as target:
            target.write(f"\n{wrong}\n")
    code, report = lint(house)
    assert code == 1
    broken = report.partition("Broken contracts")[2]
    begins = [broken.index(contract) for contract in PLANTED]
    assert begins == sorted(begins), "the report has another order: bring PLANTED into it"
    for (contract, (*_, told)), begin, end in zip(PLANTED.items(), begins, [*begins[1:], None], strict=True):
        assert told in broken[begin:end], (contract, report)


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
