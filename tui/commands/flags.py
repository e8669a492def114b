"""Command-line flags derived from the parameter models, and the options that every run shares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter
from pydantic import BaseModel, ConfigDict, create_model

from nnfd.core.errors import ParamsError
from nnfd.core.params import ParamInfo, Params, show_value
from nnfd.core.runs.names import default_root
from nnfd.core.text import printable

OPTIONS = Group("Options", sort_key=1)
PARAMETERS = Group("Parameters of the run (they override the preset)", sort_key=2)

ROOT = default_root()
RunsRoot = Annotated[Path, Parameter(metavar="DIR", help="Folder below which runs are recorded.")]
RunName = Annotated[str, Parameter(help="A run's folder, or its name in the list of runs.")]

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def flag(name: str) -> str:
    """Return the flag of a parameter: ``D_a`` becomes ``--D-a``."""
    return "--" + name.replace("_", "-")


def overrides_model(name: str, models: Iterable[type[Params]]) -> type[BaseModel]:
    """Build a model whose fields, all optional, are the flags for the parameters of `models`.

    Values stay the text that was typed: they are checked once, with the preset's, by :meth:`Params.edited`.
    """
    infos: dict[str, list[ParamInfo]] = {}
    for model in models:
        for key, info in model.infos().items():
            infos.setdefault(key, []).append(info)
    fields: dict[str, Any] = {key: (_annotation(same_name), None) for key, same_name in infos.items()}
    return create_model(name, __config__=ConfigDict(defer_build=True), **fields)


def _annotation(infos: Sequence[ParamInfo]) -> object:
    info = infos[0]
    switch = info.is_bool or {"yes", "no"} <= set(info.choices)  # --header, --no-header
    parameter = Parameter(
        name=flag(info.name), help=_help(infos), group=PARAMETERS, metavar=None if switch else "VALUE"
    )
    return Annotated[bool | None, parameter] if switch else Annotated[str | None, parameter]


def _help(infos: Sequence[ParamInfo]) -> str:
    """Write the help of a flag; kinds of run that share a name may each have their own default for it."""
    info = infos[0]
    defaults = list(dict.fromkeys(show_value(each.default) for each in infos))
    notes = [info.allowed, f"in {info.unit}" if info.unit else "", f"default {' or '.join(defaults)}"]
    return f"{info.help} [{'; '.join(note for note in notes if note)}]"


def given(overrides: BaseModel | None) -> dict[str, object]:
    """Return the parameters that were named on the command line."""
    if overrides is None:
        return {}
    return {name: getattr(overrides, name) for name in overrides.model_fields_set}


def override(params: Params, changes: Mapping[str, object]) -> Params:
    """Apply flags to checked parameters. Raises :class:`ParamsError`, also for a flag that this kind of run lacks."""
    known = params.infos()
    for name in changes:
        if name not in known:
            raise ParamsError(f"{flag(name)}: a run of kind {params.kind} has no such parameter")
    return params.edited(changes, text=True)


DEFAULT_QUOTA = "5GB"
"""What the runs may take unless the user says otherwise."""
QUOTA_VARIABLE = "NNFD_TUI_QUOTA"
"""The environment variable that sets the quota for good."""


def default_quota() -> str:
    """Return the size that the runs may take, as the user has set it or by default."""
    return os.environ.get(QUOTA_VARIABLE) or DEFAULT_QUOTA


def read_size(text: str, name: str = "--keep") -> int:
    """Read a size such as ``200MB`` in bytes. Raises :class:`ParamsError`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        raise ParamsError(f"{name}: {printable(text)!r} is not allowed: write a size such as 200MB or 1.5GB")
    return int(float(match[1]) * _UNITS[match[2]])


@Parameter(name="*", group=OPTIONS)
@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a run is shown and recorded."""

    headless: Annotated[bool, Parameter(negative=())] = False
    """No screen: a log on the standard output, at full speed."""
    json: Annotated[bool, Parameter(negative=())] = False
    """Headless: one event a line as JSON on the standard output; the log goes to the standard error."""
    quiet: Annotated[bool, Parameter(negative=())] = False
    """Headless: no log and no progress, only errors."""
    keep: Annotated[str, Parameter(metavar="SIZE")] = "200MB"
    """Disk space for the frames of the timeline; older ones are thinned."""
    frames_every: Annotated[int | None, Parameter(metavar="N")] = None
    """Headless: keep a frame every N epochs or steps."""
    values: Annotated[list[str] | None, Parameter(name="--set", metavar="NAME=VALUE", negative=())] = None
    """Any parameter by its name: for those of a model, which have no flag of their own."""

    def check(self) -> None:
        """Raise :class:`ParamsError` for options that do not go together."""
        if self.frames_every is not None and self.frames_every < 1:
            raise ParamsError(f"--frames-every: {self.frames_every} is not allowed: at least 1")
        for name, on in (("json", self.json), ("quiet", self.quiet), ("frames_every", self.frames_every is not None)):
            if on and not self.headless:
                raise ParamsError(f"{flag(name)} needs --headless")

    def named_values(self) -> dict[str, object]:
        """Return what ``--set`` names. Raises :class:`ParamsError` unless each is ``NAME=VALUE``."""
        pairs = [text.partition("=") for text in self.values or ()]
        for name, sign, value in pairs:
            if not (name and sign and value):
                raise ParamsError(f"--set: {printable(name + sign + value)!r} is not allowed: write NAME=VALUE")
        return {name.strip(): value.strip() for name, _, value in pairs}

    @property
    def budget(self) -> int:
        """Bytes of frames to keep."""
        return read_size(self.keep)


@Parameter(name="*", group=OPTIONS)
@dataclass(frozen=True, kw_only=True)
class NewRunOptions(RunOptions):
    """Where a new run is recorded."""

    run_dir: Annotated[Path | None, Parameter(metavar="DIR")] = None
    """Folder of this run, new or empty; without it, a new one below the runs root."""
    runs_root: RunsRoot = ROOT
    record: bool = True
    """Whether the run is recorded; one that is not cannot be resumed."""
    quota: Annotated[str, Parameter(metavar="SIZE")] = field(default_factory=default_quota)
    """Disk space for all runs; the list of runs says when they take more. NNFD_TUI_QUOTA sets it for good."""

    @property
    def most_bytes(self) -> int:
        """Bytes that all runs may take."""
        return read_size(self.quota, "--quota" if self.quota != default_quota() else QUOTA_VARIABLE)
