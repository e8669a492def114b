"""Files with a model in them, damaged at random: one line that says what is wrong, or a run that is finite or told."""

import re
from importlib import resources

import numpy as np
import pytest

from nnfd.core.engine.events import Ended, Outcome
from nnfd.core.errors import ParamsError, PresetError
from nnfd.core.fields.simulate import simulate
from nnfd.core.fields.stability import describe_states
from nnfd.core.params import presets
from nnfd.core.params.fields import params_of
from tests.end_to_end.test_damaged_folders import changed
from tests.end_to_end.test_fuzz_inputs import LONG, ODD_VALUES, fuzz, refused, toml

QUICK = 3
SIZES = [QUICK, pytest.param(250, marks=pytest.mark.slow), pytest.param(LONG, marks=pytest.mark.soak)]
SMALL = "\n[params]\nwidth = 6\nheight = 5\nsteps = 20\ndt = 0.02\n"
NUMBERS = ["0", "-1", "2", "0.5", "1e9", "1e-300", "1e308", "nan", "9" * 400, "true"]


def sources():
    """The shipped models and the commented start, all as preset files."""
    folder = resources.files("nnfd.presets") / "models"
    texts = {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith((".toml", ".txt"))}
    begin = texts.pop("begin.txt").partition("# As for every field run")[0]
    models = [re.sub(r"(?m)^\[", "[model.", text) for text in texts.values()]
    return [begin + SMALL, *(f'kind = "fur"\n[model]\n{text}{SMALL}' for text in models)]


def value_like(value, rng, lines):
    """A value with one of its words or numbers replaced by another of some line, or one with a wrong type."""
    if rng.random() < 0.1:
        return toml(rng.choice(ODD_VALUES))
    parts = re.findall(r"[^\W\d]\w*|\d[\d.]*|.", value)
    at = rng.randrange(len(parts))
    names = re.findall(r"[^\W\d]\w*", rng.choice(lines)) or ["u"]
    if parts[at][0].isdigit():
        parts[at] = rng.choice(NUMBERS)
    elif parts[at][0].isalpha():
        parts[at] = rng.choice([*names, *NUMBERS])
    elif parts[at] in "+-*/^<":
        parts[at] = rng.choice("+-*/^<")
    elif rng.random() < 0.2:
        del parts[at]
    return "".join(parts)


def damaged(text, rng):
    """Change values, keys, lines and heads of tables here and there; then, now and then, bytes."""
    lines = text.split("\n")
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        key, _, value = lines[at].partition(" = ")
        match rng.randrange(12):
            case 0:
                lines[at], lines[other] = lines[other], lines[at]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at] = ""
            case 3:
                heads = [i for i, line in enumerate(lines) if line.startswith("[")]
                here, there = rng.choice(heads), rng.choice(heads)
                lines[here], lines[there] = lines[there], lines[here]
            case 4 if value:
                lines[at] = f"{lines[other].partition(' = ')[0]} = {value}"
            case _ if value:
                lines[at] = f"{key} = {value_like(value, rng, lines)}"
    content = "\n".join(lines).encode()
    if rng.random() < 0.1:
        content = changed(content, rng.choice(["truncate", "flip"]), np.random.default_rng(rng.getrandbits(32)))
    return content


@pytest.mark.parametrize("count", SIZES)
def test_models(tmp_path, run_often, count):
    texts, file = sources(), tmp_path / "mine.toml"

    def one(rng):
        file.write_bytes(damaged(rng.choice(texts), rng))
        model = refused(lambda: presets.check_model(file), PresetError, ParamsError)
        if model is not None:
            refused(lambda: describe_states(params_of(model).model_construct()), ParamsError)
        code, _, err = run_often("models", "check", str(file))
        assert (code, len(err.splitlines())) in ({(0, 0), (2, 1)} if model else {(2, 1)}), err
        preset = refused(lambda: presets.check(file), PresetError, ParamsError)
        if preset is None:
            return "refused"
        assert code == 0 or preset.params.model.name, "what can be run is sound, but it may bring no model of its own"
        params = preset.params
        if params.width * params.height * params.steps > 10_000:
            return "too much"
        *_, end = refused(lambda: list(simulate(params)), ParamsError) or [None]
        if end is None:
            return "refused"
        assert isinstance(end, Ended)
        assert all(np.isfinite(field).all() for field in end.state.fields.values())
        assert (end.outcome is Outcome.DIVERGED) == ("diverged at step" in (end.message or ""))
        return "diverged" if end.outcome is Outcome.DIVERGED else "finite"

    fuzz(count, "models", one)
