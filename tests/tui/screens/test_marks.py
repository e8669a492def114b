"""What charts mark of edits."""

from __future__ import annotations

from types import SimpleNamespace

from nnfd.core.engine.events import Edited
from nnfd.core.params.fields import FurParams
from nnfd.tui.screens.lab.marks import edits_of


def test_a_parameter_is_marked_with_its_values_and_a_part_of_the_model_by_what_it_is():
    changed = {"dt": (1.0, 0.5), "model.equations.a": ("0", "-a"), "model.shown": ("a", "y")}
    (mark,) = edits_of(SimpleNamespace(edits=[Edited(7, FurParams(), changed)]))
    assert (mark.position, mark.what) == (7, "dt 1→0.5, the equation of a, model.shown")
