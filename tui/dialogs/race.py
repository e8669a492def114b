"""Asks for the edits of a race, and says as one types what is wrong with them or which branches they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label

from nnfd.core.errors import ParamsError
from nnfd.core.network.insight.facts import scaled
from nnfd.core.network.race import Racer, racers_of
from nnfd.core.params import show_value
from nnfd.tui.dialogs.ask import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.core.params import NetworkParams

WHY = "Each becomes a branch that begins exactly as the run was there."


def suggestion(params: NetworkParams) -> str:
    """Return edits that are worth a try: half the learning rate, five times as much, more weight decay."""
    lr, l2 = params.lr, max(scaled(params.l2, 10), 1e-3)
    return "; ".join(f"{name}={show_value(value)}" for name, value in (("lr", lr / 2), ("lr", 5 * lr), ("l2", l2)))


class AskEdits(Dialog[list[Racer]]):
    """Edits in a line; enter begins the race, escape leaves."""

    DEFAULT_CSS = "AskEdits .-verdict { width: 1fr; height: auto; max-height: 9; }"

    def __init__(self, params: NetworkParams, epoch: int) -> None:
        super().__init__()
        self._params = params
        self._epoch = epoch
        self._verdict = Label(classes="-verdict")
        self.racers: list[Racer] | None = None
        """What was typed; None while something is wrong with it."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -small"):
            yield Label(f"Race several edits from epoch {self._epoch:,}", classes="dialog-title")
            yield Label(WHY)
            yield Input(suggestion(self._params), select_on_focus=False)
            yield self._verdict
            yield Label("enter begins · escape leaves", classes="dialog-hint")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check as one types."""
        event.stop()
        try:
            self.racers = racers_of(event.value, self._params, self._epoch)
        except ParamsError as error:
            self.racers = None
            self._verdict.content = Content.styled(f"✗ {error}", "bold $text-error")
        else:
            self._verdict.content = Content.styled(
                "\n".join(f"· {racer.name}" for racer in self.racers), "$text-success"
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.racers is None:
            self.app.bell()
        else:
            self.close(self.racers)
