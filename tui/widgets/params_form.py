"""A form made from a parameter model: one line a parameter, checked as one types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Label

from nnfd.core.errors import ParamsError
from nnfd.core.params import FieldParams, Params, show_value
from nnfd.core.params.parts import ANOTHER, infos_of, parts_of
from nnfd.tui.widgets.param_row import ParamRow, words_about

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import AwaitMount, Widget
    from textual.widgets import Input

    from nnfd.tui.widgets.choice import Choice


def verdict_text(changed: int, restart: list[str], *, running: bool, branch: bool) -> str:
    """Return what enter will do."""
    if branch:
        return "enter: start a branch from here" + (
            f" · not possible: {', '.join(restart)} cannot change in a branch" if restart else ""
        )
    if not changed:
        return "nothing changed"
    if not running:
        return "enter: start a run with these"
    if restart:
        return f"enter: RESTARTS the run ({', '.join(restart)} cannot change while it runs)"
    return "enter: applies live, from the next boundary on"


class _Rows(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls by the focus alone: up and down belong to the form."""

    DEFAULT_CSS = "_Rows { height: 1fr; scrollbar-size-vertical: 1; }"

    def on_resize(self) -> None:
        """Keep the line with the focus in view."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.scroll_to_widget(focused, animate=False)


class ParamsForm(Vertical):
    """Edits the parameters of a run, or the equations of its model; enter applies, escape leaves."""

    DEFAULT_CSS = """
    ParamsForm { width: 1fr; height: 1fr; }
    ParamsForm .-help { width: 1fr; color: $text-muted; border-top: solid $panel-lighten-2; }
    ParamsForm .-help { height: auto; min-height: 3; max-height: 7; }
    ParamsForm .-verdict { width: 1fr; height: auto; min-height: 2; max-height: 4; text-style: bold; }
    ParamsForm.-small .-unit, ParamsForm.-equations .-unit { display: none; }
    ParamsForm.-equations .-when { padding-left: 1; width: 9; }
    ParamsForm .-problem { width: 1fr; height: auto; padding-left: 2; color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "apply", "Apply", id="form.apply", tooltip="Apply these parameters"),
        Binding("escape", "leave", "Leave", id="form.leave", tooltip="Leave without applying"),
        Binding("up,shift+tab", "previous", "Up", id="form.up", show=False),
        Binding("down", "next", "Down", id="form.down", show=False),
        Binding("ctrl+z", "reset", "Undo field", id="form.reset", tooltip="The value in effect again"),
        Binding("ctrl+s", "save", "Save preset", id="form.save", tooltip="Save these as a preset of your own"),
    ]

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("escape", "leave", "Leave", id="form.leave", tooltip="Leave without applying"),
    )
    """What its screen answers while the form is open, should the focus be elsewhere."""

    @dataclass
    class Applied(Message):
        """The user wants these parameters."""

        params: Params
        changes: Mapping[str, object]
        """What the user changed, and nothing else: meanwhile the run may have taken edits from elsewhere."""
        needs_restart: list[str]
        """Changed parameters that a running run cannot take."""
        branch: bool
        """Whether they are meant for a branch."""

    @dataclass
    class Saved(Message):
        """The user wants to keep these parameters as a preset."""

        params: Params

    class Left(Message):
        """The user left without applying."""

    def __init__(self) -> None:
        super().__init__()
        self._params: Params | None = None
        self._edited: Params | None = None
        self._running = False
        self._branch = False
        self._rows: dict[str, ParamRow] = {}
        self._focused: ParamRow | None = None
        self._mounting: AwaitMount | None = None
        self._scroll = _Rows()
        self._problem = Label(classes="-problem", markup=False)
        """What is wrong with an equation, below its line."""
        self._help = Label(classes="-help")
        self._verdict = Label(classes="-verdict")

    def compose(self) -> ComposeResult:
        with self._scroll:
            yield self._problem
        yield self._help
        yield self._verdict

    def load(self, params: Params, *, running: bool = False, branch: bool = False, equations: bool = False) -> None:
        """Fill the form.

        Parameters
        ----------
        params
            The values in effect.
        running
            Whether a run is under way that can take live edits.
        branch
            Whether the edit is for a new run that starts from a kept position.
        equations
            Whether the parts of the model are edited, in place of the values of its parameters.
        """
        self._params, self._running, self._branch = params, running, branch
        self.set_class(equations, "-equations")
        infos, now = params.infos(), params.values()
        if equations:
            assert isinstance(params, FieldParams), "a network has no equations"
            infos, now = infos_of(params.model), {**parts_of(params.model)}
        values = {name: show_value(now.get(name, "")) for name in infos}
        if [row.info for row in self._rows.values()] == list(infos.values()):
            for name, row in self._rows.items():  # to mount a hundred widgets takes longer than a key may
                row.show(values[name])
        else:
            self._rows = {name: ParamRow(info, values[name]) for name, info in infos.items()}
            self._focused = None
            self._scroll.remove_children(ParamRow)
            self._mounting = self._scroll.mount_all(self._rows.values())
        self._scroll.scroll_home(animate=False)
        self._check()

    async def focus_first(self) -> None:
        """Put the focus into the first field that a running run can take, else into the first; it is there then."""
        if self._mounting is not None:
            await self._mounting
        self._mounting = None
        rows = list(self._rows.values())
        live = [row for row in rows if row.info.live] if self._running or self._branch else rows
        self.screen.set_focus((live or rows)[0].field)

    @property
    def params(self) -> Params | None:
        """The edited parameters, None while one of them is wrong."""
        return self._edited

    @property
    def focused(self) -> str | None:
        """The line that the focus is in, or was in last."""
        return None if self._focused is None else self._focused.info.name

    def row(self, name: str) -> ParamRow:
        return self._rows[name]

    # -- checking

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        self._check()

    def _check(self) -> None:
        """Check all values together, for some limits hang on several of them."""
        if self._params is None:
            return
        changes = {name: row.text for name, row in self._rows.items() if row.changed}
        wrong, words = "", ""
        try:
            self._edited = self._params.edited(changes, text=True)
        except ParamsError as error:
            self._edited, words = None, str(error)
            wrong = self._row_about(words)
        for name, row in self._rows.items():
            row.judge(valid=name != wrong)
        below = bool(wrong) and self.has_class("-equations")
        if below:
            self._scroll.move_child(self._problem, after=self._rows[wrong])
            self._problem.content = words
        self._problem.display = below
        self._show_help()
        if self._edited is None:
            self._verdict.content = Content.styled("✗ not possible yet" if below else f"✗ {words}", "bold $text-error")
            return
        changed = len(self._edited.changed(self._params))
        restart = self._edited.needs_restart(self._params)
        text = verdict_text(changed, restart, running=self._running, branch=self._branch)
        warns = restart and (self._running or self._branch)
        self._verdict.content = Content.styled(
            text, "$text-warning" if warns else "$text-success" if changed else "dim"
        )

    def _row_about(self, words: str) -> str:
        """Return the name of the line that an error is about; the error begins with it, or with what is in it."""
        name = re.split(r"[:, ]", words, maxsplit=1)[0]
        while name and name not in self._rows:
            more = f"{name.rpartition('.')[0]}.{ANOTHER}"
            name = more if more in self._rows and self._rows[more].changed else name.rpartition(".")[0]
        return name

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the help of the focused parameter and keep its line in view."""
        row = event.widget.parent
        for other in self._rows.values():
            other.set_class(other is row, "-focused")
        if isinstance(row, ParamRow):
            self._focused = row
            self._show_help()
            self._scroll.scroll_to_widget(row, animate=False)

    def _show_help(self) -> None:
        """Show the help of the focused parameter, and over which values it goes if it varies."""
        if (row := self._focused) is not None:
            self._help.content = Content(words_about(row.info, self._edited))

    def on_resize(self, event: events.Resize) -> None:
        """Leave the units out where there is little room."""
        self.set_class(event.size.width < 52, "-small")

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave its keys to others while it is closed."""
        return self.display and super().check_action(action, parameters)

    def _fields(self) -> list[Widget]:
        return [row.field for row in self._rows.values()]

    def _move(self, by: int) -> None:
        fields = self._fields()
        focused = self.screen.focused
        here = fields.index(focused) if focused in fields else 0
        if fields:
            self.screen.set_focus(fields[(here + by) % len(fields)])

    def action_previous(self) -> None:
        self._move(-1)

    def action_next(self) -> None:
        self._move(1)

    def action_reset(self) -> None:
        """Put the value in effect back into the focused field."""
        focused = self.screen.focused
        for row in self._rows.values():
            if row.field is focused:
                row.field.value = row.before

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_apply()

    def action_apply(self) -> None:
        """Apply, unless a value is wrong or, in a branch, cannot change."""
        if self._params is None or self._edited is None:
            self.app.bell()
            return
        restart = self._edited.needs_restart(self._params)
        if self._branch and restart:
            self.app.bell()
            return
        changes = {name: new for name, (_, new) in self._params.changed(self._edited).items()}
        self.post_message(self.Applied(self._edited, changes, restart, self._branch))

    def action_save(self) -> None:
        """Ask to keep these as a preset, unless a value is wrong."""
        if self._edited is None:
            self.app.bell()
        else:
            self.post_message(self.Saved(self._edited))

    def action_leave(self) -> None:
        self.post_message(self.Left())
