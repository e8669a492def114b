"""Equations that somebody typed, against plain NumPy and exact results, on both engines."""

import importlib.util
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nnfd.core.engine.control import FreeRun
from nnfd.core.engine.events import Ended, Outcome
from nnfd.core.errors import ParamsError
from nnfd.core.fields.engines.choose import make_kernel
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import simulate
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model, shipped_model

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra 'fast'")
EDGES = [("5-point", "periodic"), ("9-point", "zero-flux")]


def model_of(equations, **parameters):
    table = {"fields": [*equations], "equations": equations}
    table["parameters"] = {name: {"default": value} for name, value in parameters.items()}
    return params_of(read_model(table))


def random_fields(params, seed=0):
    rng = np.random.default_rng(seed)
    return {n: (0.5 + rng.random((params.height, params.width))).astype(params.dtype) for n in params.model.fields}


def advanced(kernel, steps):
    while kernel.step < steps:
        kernel.advance(steps - kernel.step)
        assert not kernel.exceeded
    return kernel.fields()


def neighbours(u, boundary):
    """The field shifted: above, below, left, right, and the four corners."""
    padded = np.pad(u, 1, mode="wrap" if boundary == "periodic" else "edge")
    rows, cols = u.shape
    return {(i, j): padded[1 + i : 1 + i + rows, 1 + j : 1 + j + cols] for i in (-1, 0, 1) for j in (-1, 0, 1)}


def lap(u, stencil, boundary):
    n = neighbours(u, boundary)
    near = n[-1, 0] + n[1, 0] + n[0, -1] + n[0, 1]
    if stencil == "5-point":
        return near - 4 * u
    return (4 * near + n[-1, -1] + n[-1, 1] + n[1, -1] + n[1, 1] - 20 * u) / 6


EVERYTHING = model_of(
    {
        "u": "-B*lap(lap(u)) + D*lap(u) + F*(1 - u)*(u - 0.2)*u + 0.2*dx(u)*dy(v) + F*(v - u)",
        "v": "Dx*dxx(v) + Dy*dyy(v) - 0.1*lap(u*v)*where(x < width/2, F, 0.01) + 0.05*sin(t/9)*cos(y) - 0.1*v^3 + 0.1",
        "w": "0.1*(exp(-u)*log(1 + v) + tanh(w - 1)*sqrt(v) + u^1.7 - max(w, min(u, v))^2) + abs(u - 1)/(w + x/9 + 2)",
    },
    B=0.01,
    D=0.05,
    F=0.1,
    Dx=0.04,
    Dy=0.02,
)


def everything(p, f, t, stencil, boundary):
    """The right-hand sides of EVERYTHING, written down again."""
    u, v, w = f["u"], f["v"], f["w"]
    x, y = np.arange(p.width)[None, :], np.arange(p.height)[:, None]
    nu, nv = neighbours(u, boundary), neighbours(v, boundary)
    spread = lap(u, stencil, boundary)
    du = -0.01 * lap(spread, stencil, boundary) + 0.05 * spread + 0.1 * (1 - u) * (u - 0.2) * u
    du += 0.1 * (v - u) + 0.2 * (nu[0, 1] - nu[0, -1]) / 2 * (nv[1, 0] - nv[-1, 0]) / 2
    dv = 0.04 * (nv[0, 1] - 2 * v + nv[0, -1]) + 0.02 * (nv[1, 0] - 2 * v + nv[-1, 0])
    dv = dv - 0.1 * lap(u * v, stencil, boundary) * np.where(x < p.width / 2, 0.1, 0.01)
    dv = dv + 0.05 * np.sin(t / 9) * np.cos(y) - 0.1 * v**3 + 0.1
    dw = 0.1 * (np.exp(-u) * np.log(1 + v) + np.tanh(w - 1) * np.sqrt(v) + u**1.7)
    dw = dw - 0.1 * np.maximum(w, np.minimum(u, v)) ** 2 + np.abs(u - 1) / (w + x / 9 + 2)
    return {"u": du, "v": dv, "w": dw}


def stepped(params, fields, t):
    """One step of the method, written down again."""

    def rates(f, ahead):
        return everything(params, f, t + ahead * params.dt, params.stencil, params.boundary)

    def moved(slopes, part):
        return {name: fields[name] + part * params.dt * slopes[name] for name in fields}

    slopes = first = rates(fields, 0)
    if params.method == "rk4":
        second = rates(moved(first, 0.5), 0.5)
        third = rates(moved(second, 0.5), 0.5)
        fourth = rates(moved(third, 1), 1)
        slopes = {n: (first[n] + 2 * second[n] + 2 * third[n] + fourth[n]) / 6 for n in fields}
    return {name: np.clip(field, 0, params.clip) for name, field in moved(slopes, 1).items()}


@pytest.mark.parametrize(("stencil", "boundary"), EDGES)
@pytest.mark.parametrize("method", ["euler", pytest.param("rk4", marks=pytest.mark.slow)])
def test_everything_that_can_be_typed_follows_plain_numpy_over_1000_steps(stencil, boundary, method):
    params = EVERYTHING(width=14, height=11, stencil=stencil, boundary=boundary, method=method, dt=0.5)
    fields = random_fields(params)
    kernel = NumpyKernel(params, fields)
    for step in range(1000):
        fields = stepped(params, fields, step * params.dt)
        kernel.advance(1)
    for name, field in kernel.fields().items():
        assert np.ptp(field) > 1e-3, "the test is to see a pattern"
        np.testing.assert_allclose(field, fields[name], rtol=1e-12)


SOMETHING = model_of(
    {"u": "D*lap(u) + F*u*(1 - u)*(u - 0.2) - 0.1*u*v", "v": "D*dxx(v) + F*sin(u)*(1 - v)"}, D=0.1, F=0.1
)
"""Small, so that it is compiled in a second."""


NESTED = model_of({"u": "-B*lap(lap(u)) + D*lap(u*u)*where(x < width/2, F, 1)"}, B=0.01, D=0.1, F=0.1)
"""Of several passes in each stage of a step, and compiled in a few seconds where EVERYTHING takes ten."""

AGREEING = {
    "everything-euler": (EVERYTHING, "euler", "float64"),
    "something-euler-float32": (SOMETHING, "euler", "float32"),
    "something-rk4": (SOMETHING, "rk4", "float64"),
    "everything-euler-float32": (EVERYTHING, "euler", "float32"),
    "nested-rk4": (NESTED, "rk4", "float64"),
    "everything-rk4": (EVERYTHING, "rk4", "float64"),
}
AT_ONCE = {("everything-euler", 0), ("something-euler-float32", 1), ("something-rk4", 0)}
"""Each edge, method and type once. The slow tests add each with each other; the rest is compiled in the long ones."""
SOON = {("everything-euler-float32", 1), ("nested-rk4", 1)}


def marks_of(case):
    return () if case in AT_ONCE else pytest.mark.slow if case in SOON else pytest.mark.soak


@NUMBA
@pytest.mark.parametrize(
    ("model", "method", "dtype", "stencil", "boundary"),
    [
        pytest.param(*case, *edge, id="-".join((name, *edge)), marks=marks_of((name, which)))
        for name, case in AGREEING.items()
        for which, edge in enumerate(EDGES)
    ],
)
def test_both_engines_agree_bit_for_bit(model, method, dtype, stencil, boundary):
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    params = model(width=14, height=11, stencil=stencil, boundary=boundary, method=method, dtype=dtype, dt=0.5)
    start = random_fields(params)
    plain = advanced(NumpyKernel(params, start), 1000)
    fast = advanced(NumbaKernel(params, start, threads=1), 1000)
    for name, field in plain.items():
        assert field.dtype == fast[name].dtype == dtype
        np.testing.assert_array_equal(field, fast[name])


def written(formula, values, dtype="float64"):
    """What a formula of u gives in one step, from w = 0."""
    params = model_of({"u": "0", "w": formula})(width=values.size, height=3, dtype=dtype, clip=1e9)
    u = np.broadcast_to(values.astype(dtype), (3, values.size))
    kernel = NumpyKernel(params, {"u": u, "w": np.zeros_like(u)})
    kernel.advance(1)
    return kernel.fields()["w"][0]


@pytest.mark.parametrize(
    ("formula", "exact", "low", "high"),
    [
        ("exp(u)", np.exp, 0, 20),
        ("exp(-u)", lambda u: np.exp(-u), 0, 690),
        ("log(u)", np.log, 1, 1e9),
        ("-log(u)", lambda u: -np.log(u), 1e-9, 1),
        ("tanh(u)", np.tanh, 1e-9, 30),
        ("1 + sin(u)", lambda u: 1 + np.sin(u), 0, 1e5),
        ("1 + sin(-u)", lambda u: 1 - np.sin(u), 0, 1e5),
        ("1 + cos(u)", lambda u: 1 + np.cos(u), 0, 1e5),
        ("u^0.3", lambda u: u**0.3, 1e-9, 1e9),
        ("u^-1.5", lambda u: u**-1.5, 1, 1e9),
        ("2.5^u", lambda u: 2.5**u, 0, 20),
        ("sqrt(u)", np.sqrt, 0, 1e9),
        ("u^0.5", np.sqrt, 0, 1e9),
        ("u^7", lambda u: u**7, 0, 10),
        ("u^-3", lambda u: u**-3, 0.1, 10),
    ],
)
def test_functions_are_right_to_the_last_digits(formula, exact, low, high):
    values = np.concatenate([np.linspace(low, high, 4001), np.geomspace(max(low, 1e-9), high, 4001)])
    np.testing.assert_allclose(written(formula, values), exact(values), rtol=3e-15, atol=3e-16)
    single = written(formula, values[values < 1e3], "float32")
    np.testing.assert_allclose(
        single, exact(values[values < 1e3].astype("float32").astype(float)), rtol=3e-5, atol=1e-6
    )


def test_functions_at_their_ends():
    special = np.array([0.0, np.inf, np.nan])
    with np.errstate(all="ignore"):
        assert written("exp(-u)", special).tolist()[:2] == [1, 0]
        assert written("exp(u)", special)[1] == np.inf
        assert written("where(log(u) < -1e300, 1, 0)", special).tolist() == [1, 0, 0]
        assert written("u^1.5", special)[:2].tolist() == [0, np.inf]
        for formula in ("exp(u)", "log(u)", "tanh(u)", "sin(u)", "u^1.5", "min(u, 1)", "max(u, 1)", "log(-1 - u)"):
            assert np.isnan(written(formula, special)[2]), formula


def test_rk4_has_order_four():
    params_type = model_of({"u": "u*(1 - v)*0.3", "v": "v*(u - 1)*0.2"})
    start = {"u": np.full((3, 3), 1.5), "v": np.full((3, 3), 0.5)}

    def rates(_, values):
        u, v = values
        return [u * (1 - v) * 0.3, v * (u - 1) * 0.2]

    exact = solve_ivp(rates, (0, 40), [1.5, 0.5], method="DOP853", rtol=1e-13, atol=1e-14).y[:, -1]
    errors = []
    for dt in (1.0, 0.5, 0.25):
        after = advanced(NumpyKernel(params_type(width=3, height=3, dt=dt, method="rk4"), start), round(40 / dt))
        errors.append(max(abs(after["u"][0, 0] - exact[0]), abs(after["v"][0, 0] - exact[1])))
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 4, atol=0.3)


def test_a_run_goes_on_at_its_time():
    params = EVERYTHING(width=8, height=8, steps=60, dt=0.5, seeds=0)
    *_, whole = simulate(params, control=FreeRun(60))
    generator = simulate(params, control=FreeRun(23))
    next(generator)
    state = next(generator).state
    generator.close()
    *_, rest = simulate(params, state, control=FreeRun(7))
    for name, field in whole.state.fields.items():
        np.testing.assert_array_equal(field, rest.state.fields[name])


def test_what_depends_on_time_is_never_taken_for_steady():
    params = model_of({"u": "where(t < 700, 0, 0.01)"})(width=4, height=4, steps=1000)
    *_, end = simulate(params)
    assert end.outcome is Outcome.COMPLETED
    assert end.state.fields["u"] == pytest.approx(3.0)


def test_row_blocks_and_registers_do_not_change_a_bit(monkeypatch):
    params = EVERYTHING(width=15, height=33, method="rk4", dt=0.5)
    start = random_fields(params)
    whole = advanced(NumpyKernel(params, start), 60)
    monkeypatch.setattr("nnfd.core.fields.engines.numpy_kernel.BLOCK_CELLS", 40)
    for name, field in advanced(NumpyKernel(params, start), 60).items():
        np.testing.assert_array_equal(field, whole[name])


def test_equations_that_are_too_long_are_refused():
    params = model_of({"u": "exp(" * 90 + "u" + ")" * 90})(width=4, height=4)
    with pytest.raises(ParamsError, match=r"^model\.equations: \d+ operations a cell and step are not allowed: 3000"):
        NumpyKernel(params, random_fields(params))


# -- the compiled engine's folder


@NUMBA
def test_until_the_compiled_steps_are_there_numpy_goes_on(monkeypatch, tmp_path):
    from nnfd.core.fields.engines import numba_kernel

    monkeypatch.setattr(numba_kernel, "cache_folder", lambda: tmp_path)
    params = model_of({"u": "0.1*lap(u) + 0.123*(1 - u)"})(width=12, height=10, engine="numba", steps=10**6)
    start = random_fields(params)
    early = make_kernel(params, start)
    early.advance(7)
    now = NumpyKernel(params, early.fields(), 7)
    for kernel in (early, NumpyKernel(params, start)):
        advanced(kernel, 400)
    waiting = advanced(numba_kernel.NumbaKernel(params, start), 400)
    advanced(now, 900)
    advanced(early, 900)  # the compiled steps are there by now
    np.testing.assert_array_equal(early.fields()["u"], now.fields()["u"])
    np.testing.assert_array_equal(waiting["u"], advanced(NumpyKernel(params, start), 400)["u"])
    assert early.note is None
    assert [file.suffix for file in tmp_path.glob("nnfd_model_*")] == [".py"]


@NUMBA
def test_where_nothing_can_be_kept_numpy_computes_and_says_so(monkeypatch, tmp_path):
    from nnfd.core.fields.engines import numba_kernel

    (tmp_path / "file").touch()
    monkeypatch.setattr(numba_kernel, "cache_folder", lambda: tmp_path / "file" / "models")
    params = model_of({"u": "0.1*lap(u) + 0.3*(1 - u^5)"})(width=12, height=10, seeds=3)
    start = random_fields(params)
    kernel = numba_kernel.NumbaKernel(params, start)
    assert kernel.advance(9) == 9
    np.testing.assert_array_equal(kernel.fields()["u"], advanced(NumpyKernel(params, start), 9)["u"])
    assert kernel.note.startswith(f"the folder of compiled models '{tmp_path}/file/models' cannot be used: ")
    assert kernel.note.endswith("; NumPy computes this run")
    assert "\n" not in kernel.note


def nowhere_to_keep(monkeypatch):
    """Let numba find no folder that it can write to, as on a disk that is to be read only."""
    monkeypatch.setattr("numba.core.caching.CompileResultCacheImpl._locator_classes", [])


def empty_index(monkeypatch):
    """Let what numba kept be damaged, as a power cut leaves it."""

    def load(*_):
        raise EOFError("Ran out of input")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.load", load)


@NUMBA
@pytest.mark.parametrize(("plant", "term"), [(nowhere_to_keep, "sin(u)"), (empty_index, "cos(u)")])
def test_what_numba_cannot_keep_or_read_is_said_and_numpy_computes(monkeypatch, tmp_path, plant, term):
    from nnfd.core.fields.engines import numba_kernel

    plant(monkeypatch)
    monkeypatch.setattr(numba_kernel, "cache_folder", lambda: tmp_path)
    params = model_of({"u": f"0.1*lap(u) + {term}"})(width=12, height=10)
    start = random_fields(params)
    kernel = numba_kernel.NumbaKernel(params, start)
    assert kernel.advance(9) == 9
    np.testing.assert_array_equal(kernel.fields()["u"], advanced(NumpyKernel(params, start), 9)["u"])
    assert kernel.note.startswith(f"the folder of compiled models '{tmp_path}' cannot be used: ")
    assert kernel.note.endswith("; NumPy computes this run")


def test_a_numba_that_cannot_be_imported_is_said_and_numpy_computes(monkeypatch):
    from nnfd.core.fields.engines import numba_kernel

    monkeypatch.setitem(sys.modules, "numba", None)
    params = model_of({"u": "0.1*lap(u) + 0.7"})(width=12, height=10)
    start = random_fields(params)
    kernel = numba_kernel.NumbaKernel(params, start)
    assert kernel.advance(9) == 9
    np.testing.assert_array_equal(kernel.fields()["u"], advanced(NumpyKernel(params, start), 9)["u"])
    assert kernel.note.startswith("numba cannot be used: ")
    assert kernel.note.endswith("; NumPy computes this run")


@NUMBA
def test_compiled_steps_are_found_again_by_the_next_process_after_its_first_steps(tmp_path):
    code = (
        "import sys, numpy as np, pathlib\n"
        "from nnfd.core.fields.engines import numba_kernel\n"
        "numba_kernel.cache_folder = lambda: pathlib.Path(sys.argv[1])\n"
        "from nnfd.core.params import DiffusionParams\n"
        "params, fields = DiffusionParams(width=4, height=4), {'C': np.ones((4, 4))}\n"
        "early = numba_kernel.NumbaKernel(params, fields, wait=False)\n"
        "assert 'numba' not in sys.modules, 'its import would delay the first picture'\n"
        "early.advance(1)\n"
        "numba_kernel.NumbaKernel(params, fields).advance(2)\n"
        "(module,) = [m for name, m in sys.modules.items() if name.startswith('nnfd_model_')]\n"
        "print(sum(module.serial.stats.cache_hits.values()))\n"
    )
    hits = [
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert hits == ["0\n", "1\n"]


def test_no_name_of_a_model_comes_into_the_compiled_text():
    from nnfd.core.fields.engines.numba_source import source
    from nnfd.core.fields.formula.program import program_of

    model = model_of({"eval": "open*lap(eval) + system", "sys_exit": "-sys_exit*x"}, open=0.1, system=0.0)
    text = source(program_of(model()), "float64")
    assert not {name for name in ("eval", "open", "system", "sys_exit") if name in text}


def test_no_constant_stands_in_the_compiled_text():
    from nnfd.core.fields.engines.numba_source import source
    from nnfd.core.fields.formula.program import program_of

    text = source(program_of(EVERYTHING()), "float32")
    assert not re.findall(r"[^\w.]\d+\.\d*|\de-?\d", text), "it would turn float32 into float64"


@NUMBA
@pytest.mark.slow
def test_compiled_single_precision_is_widened_nowhere(monkeypatch, tmp_path):
    from nnfd.core.fields.engines import numba_kernel
    from nnfd.core.fields.engines.numba_source import source

    monkeypatch.setattr(numba_kernel, "cache_folder", lambda: tmp_path)
    # a model of its own: what another test had compiled is not compiled again
    model = model_of({"u": "D*lap(u) + tanh(u)*cos(u) - exp(u)/k + sqrt(abs(u))*u^5"}, D=0.1, k=3.0)
    params = model(width=14, height=11, dtype="float32", dt=0.5)
    kernel = numba_kernel.NumbaKernel(params, random_fields(params), threads=1)
    kernel.advance(1)
    (file,) = tmp_path.glob("*.py")
    assert file.read_text() == source(kernel.program, "float32", signed=params.model.signed)
    module = sys.modules[file.stem]
    (code,) = module.serial.inspect_llvm().values()
    assert "fmul float" in code
    assert "fpext float" not in code


@pytest.mark.parametrize("condition", ["x > 2", "t < 3", "k > 0.5", "u > 0.5"])
def test_a_choice_may_hang_on_the_place_the_time_a_parameter_or_a_field(condition):
    model = model_of({"u": f"where({condition}, 1, 2) + u"}, k=1.0)
    params = model(width=6, height=5, steps=4)
    *_, end = simulate(params)
    u, step = np.zeros((5, 6)), 0
    x = np.broadcast_to(np.arange(6.0), u.shape)
    for step in range(4):
        holds = {"x > 2": x > 2, "t < 3": step < 3, "k > 0.5": True, "u > 0.5": u > 0.5}[condition]
        u = u + params.dt * (np.where(holds, 1.0, 2.0) + u)
    np.testing.assert_array_equal(end.state.fields["u"], u)


# -- fuzz

NUMBERS = ["2", "0.5", "1e3", "-1", "pi", "x", "t"]
SIGNS = [*"+-*/^"]
CALLS = ["lap", "dx", "dyy", "exp", "log", "sqrt", "sin", "tanh", "abs"]


def mutated(text, rng, fields):
    """Replace pieces of an equation, mostly names by names and signs by signs."""
    parts = re.findall(r"\w+|\W", text)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(parts))
        kin = SIGNS if parts[at] in SIGNS else CALLS if parts[at] in CALLS else [*fields, *NUMBERS]
        if parts[at] not in "()" or rng.random() < 0.1:
            parts[at] = rng.choice(kin)
    return "".join(parts)


@pytest.mark.parametrize("count", [120, pytest.param(1000, marks=pytest.mark.slow)])
def test_mutated_models_give_one_line_or_a_run_that_is_finite_or_diagnosed(count):
    rng = random.Random(count)
    sources = [*map(shipped_model, ("fur", "turing")), EVERYTHING.model]
    ends = {"refused": 0, "diverged": 0, "finite": 0}
    for _ in range(count):
        table = rng.choice(sources).table.model_dump(exclude_unset=True)
        texts = {name: mutated(text, rng, table["fields"]) for name, text in table["equations"].items()}
        table |= {"equations": texts, "start": dict.fromkeys(table["fields"], 0.5)}
        method = rng.choice(["euler", "rk4"])
        try:
            params = params_of(read_model(table)).check({"width": 6, "height": 5, "steps": 20, "method": method})
            *_, end = simulate(params)
        except ParamsError as error:
            assert "\n" not in str(error)
            ends["refused"] += 1
            continue
        assert isinstance(end, Ended)
        assert all(np.isfinite(field).all() for field in end.state.fields.values())
        ends["diverged" if end.outcome is Outcome.DIVERGED else "finite"] += 1
        assert end.outcome is not Outcome.DIVERGED or "diverged at step" in end.message
    assert all(ends.values()), ends
