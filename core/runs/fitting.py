"""Whether what a user asks of a run can be done: what is taken and cannot would end the run, and each that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, params_with
from nnfd.core.fields.formula.program import program_of
from nnfd.core.fields.maps import check_exactly
from nnfd.core.fields.memory import check_memory
from nnfd.core.fields.seeds import check_paint
from nnfd.core.params import FieldParams

if TYPE_CHECKING:
    from nnfd.core.params import Params
    from nnfd.core.runs.user_event import UserEvent


def check_fits(answer: UserEvent, params: Params) -> None:
    """Raise ``ParamsError`` if a command does not fit.

    It is paint outside of the run's fields, or makes parameters of a field that fit not every cell. What does not fit
    into the memory of this machine is an ``UnavailableError``.

    Parameters
    ----------
    answer
        The event that will answer the command.
    params
        The parameters that will be in effect by then.
    """
    if not isinstance(answer, Edited):
        assert isinstance(params, FieldParams), "a network takes no paint"
        check_paint(answer.paint, params)
    elif isinstance(answer.params, FieldParams):
        check_exactly(answer.params)
    after = params_with(params, answer)
    if isinstance(after, FieldParams):
        program_of(after)
        check_memory(after)
