"""A screen on which one run lives: it shows what the run brings, and what it was like before."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from textual.actions import parse
from textual.binding import Binding, BindingType
from textual.screen import Screen

from nnfd.core.errors import NnfdError
from nnfd.tui.guard.complaint import complain
from nnfd.tui.guard.compositor import compose_sparingly
from nnfd.tui.jobs.session import RunSpec, Storage
from nnfd.tui.screens.lab.current_run import H
from nnfd.tui.screens.lab.kept import FrameGoneError
from nnfd.tui.screens.lab.run_line import RunLine
from nnfd.tui.screens.one_at_a_time import OneAtATime
from nnfd.tui.widgets.key_line import KeyLine
from nnfd.tui.widgets.params_form import ParamsForm
from nnfd.tui.widgets.timeline import Timeline
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from textual.app import ComposeResult

    from nnfd.core.engine.control import Phase
    from nnfd.core.params import Kind, Params
    from nnfd.core.params.presets import Preset
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.watching import AnySession


def lent(part: str, keys: Iterable[Binding]) -> list[Binding]:
    """Return keys that work whatever has the focus, declared on the part of a screen that acts on them.

    Textual looks a key up from the focused widget through its ancestors to the screen. So a screen has such keys itself
    and hands them on by :meth:`LabScreen.action_on`; `part` is its attribute that holds the part.
    """
    return [dataclasses.replace(key, action=f"on({part!r}, {key.action!r})") for key in keys]


class LabScreen(Screen[None], Generic[H]):
    """Shows one run at a time; a lab adds the views of its kind of run."""

    mode: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    """The kinds of run this screen shows."""
    unit: ClassVar[str]
    """What the pace counts: ``epochs`` or ``steps``."""
    draws_per_second: ClassVar[float] = 20
    status_seconds: ClassVar[float] = 0.0

    BINDINGS: ClassVar[list[BindingType]] = [
        *lent("run_line", RunLine.KEYS),
        Binding("e", "edit", "Edit", id="run.edit", tooltip="Edit the parameters (enter applies, escape leaves)"),
        Binding("p", "presets", "Presets", id="run.presets", tooltip="Choose a preset"),
        Binding("x", "export", "Export", id="run.export", tooltip="Write this run to a file"),
        *lent("run_line", RunLine.PACE_KEYS),
        *lent("timeline", Timeline.KEYS),
        Binding("b", "branch", "Branch", id="run.branch", tooltip="Start a new run from what is shown now", show=False),
        *lent("form", ParamsForm.KEYS),
    ]

    def __init__(
        self, spec: RunSpec, storage: Storage, new_history: Callable[[], H], *, folder: RunFolder | None = None
    ) -> None:
        super().__init__()
        compose_sparingly(self)
        self.run_line: RunLine[H] = RunLine(
            spec,
            storage,
            new_history,
            self.unit,
            folder=folder,
            draws_per_second=self.draws_per_second,
            own_seconds=self.status_seconds,
        )
        self.timeline = Timeline(self.unit[:-1])
        self.form = ParamsForm()
        self.findings: OneAtATime[Any] = OneAtATime(self, self.next_job, self.show_findings, self._on_job_failed)
        """What takes too long for a draw is worked out in the background."""

    # -- what a lab gives

    @abstractmethod
    def compose_views(self) -> ComposeResult:
        """Lay out what stands between the top bar and the timeline, :attr:`form` among it."""

    @abstractmethod
    def reset_views(self) -> None:
        """Empty every view: a new run begins."""

    @abstractmethod
    def draw(self) -> None:
        """Show what is new in the history, but for what draws itself at :attr:`RunLine.news`."""

    @abstractmethod
    def show_position(self) -> None:
        """Show the position :attr:`shown`, or the newest."""

    @abstractmethod
    def next_job(self) -> Callable[[], object] | None:
        """Return what works out the findings about what is shown now; it runs in a worker thread."""

    @abstractmethod
    def show_findings(self, findings: Any) -> None:  # noqa: ANN401 - each lab has its own
        """Show what a job has found."""

    @abstractmethod
    def begin_branch(self, params: Params) -> None:
        """Begin a run that goes on from what is shown, under `params`. Raises ``NnfdError`` if there can be none."""

    def focus_default(self) -> None:
        """Put the focus where the arrow keys are of most use."""
        self.set_focus(None)

    def compose(self) -> ComposeResult:
        yield TopBar(self.mode)
        yield from self.compose_views()
        yield self.timeline
        yield self.run_line
        yield KeyLine()

    # -- the run

    @property
    def session(self) -> AnySession:
        """The run that is shown."""
        return self.run_line.run.session

    @property
    def spec(self) -> RunSpec:
        """What it was begun with."""
        return self.run_line.run.spec

    @property
    def history(self) -> H:
        """What is known of it."""
        return self.run_line.run.history

    @property
    def params(self) -> Params:
        """Its parameters, with every edit that was sent."""
        return self.run_line.run.params

    @property
    def phase(self) -> Phase:
        """The status word."""
        return self.run_line.run.phase

    @property
    def shown(self) -> int | None:
        """The position looked at; None follows the newest."""
        return self.timeline.shown

    @property
    def newest(self) -> object:
        """The newest state that was seen; None before the first."""
        return self.history.latest

    def begin(self, spec: RunSpec) -> None:
        """Begin this run; see :meth:`RunLine.begin`. From now on the newest is looked at, before anything is drawn."""
        self.run_line.begin(spec)
        self.timeline.shown = None

    def on_run_line_begun(self, event: RunLine.Begun) -> None:
        """Show another run from its beginning."""
        event.stop()
        if event.another:
            self.timeline.shown = None
        folder = self.session.folder
        named = f" · {folder.name}" if self.spec.watched and folder is not None else ""
        self.query_one(TopBar).title = self.spec.title + named
        self.findings.forget()
        self.reset_views()

    def on_run_line_happened(self, event: RunLine.Happened) -> None:
        event.stop()
        self.draw()

    def on_run_line_told(self, event: RunLine.Told) -> None:
        event.stop()
        self.timeline.positions = tuple(self.session.frames.steps())

    def on_timeline_sought(self, event: Timeline.Sought) -> None:
        event.stop()
        self.show_position()

    def _on_job_failed(self, error: NnfdError) -> None:
        if not isinstance(error, FrameGoneError):
            complain(self, error)
        elif self.shown is not None:  # go to the nearest that is still kept; whatever the store says, not to this one
            steps = self.session.frames.steps()
            self.timeline.positions = tuple(step for step in steps if step != error.position)
            self.timeline.action_move(0)

    # -- keys

    async def action_on(self, part: str, action: str) -> None:
        """Do what a part of this screen does at a key that it has lent."""
        await getattr(self, part).run_action(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        match action, parameters:
            case "on", (str(part), str(act)):
                possible: bool | None = getattr(self, part).check_action(*parse(act)[1:])
                return possible
            case "export", _:
                return True if self.session.folder is not None else None
            case "branch", _:
                return True if self.newest is not None else None
            case _:
                return True

    def action_presets(self) -> None:
        from nnfd.tui.dialogs.presets import PresetPicker  # not before the first paint

        def start(preset: Preset | None) -> None:
            if preset is not None:
                self.run_line.start_over(RunSpec(preset.params, preset.name, preset.title))

        self.app.push_screen(PresetPicker(self.kinds, self.spec.preset), start)

    def action_export(self) -> None:
        assert self.session.folder is not None
        from nnfd.tui.dialogs.export import ExportScreen  # not before the first paint

        self.app.push_screen(ExportScreen(self.session.folder))

    async def action_edit(self, equations: bool = False) -> None:
        """Open or close the form of the parameters, or of a field's equations."""
        if self.form.display:
            self.close_form()
        else:
            await self.open_form(equations=equations)

    async def action_branch(self) -> None:
        await self.open_form(branch=True)

    async def open_form(self, *, branch: bool = False, equations: bool = False) -> None:
        """Show the parameters in effect, to edit them; or to branch, those in effect at the position that is shown.

        Or show the equations of a field's model in place of its parameters.
        """
        then = self.params
        if branch and self.shown is not None:
            then = self.history.params_at(self.shown, self.spec.params)
        alive = self.run_line.run.is_alive and not branch
        self.form.load(then, running=alive, branch=branch, equations=equations)
        self.form.display = True
        self.set_class(equations, "-equations")
        self.add_class("-editing")
        await self.form.focus_first()

    def close_form(self) -> None:
        self.form.display = False
        self.remove_class("-editing", "-equations")
        self.focus_default()

    def on_params_form_left(self) -> None:
        self.close_form()

    def on_params_form_applied(self, event: ParamsForm.Applied) -> None:
        """Apply an edit: live if the run can take it, else by a restart; or start the branch.

        The form stays as it is if that fails: nothing is lost of what was typed.
        """
        event.stop()
        try:
            if event.branch:
                self.begin_branch(event.params)
            else:
                self.change(event.params, event.changes, restart=bool(event.needs_restart))
        except NnfdError as error:
            complain(self, error)
        else:
            self.close_form()

    def change(self, params: Params, changes: Mapping[str, object], *, restart: bool) -> None:
        """Let the run take these parameters, or begin another one. Raises ``NnfdError`` if it refuses them."""
        if self.run_line.run.is_alive and not restart:
            self.session.controller.edit(changes)
        else:
            self.begin(RunSpec(params, self.spec.preset, self.spec.title))
