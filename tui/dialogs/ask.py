"""Small dialogs that any screen may ask: a line of text, a yes or no, other parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from nnfd.core.errors import NnfdError
from nnfd.core.params import Params
from nnfd.tui.guard.complaint import complain
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.widgets.params_form import ParamsForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

T = TypeVar("T")


class Dialog(ModalScreen[T | None]):
    """A modal screen that escape leaves without an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="dialog.leave", tooltip="Back without a change"),
    ]

    def close(self, answer: T | None = None) -> None:
        """Go back with an answer, or without one."""
        if self.is_current:  # a second key may come before the first has closed it
            self.dismiss(answer)

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.close()


class AskText(Dialog[str]):
    """One line of text; enter takes it, escape leaves.

    Parameters
    ----------
    title
        What is asked.
    text
        What stands there at first.
    hint
        What enter does.
    check
        Raises ``NnfdError`` for a text that is not taken: that is told, and the line stays for mending.
    """

    def __init__(self, title: str, text: str, hint: str, check: Callable[[str], object] = lambda _text: None) -> None:
        super().__init__()
        self._check = check
        self._title = title
        self._text = text
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out the dialog."""
        with Vertical(classes="dialog -small"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Input(self._text, select_on_focus=False)
            yield Label(f"{self._hint} · escape leaves", classes="dialog-hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text, or say what is wrong with it."""
        event.stop()
        try:
            self._check(event.value)
        except NnfdError as error:
            complain(self, error)
        else:
            self.close(event.value)


class Confirm(Dialog[bool]):
    """A question that only `y` says yes to: enter, pressed in haste, must not delete anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes", tooltip="Do it"),
        Binding("n,enter,q", "answer(False)", "No", id="confirm.no", tooltip="Leave everything as it is"),
    ]

    def __init__(self, question: str, lines: list[str]) -> None:
        super().__init__()
        self._question = question
        self._lines = lines
        self._seen = False

    def compose(self) -> ComposeResult:
        """Lay out the question and what it is about."""
        with Vertical(classes="dialog -small"):
            yield Label(self._question, classes="dialog-title", markup=False)
            yield Label("\n".join(self._lines), markup=False)
            yield Label("y yes · any of n, enter and escape: no", classes="dialog-hint")

    def on_mount(self) -> None:
        """Take a yes only from one who has seen the question: keys may wait that were meant for the screen below."""
        if isinstance(self.app, SafeApp):
            self.app.forget_keys()
        self.call_after_refresh(self._arm)

    def _arm(self) -> None:
        self._seen = True

    def action_answer(self, yes: bool) -> None:
        """Go back with the answer."""
        if self._seen or not yes:
            self.close(yes)


class EditParams(Dialog[Params]):
    """The parameters of a new run; enter takes them, escape leaves."""

    def __init__(self, title: str, params: Params) -> None:
        super().__init__()
        self._title = title
        self._params = params

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with Vertical(classes="dialog"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield ParamsForm()

    async def on_mount(self) -> None:
        """Fill the form."""
        form = self.query_one(ParamsForm)
        form.load(self._params)
        await form.focus_first()

    def on_params_form_applied(self, event: ParamsForm.Applied) -> None:
        """Take the parameters."""
        event.stop()
        self.close(event.params)

    def on_params_form_left(self) -> None:
        """Go back without any."""
        self.close()
