"""Equations as one writes them on paper, in characters that a terminal has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.params.formula import COMPARISONS, DERIVATIVES, Call, Name, Number, Tree, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnfd.core.params.model import FieldModel

_DERIVATIVES = {"lap": "∇²", "dxx": "∂²/∂x² ", "dyy": "∂²/∂y² ", "dx": "∂/∂x ", "dy": "∂/∂y "}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_BINDING = {**dict.fromkeys(COMPARISONS.values(), 0), "+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_PREFIX = 3
"""How strongly an operator binds: what binds less strongly than what it stands in needs brackets."""


def equations(model: FieldModel) -> list[str]:
    """Return one line a field: ``∂u/∂t = D_u ∇²u − u v² + F (1 − u)``."""
    return [equation(model, field) for field in model.fields]


def equation(model: FieldModel, field: str) -> str:
    """Return the line of a field."""
    return f"∂{field}/∂t = {typeset(model.equations[field])}"


def with_values(model: FieldModel, numbers: Mapping[str, float], name: str) -> list[str]:
    """Return the equations in which a parameter stands, with numbers for the parameters.

    The parameter itself is written ``(F = 0.037)``; those that vary keep their names.
    """
    known: dict[str, Tree] = {each: Number(numbers[each]) for each in model.table.parameters if each in numbers}
    if name in known:
        known[name] = Name(f"({name} = {_written(known[name], 0)})")
    holding = [field for field, tree in model.equations.items() if Name(name) in walk(tree)]
    return [f"∂{field}/∂t = {typeset(_filled(model.equations[field], known))}" for field in holding]


def _filled(tree: Tree, known: Mapping[str, Tree]) -> Tree:
    """Return a formula with other things in place of some of its names."""
    if isinstance(tree, Call):
        return Call(tree.what, tuple(_filled(arg, known) for arg in tree.args))
    return known.get(tree.name, tree) if isinstance(tree, Name) else tree


def typeset(tree: Tree) -> str:
    """Return a formula as text."""
    return _written(tree, 0)


def _written(tree: Tree, around: int) -> str:
    if isinstance(tree, Number):
        text = f"{tree.value:g}".replace("-", "−")
        return f"({text})" if tree.value < 0 and around > 1 else text
    if isinstance(tree, Name):
        return tree.name
    text, binding = _call(tree)
    return f"({text})" if binding < around else text


def _call(tree: Call) -> tuple[str, int]:
    """Return the text of a call and how strongly it binds."""
    match tree:
        case Call("*", (Number(-1.0), inner)):
            return f"−{_written(inner, 2)}", 1
        case Call("^", (base, Number() as power)) if power.value.is_integer() and abs(power.value) < 100:
            return _written(base, 5) + str(int(power.value)).translate(_RAISED), 4
        case Call(what, (left, right)) if what in _BINDING:
            binding = _BINDING[what]
            sign = {"*": " ", "/": "/", "^": "^", "-": " − "}.get(what, f" {what} ")
            # the right side of - and / needs brackets where it binds as strongly
            return f"{_written(left, binding)}{sign}{_written(right, binding + (what in '-/'))}", binding
        case Call(what, (inner,)) if what in DERIVATIVES:
            return f"{_DERIVATIVES[what]}{_written(inner, _PREFIX)}", _PREFIX
        case Call(what, args):
            return f"{what}({', '.join(map(typeset, args))})", 5
