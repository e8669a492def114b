"""The line that says what the numbers of the run mean, and what came of the remedy that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from nnfd.core.network.insight.diagnosis import diagnose, whether_it_helped
from nnfd.tui.jobs.diagnosis import facts_of
from nnfd.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from textual.app import RenderResult

    from nnfd.core.engine.events import EpochDone
    from nnfd.core.network.data import Dataset
    from nnfd.core.network.insight.facts import Finding, Remedy
    from nnfd.core.network.insight.health import Health
    from nnfd.core.params import NetworkParams
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.jobs.session import RunSpec
    from nnfd.tui.screens.network.evaluated import Evaluated


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy that is tried."""

    remedy: Remedy
    what: str
    """It in words."""
    before: EpochDone
    """The best epoch without it."""


MORE = " …"


class TextBlock(TextLine):
    """A text of a few lines, which takes no room while there is none."""

    DEFAULT_CSS = """
    TextBlock { padding: 0 1; height: 1; text-wrap: wrap; display: none; }
    TextBlock.-told { display: block; }
    """
    most_lines = 3

    def tell(self, text: Content) -> None:
        """Say this, or nothing."""
        self.text = text
        self.set_class(bool(text), "-told")
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _wrapped(self) -> list[Content]:
        text = self.text if isinstance(self.text, Content) else Content(self.text)
        return text.wrap(max(1, self.size.width or self.app.size.width - 2))

    def _fit(self) -> None:
        """Take as many lines as are needed: set only where it changes, as it moves all that is above."""
        lines = max(1, min(self.most_lines, len(self._wrapped())))
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines

    def render(self) -> RenderResult:
        """Draw the text; where it has more lines than there may be, a sign at its end says so."""
        lines = self._wrapped()
        if len(lines) <= self.most_lines:
            return super().render()
        last = lines[self.most_lines - 1].rstrip().truncate(max(1, self.size.width - len(MORE)))
        return Content("\n").join([*lines[: self.most_lines - 1], last.append(MORE)])


class DiagnosisBeside(TextBlock):
    """What :class:`DiagnosisLine` says, below the charts, where a line below the panels would cost one of them."""

    most_lines = 4


class DiagnosisLine(TextBlock):
    """Says nothing where nothing is known."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding(
            "T",
            "try_remedy",
            "Try it",
            id="network.remedy",
            tooltip="Try what the diagnosis advises: a branch, or a new run where it needs one",
            show=False,
        ),
    )

    @dataclass
    class Tried(Message):
        """The remedy shall be tried."""

        remedy: Remedy

    def __init__(self) -> None:
        super().__init__()
        self.beside = DiagnosisBeside()
        self.finding: Finding | None = None
        """What is told."""
        self._params: NetworkParams | None = None
        self._trial: Trial | None = None
        self._trial_spec: RunSpec | None = None
        self._verdict = ""

    # -- one run after the other

    def begin(self, spec: RunSpec) -> None:
        """Another run begins; only that of a trial is judged by what was before."""
        if spec is not self._trial_spec:
            self._trial = self._trial_spec = None
        self.finding, self._verdict = None, ""
        self._write()

    def expect(self, spec: RunSpec, trial: Trial | None) -> None:
        """Note that this run, which is about to begin, tries a remedy; None: it tries none."""
        self._trial, self._trial_spec = trial, spec

    # -- what is known

    def consider(
        self, history: NetworkHistory, data: Dataset, evaluated: Evaluated | None, health: Health | None
    ) -> str | None:
        """Judge a run anew by its numbers, its newest evaluation and health.

        Returns what came of the remedy that it tries, once, when it is over.
        """
        confusion = None if evaluated is None else evaluated.evaluation.confusion
        facts = facts_of(history, data.class_names, confusion, health)
        self.finding = None if facts is None else diagnose(facts)
        self._params = None if facts is None else facts.params
        news = None
        if history.ended is not None and self._trial is not None and not self._verdict:
            news = self._verdict = self._judge(self._trial, history)
        self._write()
        return news

    @staticmethod
    def _judge(trial: Trial, history: NetworkHistory) -> str:
        after = best_of(history, None)
        if after is None:
            return f"{trial.what}: it did not help; no epoch was better than before."
        helped, words = whether_it_helped(trial.remedy, trial.before, after)
        return f"{trial.what}: it {'helped' if helped else 'did not help'}; {words}."

    @property
    def remedy(self) -> Remedy | None:
        """What is advised."""
        return None if self.finding is None else self.finding.remedy

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey the key out where nothing is advised."""
        if action == "try_remedy":
            return True if self.remedy is not None else None
        return super().check_action(action, parameters)

    def action_try_remedy(self) -> None:
        if self.remedy is not None:
            self.post_message(self.Tried(self.remedy))

    def _write(self) -> None:
        parts: list[Content | str | tuple[str, str]] = []
        if self._verdict:
            parts.append((f"{self._verdict} ", "bold"))
        if self.finding is not None:
            parts.append(self.finding.sentence)
        if self.remedy is not None and self._params is not None:
            parts += [(" T", "bold $text-primary"), f" {self.remedy.text(self._params)}"]
        text = Content.assemble(*parts)
        for line in (self, self.beside):
            line.tell(text)


def best_of(history: NetworkHistory, spec: RunSpec | None) -> EpochDone | None:
    """Return the best epoch of a run as far as it is known: its own, else, of a branch, its parent's."""
    return history.epoch_at(history.best_epoch) or (None if spec is None else spec.best)
