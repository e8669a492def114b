"""What a formula may say, what is refused and in which words, and that nothing of it is ever evaluated."""

import random

import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.params.formula import DEEPEST, Call, Name, Number, evaluate, parse

NAMES = ("u", "v", "F", "pi")


def read(text, names=NAMES):
    return parse(text, names, where="model.equations.u")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3^2", 19.0),
        ("-2^2", -4.0),
        ("2^3^2", 512.0),
        ("2**-1", 0.5),
        ("u/v/2", 0.75),
        (" u\n - \t v ", 1.0),
        ("where(u > v, min(u, v), max(u, v))", 2.0),
        ("where(u != 3, 1, 0) + where(u <= 3, 10, 0)", 10.0),
        ("exp(0) + log(1) + sqrt(4) + sin(0) + cos(0) + tanh(0) + abs(-1)", 5.0),
        ("cos(pi)*1_000", -1000.0),
        ("+F", 0.5),
    ],
)
def test_formulas_mean_what_they_say(text, value):
    assert evaluate(read(text), {"u": 3.0, "v": 2.0, "F": 0.5}) == pytest.approx(value)


def test_a_formula_becomes_a_tree_of_numbers_names_and_calls():
    assert read("F*lap(u^2) - 1") == Call(
        "-", (Call("*", (Name("F"), Call("lap", (Call("^", (Name("u"), Number(2.0))),)))), Number(1.0))
    )


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "there is no formula"),
        ("   ", 1, "there is no formula"),
        ("u^2*w", 5, "'w' is not known"),
        ("u^2^2 + Ff", 9, "'Ff' is not known; did you mean 'F'?"),
        ("  u + q1", 7, "'q1' is not known; known are u, v, F, pi"),
        ("u +* v", 4, "this is no formula"),
        ("u^^v", 3, "this is no formula"),
        ("lapp(u)", 1, "there is no function 'lapp'; did you mean 'lap'?"),
        ("2*sinh(u)", 3, "there is no function 'sinh'; did you mean 'sin'?"),
        ("u + exp", 5, "exp is a function: write exp(...)"),
        ("F(u)", 1, "F is no function: write F*(...) for a product"),
        ("min(u)", 1, "min takes 2 value(s), not 1"),
        ("lap(u, v)", 1, "lap takes 1 value(s), not 2"),
        ("exp(*u)", 5, None),
        ("u < v", 1, "a comparison is only allowed as the first value of where(...)"),
        ("where(u, 1, 2)", 7, "the first value of where is a comparison"),
        ("where(0 < u < 1, 1, 2)", 7, "one comparison at a time"),
        ("u + 1e999", 5, "this number is too large"),
        ("9" * 400, 1, "this number is too large"),
        ("u" * 2001, 2000, "a formula has 2000 characters at the most"),
        ("(" * 150 + "u" + ")" * 150, None, None),
        ("-" * 300 + "u", DEEPEST + 1, "this is nested too deeply"),
        ("u+" * 500 + "u", 1, "this is nested too deeply"),
        ("é*u", 1, "'é' is not allowed"),
        ("u·v", 2, "'·' is not allowed"),
    ],
)
def test_an_error_is_one_line_with_equation_and_column(text, column, words):
    try:
        read(text)
    except ParamsError as error:
        said = str(error)
    else:
        assert column is None or words is None, "no error"
        return
    assert "\n" not in said
    assert said.startswith("model.equations.u, column ")
    if words is not None:
        assert said.startswith(f"model.equations.u, column {column}: {words}")


FORBIDDEN = [
    "__import__('os')",
    "__import__(u)",
    "import os",
    "open(u)",
    "open('/etc/passwd')",
    "eval(u)",
    "exec(u)",
    "getattr(u, v)",
    "u.__class__",
    "u.__class__.__mro__",
    "(u).real",
    "1 .real",
    "exp.__globals__",
    "u[0]",
    "[u]",
    "[u for u in v]",
    "{u}",
    "{u: v}",
    "(u, v)",
    "u, v",
    "lambda: u",
    "(u := 1)",
    "u = 1",
    "u == v",
    "u if v else F",
    "u and v",
    "not u",
    "u is v",
    "u in v",
    "u // v",
    "u % v",
    "u @ v",
    "u << 1",
    "u | v",
    "~u",
    "'u'",
    '"u"',
    "b'u'",
    "f'{u}'",
    "...",
    "None",
    "True",
    "1j",
    "await u",
    "yield u",
    "u; v",
    "u # v",
    "u \\\n v",
    "exp(x=u)",
    "exp(**u)",
    "min(*u)",
    "(exp)(u)(v)",
    "exp(u)(v)",
    "print(u)",
    "breakpoint()",
    "globals()",
    "__builtins__",
    "\x00",
    "u\u202e",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_nothing_of_python_can_be_reached(text):
    with pytest.raises(ParamsError, match=r"^model\.equations\.u, column \d+: [^\n]+$"):
        read(text)


def test_names_of_python_are_only_names_where_a_model_has_them():
    assert read("eval*open", ("eval", "open")) == Call("*", (Name("eval"), Name("open")))
    with pytest.raises(ParamsError, match="eval is no function"):
        read("eval(open)", ("eval", "open"))


def random_text(rng):
    pieces = [
        "u",
        "v",
        "F",
        "lap(",
        "exp(",
        "where(",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "/",
        "^",
        "<",
        "2",
        ".5",
        "1e9",
        " ",
        "__",
    ]
    pieces += ["import ", "lambda", ".", "[", "]", "'", "\n", "if ", "else ", "é", "\x1b", "u_", "**", "=", "not "]
    return "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 40)))


@pytest.mark.parametrize(
    "count", [300, pytest.param(2_000, marks=pytest.mark.slow), pytest.param(20_000, marks=pytest.mark.soak)]
)
def test_random_texts_give_a_tree_or_one_line(count):
    rng, sound = random.Random(count), 0
    for _ in range(count):
        text = random_text(rng)
        try:
            tree = read(text)
        except ParamsError as error:
            assert "\n" not in str(error), text
            assert "\x1b" not in str(error)
        else:
            assert isinstance(tree, Call | Name | Number), text
            sound += 1
    assert 0 < sound < count
