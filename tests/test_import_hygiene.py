"""What each part pulls in, seen from a fresh interpreter: the core knows no terminal, and a question is cheap."""

import pkgutil
import subprocess
import sys

import nnfd.core


def modules_after(code):
    """Run `code` in a fresh interpreter and return the top-level names of all modules it loaded."""
    program = f"import sys\n{code}\nsys.stderr.write('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines())


def test_no_part_of_the_core_brings_a_terminal_library():
    names = [module.name for module in pkgutil.walk_packages(nnfd.core.__path__, "nnfd.core.")]
    assert "nnfd.core.network.train" in names
    assert "nnfd.core.fields.simulate" in names
    code = "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in names)
    loaded = modules_after(code)
    assert "numpy" in loaded
    assert loaded.isdisjoint({"textual", "rich", "plotext", "textual_plotext", "cyclopts"})


def test_importing_the_core_leaves_the_slow_libraries_alone():
    names = ("runs.live", "runs.recorder", "library.catalog", "library.export", "params.presets")
    code = "import " + ", ".join(f"nnfd.core.{name}" for name in names)
    assert modules_after(code).isdisjoint({"sklearn", "scipy", "numba", "cmap", "PIL", "pandas"})


def test_a_question_is_answered_without_the_engines(tmp_path):
    questions = [
        ["--help"],  # first: what the others load stays
        ["--version"],
        ["train", "--help"],
        ["fur", "--help"],
        ["atlas", "--help"],
        ["presets"],
        ["presets", "show", "relu-128"],
        ["runs", "--runs-root", str(tmp_path)],
    ]
    heavy = {"numpy", "textual", "sklearn", "scipy", "plotext", "PIL", "cmap", "joblib"}
    code = (
        "from nnfd.tui.cli import main\nimport contextlib, io\n"
        f"for question in {questions!r}:\n"
        "    with contextlib.redirect_stdout(io.StringIO()):\n"
        "        assert main(question) == 0, question\n"
        "    loaded = {name.partition('.')[0] for name in sys.modules}\n"
        f"    assert loaded.isdisjoint({heavy!r}), (question, loaded & {heavy!r})\n"
        "    assert question != ['--help'] or 'cyclopts' not in loaded"
    )
    assert "cyclopts" in modules_after(code)


def test_a_run_of_a_set_in_the_package_needs_no_scikit_learn(tmp_path):
    arguments = ["train", "--headless", "--quiet", "--epochs", "1", "--run-dir", str(tmp_path / "r")]
    code = f"from nnfd.tui.cli import main\nassert main({arguments!r}) == 0"
    assert modules_after(code).isdisjoint({"textual", "sklearn", "scipy", "plotext", "numba"})


def test_a_sweep_on_this_machine_brings_nothing_of_a_cluster():
    assert modules_after("import nnfd.tui.commands.sweeping").isdisjoint({"asyncio", "distributed", "sklearn"})


def test_the_packages_of_the_wheel_are_all_packages():
    import tomllib
    from pathlib import Path

    root = Path(__file__).parents[1]
    listed = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    found = {
        ".".join(("nnfd", *file.parent.relative_to(root).parts))
        for top in ("core", "tui", "presets")
        for file in (root / top).rglob("__init__.py")
    }
    assert set(listed) == found


def test_the_first_paint_waits_for_nothing_that_computes():
    loaded = modules_after("import nnfd.tui.commands.running, nnfd.tui.commands.dashboard")
    assert "textual" in loaded
    assert loaded.isdisjoint({"numpy", "sklearn", "plotext", "PIL", "cmap"})
