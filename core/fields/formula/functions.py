"""exp, log, sin, cos, tanh and powers, from sums, products and quotients alone.

NumPy's own and those that a compiler calls differ in their last bits, from one processor to the next too. Written as a
few operations that are exact everywhere, both engines give the same numbers, and the compiled loop stays vectorised.
Errors are below two units in the last place; for a power, times the size of its exponent's logarithm.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nnfd.core.fields.formula.graph import Graph, Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# ln 2 in two parts, the first of few bits: its product with a whole number is exact in float32 too
_LN2 = (0.693359375, -2.12194440054690581e-4)
# the same for pi/2, in three parts
_HALF_PI = (1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8)
_EXP = [1 / math.factorial(n) for n in range(1, 14)]
_LOG = [2 / (2 * n + 1) for n in range(12)]
_SIN = [(-1) ** n / math.factorial(2 * n + 1) for n in range(9)]
_COS = [(-1) ** n / math.factorial(2 * n) for n in range(9)]
_LIMIT = 1100.0
"""Beyond it exp is 0 or infinite; it bounds the exponents of 2 that are worked with."""


def _polynomial(g: Graph, x: int, coefficients: Sequence[float]) -> int:
    total = g.number(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = g.node("+", g.node("*", total, x), g.number(coefficient))
    return total


def _reduced(g: Graph, x: int, unit: float, parts: Sequence[float]) -> tuple[int, int]:
    """Return the whole number n of units nearest to x, and what is left of x."""
    n = g.node("rint", g.node("*", x, g.number(1 / unit)))
    for part in parts:
        x = g.node("-", x, g.node("*", n, g.number(part)))
    return n, x


def _exp_parts(g: Graph, x: int) -> tuple[int, int]:
    """Return n and p with ``exp(x) = 2**n (1 + p)``."""
    x = g.node("min", g.node("max", x, g.number(-_LIMIT)), g.number(_LIMIT))
    n, rest = _reduced(g, x, math.log(2), _LN2)
    return n, g.node("*", _polynomial(g, rest, _EXP), rest)


def exp(g: Graph, x: int) -> int:
    """Return e to the power of x."""
    n, p = _exp_parts(g, x)
    return g.node("ldexp", g.node("+", p, g.number(1)), n)


def tanh(g: Graph, x: int) -> int:
    """Return the hyperbolic tangent: m/(m + 2) with ``m = exp(2 x) - 1``, exact for small x too."""
    x = g.node("min", g.node("max", x, g.number(-40)), g.number(40))
    n, p = _exp_parts(g, g.node("+", x, x))
    one = g.number(1)
    m = g.node("+", g.node("ldexp", p, n), g.node("-", g.node("ldexp", one, n), one))
    return g.node("/", m, g.node("+", m, g.number(2)))


def log(g: Graph, x: int) -> int:
    """Return the natural logarithm: of the exponent of 2, and of the rest by the series of artanh."""
    one = g.number(1)
    mantissa, exponent = g.node("mantissa", x), g.node("exponent", x)
    small = g.node("<", mantissa, g.number(math.sqrt(0.5)))
    mantissa = g.node("where", small, g.node("+", mantissa, mantissa), mantissa)
    exponent = g.node("where", small, g.node("-", exponent, one), exponent)
    f = g.node("-", mantissa, one)
    s = g.node("/", f, g.node("+", f, g.number(2)))
    series = g.node("*", _polynomial(g, g.node("*", s, s), _LOG), s)
    low = g.node("+", series, g.node("*", exponent, g.number(_LN2[1])))
    result = g.node("+", low, g.node("*", exponent, g.number(_LN2[0])))
    # the exponent of 0, infinity and what is no number says nothing
    zero, infinity = g.number(0), g.number(math.inf)
    result = g.node("where", g.node("<", x, infinity), result, x)
    result = g.node("where", g.node("==", x, zero), g.number(-math.inf), result)
    return g.node("where", g.node("<", x, zero), g.number(math.nan), result)


def _turn(g: Graph, x: int, quarters: int) -> int:
    """Return sin(x + quarters pi/2)."""
    n, rest = _reduced(g, x, math.pi / 2, _HALF_PI)
    n = g.node("+", n, g.number(quarters)) if quarters else n
    square = g.node("*", rest, rest)
    sine = g.node("*", _polynomial(g, square, _SIN), rest)
    cosine = _polynomial(g, square, _COS)
    # n/4 and n/2 less the whole number below: which quarter of the turn this is
    half, two, zero = g.number(0.5), g.number(2), g.number(0)
    odd = g.node("-", n, g.node("*", g.node("rint", g.node("*", n, half)), two))
    value = g.node("where", g.node("==", odd, zero), sine, cosine)
    # of 4 quarters, the last two are negative: n - 0.5 rounded down to a multiple of 4 leaves -1.5, -0.5, 0.5, 1.5
    shifted = g.node("-", n, g.number(1.5))
    left = g.node("-", shifted, g.node("*", g.node("rint", g.node("*", shifted, g.number(0.25))), g.number(4)))
    return g.node("where", g.node("<", left, zero), value, g.node("-", zero, value))


def sin(g: Graph, x: int) -> int:
    """Return the sine."""
    return _turn(g, x, 0)


def cos(g: Graph, x: int) -> int:
    """Return the cosine."""
    return _turn(g, x, 1)


def power(g: Graph, x: int, y: int) -> int:
    """Return x to the power of y, which is no whole number or changes; NaN for x below 0."""
    return exp(g, g.node("*", y, applied(g, "log", x)))


_WRITTEN: dict[str, Callable[..., int]] = {"exp": exp, "log": log, "sin": sin, "cos": cos, "tanh": tanh, "^": power}


def applied(g: Graph, what: str, *args: int) -> int:
    """Return a function of values; one that is computed at each step is written with basic operations alone."""
    of = g.node(what, *args)
    at_each_step = g.ranks[of] not in {Rank.FIXED, Rank.PLACE}
    return _WRITTEN[what](g, *args) if at_each_step and what in _WRITTEN else of
