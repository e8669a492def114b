"""Commands that run something: train, fur, resume, and the dashboard itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nnfd.core.errors import DataError, NnfdError, ParamsError, PresetError, RunError
from nnfd.core.params import FIELD_MODELS, MODELS, FieldParams, Kind, NetworkParams, Params, presets
from nnfd.core.params.paths import located
from nnfd.core.params.presets import DEFAULT_PRESETS, Preset
from nnfd.core.runs.find import find, locate
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.names import PARAMS, default_directory
from nnfd.core.text import printable
from nnfd.tui.commands.flags import (
    OPTIONS,
    ROOT,
    NewRunOptions,
    RunName,
    RunOptions,
    RunsRoot,
    given,
    override,
    overrides_model,
)
from nnfd.tui.guard.streams import need_terminal

NetworkFlags = overrides_model("NetworkFlags", [NetworkParams])
FieldFlags = overrides_model("FieldFlags", FIELD_MODELS)
AnyFlags = overrides_model("AnyFlags", MODELS.values())

_FLAT = Parameter(name="*")
_FLAT_OPTIONS = Parameter(name="*", group=OPTIONS)


def train(
    preset: str = DEFAULT_PRESETS["network"],
    /,
    *,
    options: Annotated[NewRunOptions, _FLAT_OPTIONS] = NewRunOptions(),  # noqa: B008 - immutable
    find_lr: Annotated[bool, Parameter(negative=(), group=OPTIONS)] = False,
    params: Annotated[NetworkFlags | None, _FLAT] = None,  # type: ignore[valid-type]
) -> int:
    """Train a network.

    Parameters
    ----------
    preset
        A preset's name, the path of a preset file, or a recorded run to do again with other flags.
    find_lr
        Headless: no run; try learning rates over 50 to 200 batches, and suggest one.
    """
    if find_lr:
        return _find_lr(preset, options, given(params))
    return _begin("train", preset, options, given(params))


def fur(
    preset: str = DEFAULT_PRESETS["fur"],
    /,
    *,
    options: Annotated[NewRunOptions, _FLAT_OPTIONS] = NewRunOptions(),  # noqa: B008
    params: Annotated[FieldFlags | None, _FLAT] = None,  # type: ignore[valid-type]
) -> int:
    """Simulate a pattern.

    Parameters
    ----------
    preset
        A preset's name, the path of a preset file, or a recorded run to do again with other flags.
    """
    return _begin("fur", preset, options, given(params))


def resume(
    run: RunName,
    /,
    *,
    options: Annotated[RunOptions, _FLAT_OPTIONS] = RunOptions(),  # noqa: B008
    runs_root: Annotated[RunsRoot, Parameter(group=OPTIONS)] = ROOT,
    params: Annotated[AnyFlags | None, _FLAT] = None,  # type: ignore[valid-type]
) -> int:
    """Go on with a run, bit for bit as if it had never stopped."""
    options.check()
    folder = find(run, runs_root)
    if not options.headless:
        need_terminal()
        if changes := given(params) | options.named_values():
            raise NnfdError(
                f"--{next(iter(changes))}: edits on the command line need --headless; press e in the dashboard"
            )
        return _open_dashboard(folder.info, NewRunOptions(keep=options.keep, runs_root=runs_root), resume=folder.path)
    from nnfd.core.runs.resumption import peek
    from nnfd.core.runs.resumption import resume as resume_folder
    from nnfd.tui.commands.headless import Headless

    budget = options.budget
    latest = peek(folder).latest_params
    edited = override(latest, given(params)).edited(options.named_values(), text=True)
    latest.check_live_edit(edited)  # before anything in the folder is touched
    with folder:
        resumption = resume_folder(folder)
        job = Headless(resumption.params, options, budget, folder=folder, resumption=resumption)
        return job.run(edit=edited if edited != latest else None)


def attach(
    run: RunName,
    /,
    *,
    runs_root: Annotated[RunsRoot, Parameter(group=OPTIONS)] = ROOT,
) -> int:
    """Watch a run that another process does, and command it: pause, stop, edit. Leaving does not stop it."""
    folder = find(run, runs_root)
    need_terminal()
    return _open_dashboard(folder.info, NewRunOptions(runs_root=runs_root), attach=folder.path)


def dashboard(*, record: bool, run_dir: Path | None, runs_root: Path | None, keep: str | None) -> int:
    """Open the dashboard on the default preset; what is None is as for the other commands."""
    need_terminal()
    given = {"run_dir": run_dir, "runs_root": runs_root, "keep": keep}
    options = NewRunOptions(record=record, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    chosen = presets.load(DEFAULT_PRESETS["network"])
    return _open_dashboard(RunInfo(chosen.name, chosen.title, chosen.params), options)


def _chosen(name: str, root: Path, changes: dict[str, object]) -> Preset:
    """Return the preset of this name, or what a recorded run of this name is; its data must be that of then."""
    if name in presets.names() or name.endswith(".toml"):
        return presets.load(name)
    path: Path | None
    try:
        path = locate(name, root)
    except RunError:
        path = None
    if path is None or not (path / PARAMS).exists():
        return presets.load(name)  # neither the one nor the other: what is said of presets helps more
    from nnfd.core.library.catalog import summarise

    run = summarise(path)
    if run.params is None:
        raise RunError(run.problem)
    if isinstance(run.params, NetworkParams) and "dataset" not in changes:
        from nnfd.core.runs.resumption import check_data

        try:
            check_data(path, run.params)
        except DataError as error:
            raise DataError(f"{error}; --dataset PATH takes what is there now") from None
    return presets.Preset(run.preset, run.title, "", run.params)


def _edited(command: str, name: str, options: NewRunOptions, changes: dict[str, object]) -> tuple[Preset, Params]:
    """Return the preset or recorded run of this name, and its parameters with what the command line changes."""
    preset = _chosen(name, options.runs_root, changes)
    fitting = "train" if preset.kind is Kind.NETWORK else "fur"
    if command != fitting:
        shown = printable(name)
        raise PresetError(f"preset: {shown!r} is of kind {preset.kind}: 'nnfd-tui {fitting} {shown}' runs it")
    params = located(override(preset.params, changes).edited(options.named_values(), text=True))
    options.check()
    return preset, params


def _find_lr(name: str, options: NewRunOptions, changes: dict[str, object]) -> int:
    _, params = _edited("train", name, options, changes)
    if not options.headless:
        raise ParamsError("--find-lr needs --headless; in the dashboard press L")
    from nnfd.tui.commands.finding_lr import find_lr

    assert isinstance(params, NetworkParams)
    return find_lr(params, options)


def _begin(command: str, name: str, options: NewRunOptions, changes: dict[str, object]) -> int:
    """Do a new run of the preset or recorded run of this name, with or without a screen."""
    preset, params = _edited(command, name, options, changes)
    budget = options.budget
    if not options.headless:
        need_terminal()
        _check_named(params)
        return _open_dashboard(RunInfo(preset.name, preset.title, params), options)
    from nnfd.tui.commands.headless import Headless

    if not options.record:
        return Headless(params, options, budget).run()
    directory = options.run_dir or default_directory(options.runs_root, preset.name)
    with RunFolder.create(directory, preset=preset.name, title=preset.title, params=params) as folder:
        return Headless(params, options, budget, folder=folder).run()


def _check_named(params: Params) -> None:
    """Refuse a data set or a picture that is not there before the screen is taken and a folder made."""
    if isinstance(params, NetworkParams) and params.dataset != NetworkParams.model_fields["dataset"].default:
        from nnfd.core.network.data import check_known  # it brings NumPy, which the first paint does without

        check_known(params.dataset)
    elif isinstance(params, FieldParams) and isinstance(params.seeds, str):
        from nnfd.core.fields.seeds import read_picture

        read_picture(params.seeds, params)


def _open_dashboard(
    run: RunInfo, options: NewRunOptions, *, resume: Path | None = None, attach: Path | None = None
) -> int:
    """Open the dashboard on a new run, or on the one in the folder `resume` or `attach`."""
    # read before Textual is imported and the screen is taken: a wrong size is one line on a whole screen
    budget, quota = options.budget, options.most_bytes
    from nnfd.tui.commands.dashboard import run_dashboard
    from nnfd.tui.jobs.session import RunSpec, Storage

    storage = Storage(root=options.runs_root, record=options.record, budget=budget, quota=quota)
    spec = RunSpec(run.params, run.preset, run.title)
    return run_dashboard(spec, storage, directory=options.run_dir, resume=resume, attach=attach)
