"""Commands called without reading their flags anew each time, which takes most of the time of an example of fuzz."""

from pathlib import Path

from nnfd.tui.commands import exporting, listing, model_files, preset_files, running, sweeping
from nnfd.tui.commands.flags import NewRunOptions, RunOptions

CHECKS = {"presets": preset_files.check, "models": model_files.check}


def call(words):
    """Do what the command line does with these words; it knows those of the fuzz only."""
    match words:
        case ["presets" | "models" as kind, "check", file]:
            return CHECKS[kind](Path(file))
        case ["sweep", spec, "--headless", "--run-dir", folder]:
            return sweeping.sweep(Path(spec), headless=True, run_dir=Path(folder))
        case ["runs", "--runs-root", root, "--json"]:
            return listing.runs(runs_root=Path(root), json=True)
        case ["export", run, "--to", to]:
            return exporting.export(run, to=Path(to))
        case ["resume", run, "--headless"]:
            return running.resume(run, options=RunOptions(headless=True))
        case ["train", "--headless", "--no-record", "--quiet", *flags]:
            values = {name.removeprefix("--"): value for name, value in zip(flags[::2], flags[1::2], strict=True)}
            options = NewRunOptions(headless=True, record=False, quiet=True)
            return running.train(options=options, params=running.NetworkFlags(**values))
    raise AssertionError(words)
