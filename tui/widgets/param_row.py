"""One line of the parameter form: name, field, unit, and whether a run takes the parameter live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label

from nnfd.core.params import FieldParams, ParamInfo, Params, show_value
from nnfd.core.params.typeset import with_values
from nnfd.tui.widgets.choice import Choice

if TYPE_CHECKING:
    from textual.app import ComposeResult


BOOL_WORDS = ("off", "on")


def help_text(info: ParamInfo) -> str:
    """Return the help of a parameter and what it may be."""
    allowed = f" Allowed: {info.allowed}." if info.allowed else ""
    default = f" Default: {show_value(info.default)}." if info.default != "" else ""
    more = f" More of it: {info.more}" if info.more else ""
    return f"{info.help}{more}{allowed}{default}"


def words_about(info: ParamInfo, params: Params | None) -> str:
    """Return the help of the focused line, and below it where a parameter of a model stands among these values."""
    about = "" if params is None else params.about(info.name)
    lines = [f"{about} {help_text(info)}".lstrip()]
    if isinstance(params, FieldParams) and not info.label:
        lines += with_values(params.model, params.model.numbers(params.values()), info.name)
    return "\n".join(lines)


class ParamRow(Horizontal):
    """Name, field, unit, live or restart."""

    DEFAULT_CSS = """
    ParamRow { height: 1; }
    ParamRow .-mark { width: 2; }
    ParamRow .-name { width: 16; }
    ParamRow Input, ParamRow Choice { width: 1fr; min-width: 8; }
    ParamRow .-unit { width: 14; padding: 0 1; color: $text-muted; }
    ParamRow .-when { width: 8; }
    ParamRow.-changed .-name { text-style: bold; }
    ParamRow.-invalid .-name { color: $text-error; text-style: bold; }
    ParamRow.-focused .-name { text-style: underline; }
    """

    def __init__(self, info: ParamInfo, value: str) -> None:
        super().__init__()
        self.info = info
        self.before = value
        """The value in effect, as text."""
        self._mark = Label(classes="-mark")
        words = BOOL_WORDS if info.is_bool else info.choices
        # a value is written anew, a formula is not: one key must not take all of it away
        self.field: Input | Choice = (
            Choice(words, value) if words else Input(value, compact=True, select_on_focus=not info.label)
        )

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield self._mark
        yield Label(self.info.label or self.info.name, classes="-name", markup=False)
        yield self.field
        yield Label(self.info.unit, classes="-unit", markup=False)
        yield Label("live" if self.info.live else Content.styled("restart", "dim"), classes="-when")

    def show(self, value: str) -> None:
        """Show another value in effect, and what was typed no longer."""
        self.before = self.field.value = value

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.field.value

    @property
    def changed(self) -> bool:
        """Whether it differs from the value in effect."""
        return self.text.strip() != self.before

    def judge(self, *, valid: bool) -> None:
        """Show whether the value is changed and allowed."""
        self.set_class(self.changed, "-changed")
        self.set_class(not valid, "-invalid")
        self.field.set_class(not valid, "-invalid")
        if not valid:
            self._mark.content = Content.styled("✗", "bold $text-error")
        else:
            self._mark.content = Content.styled("*" if self.changed else "", "bold $text-warning")
