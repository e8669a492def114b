"""Panels that ask the network that is looked at: the question goes to a worker thread, the answer is drawn."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from nnfd.tui.widgets.picture_panel import PicturePanel

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from textual import events

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.evaluate import Evaluation
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.nudge import Nudge

    Question: TypeAlias = Callable[[MLP, Evaluation], Any]
    """Finds an answer from a network and its evaluation on the test set."""


def of_model(ask: Callable[[MLP], Any]) -> Question:
    """Return the question that needs the network alone."""
    return lambda model, _evaluation: ask(model)


class AskingPanel(PicturePanel):
    """A panel whose picture takes a forward pass or more; keys change the network while one looks at it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "nudge('lr', False)", "lr", id="play.lr_down", key_display="<", show=False),
        Binding(
            "greater_than_sign",
            "nudge('lr', True)",
            "lr",
            id="play.lr_up",
            key_display=">",
            tooltip="A larger learning rate; < a smaller one",
        ),
        Binding("minus", "nudge('units', False)", "Units", id="play.units_down", key_display="-", show=False),
        Binding(
            "plus",
            "nudge('units', True)",
            "Units",
            id="play.units_up",
            key_display="+",
            tooltip="More units in the last hidden layer; - fewer (a new run)",
        ),
        Binding("H", "nudge('layers', False)", "Layers", id="play.layers_down", show=False),
        Binding(
            "h",
            "nudge('layers', True)",
            "Layers",
            id="play.layers_up",
            tooltip="One hidden layer more; H one less (a new run)",
        ),
        Binding(
            "a",
            "nudge('activation', True)",
            "Activation",
            id="play.activation",
            tooltip="The next activation function (a new run)",
        ),
    ]

    class Asked(Message):
        """It has another question, or one at last."""

    @dataclass
    class Nudged(Message):
        """A key asks for another network."""

        what: Nudge
        up: bool

    @abstractmethod
    def load(self, data: Dataset) -> None:
        """Take the data set of a run."""

    @abstractmethod
    def clear(self) -> None:
        """Show no network: a new run begins."""

    @abstractmethod
    def question(self) -> Question | None:
        """Return what finds the answer, to be called in a worker thread; None if there is nothing to ask."""

    @abstractmethod
    def take(self, answer: Any, what: str) -> None:  # noqa: ANN401 - each panel has its own
        """Draw an answer; `what` says of which network, for example ``epoch 12``."""

    def ask(self) -> None:
        """Have the question answered soon."""
        self.post_message(self.Asked())

    def on_resize(self, _event: events.Resize) -> None:
        self.ask()

    def action_nudge(self, what: Nudge, up: bool) -> None:
        self.post_message(self.Nudged(what, up))
