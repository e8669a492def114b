"""Random inputs of each kind that a user can hand over: read as they were written, or one clear line.

Presets, sweeps, tables, arrays, pictures, and commands to a live run. For run folders see ``test_damaged_folders``.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import re
import shutil
import threading
import tomllib
import zipfile
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Edited, Painted
from nnfd.core.errors import DataError, ParamsError, PresetError, SweepError
from nnfd.core.fields.seeds import start_fields
from nnfd.core.network.reading import read_table
from nnfd.core.params import FurParams, NetworkParams, presets
from nnfd.core.runs.asked import read_asked
from nnfd.core.runs.live import LiveRun, new_folder
from nnfd.core.runs.names import COMMANDS
from nnfd.core.runs.remote import Live, send
from nnfd.core.sweep.spec import read_spec
from tests.end_to_end.test_damaged_folders import MOST_MEMORY, changed, no_hang, peak
from tests.support.waiting import until

QUICK, MANY, LONG = 20, 1000, 10_000
SIZES = [QUICK, pytest.param(MANY, marks=pytest.mark.slow), pytest.param(LONG, marks=pytest.mark.soak)]


ODD_TEXTS = [
    "",
    " ",
    "nan",
    "inf",
    "1_0",
    "１２",
    "1e999",
    "-0",
    "0x10",
    "9" * 400,
    "\x1b[31m",
    "\u202e",
    "\0",
    "'",
    "null",
]
ODD_VALUES = [
    *(
        True,
        False,
        0,
        -1,
        2**63,
        10**400,
        0.0,
        -0.0,
        1e308,
        5e-324,
        "nan",
        "",
        "auto",
        "none",
        "\x1b]0;x\x07",
        "x" * 3000,
    ),
    *([], [[]], [0], [1, "2"], [[1, 2], [3]], {}, {"low": 0, "high": 1}, [10**400]),
]


def fuzz(count, kind, one):
    """Try `one` with so many random generators; name the seed of one that fails, and hold the bounds."""
    first = int.from_bytes(os.urandom(4), "big") if count == LONG else count
    begun = peak()
    ends: dict[str, int] = {}
    for seed in range(first, first + count):
        try:
            with no_hang():
                end = one(random.Random(seed))
        except BaseException as error:
            error.add_note(f"{kind}, seed {seed}")
            raise
        ends[end] = ends.get(end, 0) + 1
    print(f"{kind}: {count} from seed {first}: {ends}, {(peak() - begun) / 1e6:.0f} MB")  # noqa: T201 - shown with -s
    assert peak() - begun < MOST_MEMORY
    assert len(ends) > 1 or count <= QUICK, "both what is taken and what is refused is tried"


def refused(read, *kinds):
    """Call `read`: return what it gave, and None with a look at its message if it refused."""
    try:
        return read()
    except kinds as error:
        assert error.exit_code in {1, 2}
        assert str(error).strip()
        assert str(error).isprintable(), str(error)
        assert len(str(error)) < 3000
        return None


# -- TOML: presets and sweeps


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")
    return json.dumps(value)


def mutated(table, rng):
    """Change one thing in a table, however deep."""
    places = [(table, key) for key in table]
    for holder in [value for value in table.values() if isinstance(value, dict | list)]:
        places += [(holder, key) for key in (holder if isinstance(holder, dict) else range(len(holder)))]
    holder, key = rng.choice(places)
    match rng.randrange(4):
        case 0:
            del holder[key]
        case 1:
            holder[key] = rng.choice(ODD_VALUES)
        case 2 if isinstance(holder, dict):
            holder[str(key) + rng.choice(["x", "_", "\u202e", "\x1b"])] = holder[key]
        case _:
            other, name = rng.choice(places)
            with contextlib.suppress(KeyError, IndexError):
                holder[key] = other[name]
    return table


def written(table, rng):
    """Write a table as TOML, and now and then damage the text."""
    try:
        text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in table.items())
    except (RecursionError, ValueError):  # a table in itself, a number of too many digits
        return b"a = " + b"[" * 3000
    content = text.encode()
    if rng.random() < 0.3:
        content = changed(content, rng.choice(["truncate", "flip"]), np.random.default_rng(rng.getrandbits(32)))
    if rng.random() < 0.1:
        content = b"\xef\xbb\xbf" + content
    return content


def as_params(value):
    return tuple(map(as_params, value)) if isinstance(value, list) else value


def agrees(given, taken):
    """Tell whether a parameter is what was written: a whole number may stand for a real one."""
    given = as_params(given)
    return taken == given or taken is None or (type(taken) is float and type(given) is int and taken == given)


@pytest.mark.parametrize("count", SIZES)
def test_presets(tmp_path, run_often, count):
    folder = resources.files("nnfd.presets")
    sources = [file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]

    def one(rng):
        table = tomllib.loads(rng.choice(sources))
        for _ in range(rng.randrange(3)):
            with contextlib.suppress(IndexError):
                table = mutated(table, rng)
        file = tmp_path / "mine.toml"
        file.write_bytes(written(table, rng))
        preset = refused(lambda: presets.check(file), PresetError, ParamsError)
        if preset is not None:
            table = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
            values = preset.params.values()
            for name, given in table.get("params", {}).items():
                assert agrees(given, values[name]), (name, given, values[name])
            again = type(preset.params).check(tomllib.loads(preset.params.to_toml()))
            assert again == preset.params, "what a run's folder holds of it is the same"
        code, out, err = run_often("presets", "check", str(file))
        assert code == (2 if preset is None else 0), err
        assert not out.isascii() or out.replace("\n", "").isprintable()
        assert len(err.splitlines()) == (preset is None)
        return "refused" if preset is None else "taken"

    fuzz(count, "presets", one)


SWEEPS = [
    {
        "preset": "relu-128",
        "seeds": 2,
        "params": {"epochs": 3, "hidden": [4]},
        "grid": {"lr": [0.1, 1], "l2": [0, 0.5]},
    },
    {"preset": "cheetah", "title": "T", "seeds": [1, 5], "list": [{"D_a": 0.01}, {"rho_a": 0.06, "dt": 1}]},
    {
        "preset": "turing-spots",
        "params": {"width": 9, "height": 8},
        "random": {
            "samples": 3,
            "D_h": {"low": 0.1, "high": 0.4, "log": True},
            "engine": {"values": ["numpy", "auto"]},
        },
    },
]


@pytest.mark.parametrize("count", SIZES)
def test_sweeps(tmp_path, run_often, count):
    def one(rng):
        table = json.loads(json.dumps(rng.choice(SWEEPS)))
        for _ in range(rng.randrange(4)):
            with contextlib.suppress(IndexError):
                table = mutated(table, rng)
        file = tmp_path / "mine.toml"
        file.write_bytes(written(table, rng))
        spec = refused(lambda: read_spec(file), SweepError, ParamsError, PresetError)
        if spec is None:
            code, _, err = run_often("sweep", str(file), "--headless", "--run-dir", str(tmp_path / "s"))
            assert (code, len(err.splitlines())) == (2, 1), err
            assert not (tmp_path / "s").exists()
            return "refused"
        table = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
        for point in spec.points:
            values = point.params.values()
            assert all(values[name] == value for name, value in point.varied.items())
            for name, given in table.get("params", {}).items():
                assert name in point.varied or name == "seed" or agrees(given, values[name]), name
            for name, given in table.get("grid", {}).items():
                assert any(agrees(value, values[name]) for value in given), name
        return "taken"

    fuzz(count, "sweeps", one)


# -- tables and arrays

NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*")


def numbers(rng, rows, columns):
    """Draw cells as programs write them."""
    forms = ["{:.3f}", "{:e}", "{:g}", "{:+.2f}", " {:.1f} "]
    return [[rng.choice(forms).format(rng.gauss(0, 10)) for _ in range(columns)] for _ in range(rows)]


def dialect(rng):
    separator = rng.choice(",;\t")
    return separator, rng.choice(["\n", "\r\n"]), rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])


@pytest.mark.parametrize("count", SIZES)
def test_tables(tmp_path, count):
    def one(rng):
        rows, columns = rng.randint(20, 40), rng.randint(1, 5)
        cells = numbers(rng, rows, columns)
        labels = [rng.choice(["a", "b", "c d"]) for _ in range(rows)]
        odd = rng.random() < 0.4
        if odd:
            cells[rng.randrange(rows)][rng.randrange(columns)] = rng.choice(ODD_TEXTS)
        separator, end, encoding = dialect(rng)
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator, lineterminator=end)
        writer.writerow([*(f"f{i}" for i in range(columns)), "label"])
        writer.writerows([*row, label] for row, label in zip(cells, labels, strict=True))
        content = out.getvalue().encode(encoding)
        hurt = rng.random() < 0.4
        if hurt:
            content = changed(content, rng.choice(["truncate", "flip"]), np.random.default_rng(rng.getrandbits(32)))
        file = tmp_path / "mine.csv"
        file.write_bytes(content)
        table = refused(lambda: read_table(file, NetworkParams(dataset=str(file))), DataError)
        if hurt:  # no text tells what it was
            return "refused" if table is None else "taken"
        plain = all(NUMBER.fullmatch(cell) and np.isfinite(float(cell)) for row in cells for cell in row)
        assert (table is not None) == plain, cells
        if table is None:
            return "refused"
        assert table.X.tolist() == [[float(cell) for cell in row] for row in cells]
        assert [table.classes[code] for code in table.y] == labels
        return "taken"

    fuzz(count, "tables", one)


@pytest.mark.parametrize("count", SIZES)
def test_tables_through_the_command(tmp_path, run_often, count, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def one(rng):
        lines = [",".join([*row, rng.choice("ab")]) for row in numbers(rng, 40, 2)]
        content = "\n".join(["f,g,label", *lines]).encode()
        if rng.random() < 0.7:
            content = changed(content, rng.choice(["truncate", "flip"]), np.random.default_rng(rng.getrandbits(32)))
        (tmp_path / "mine.csv").write_bytes(content)
        flags = ("--dataset", "mine.csv", "--epochs", "1", "--hidden", "2")
        code, _, err = run_often("train", "--headless", "--no-record", "--quiet", *flags)
        assert code in {0, 1, 2}
        assert len(err.splitlines()) == bool(code), err
        assert [item.name for item in tmp_path.iterdir()] == ["mine.csv"], "nothing else is touched"
        return str(code)

    fuzz(count // 5, "tables, by train", one)


@pytest.mark.parametrize("count", SIZES)
def test_arrays(tmp_path, count):
    def one(rng):
        draw = np.random.default_rng(rng.getrandbits(32))
        rows = rng.randint(10, 1200)
        kind = rng.choice(["<f8", ">f4", "<i2", "u1", "<f8", "?", "<c16", "O", "<U3", "<f2"])
        X = draw.normal(0, 50, (rows, rng.randint(1, 4))).astype("<f8")
        X = np.abs(X).astype(kind) if kind[0] in "u?" or kind[-1] in "23" else X.astype(kind)
        y = draw.integers(0, 3, rows)
        labels = y if rng.random() < 0.5 else np.array(["a", "b", "c"])[y]
        if rng.random() < 0.1:
            labels = rng.choice([y.astype(float), y[:-1], y[:, None], np.zeros(0)])
        file = tmp_path / "mine.npz"
        how = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
        with zipfile.ZipFile(file, "w", how) as archive:
            for name, array in (("X", X), ("y", labels)):
                member = io.BytesIO()
                np.save(member, array)
                archive.writestr(f"{name}.npy", member.getvalue())
        hurt = rng.random() < 0.6
        if hurt:
            file.write_bytes(changed(file.read_bytes(), rng.choice(["truncate", "flip"]), draw))
        table = refused(lambda: read_table(file, NetworkParams(dataset=str(file))), DataError)
        if table is None:
            assert hurt or kind in "?<c16 O <U3" or labels.shape != (rows,) or labels.dtype.kind == "f"
            return "refused"
        # a checksum is over each array: what is taken is what was written, whatever was hurt
        np.testing.assert_array_equal(table.X, X.astype(float))
        assert [table.classes[code] for code in table.y] == [str(label) for label in labels]
        return "taken"

    fuzz(count, "arrays", one)


# -- pictures


@pytest.mark.parametrize("count", SIZES)
def test_pictures(tmp_path, count):
    def one(rng):
        draw = np.random.default_rng(rng.getrandbits(32))
        ink = (draw.random((rng.randint(1, 40), rng.randint(1, 40))) < 0.3) & (draw.random() < 0.9)
        grey = np.where(ink, 0, 255).astype(np.uint8)
        form = rng.choice(["PNG", "TIFF", "GIF", "BMP", "JPEG", "WEBP", "PPM", "PNG16", "F"])
        if form in {"PNG16", "F"}:
            deep = grey.astype(np.uint16) * 257 if form == "PNG16" else (grey / 255).astype(np.float32)
            picture, form = Image.fromarray(deep), "PNG" if form == "PNG16" else "TIFF"
        else:
            picture = Image.fromarray(grey)
            if rng.random() < 0.5:
                picture = picture.convert(rng.choice(["RGB", "1", "L"]))
        out = io.BytesIO()
        picture.save(out, form)
        content, hurt = out.getvalue(), rng.random() < 0.7
        if hurt:
            content = changed(content, rng.choice(["truncate", "flip", "flip"]), draw)
        file = tmp_path / f"seeds.{rng.choice([form.lower(), 'png', 'x'])}"
        file.write_bytes(content)
        height, width = ink.shape
        params = FurParams(width=max(3, width), height=max(3, height), seeds=str(file), noise=0.0, seed_value=2.0)
        fields = refused(lambda: start_fields(params), ParamsError)
        if not hurt and form not in {"JPEG", "WEBP"} and params.width == width and params.height == height:
            assert fields is not None
            np.testing.assert_array_equal(fields["a"] == 2.0, ink)
        return "refused" if fields is None else "taken"

    fuzz(count, "pictures", one)


# -- commands to a live run

LIVE = FurParams(width=9, height=8, steps=10**9, engine="numpy")
STROKE = {"field": "a", "x": 1, "y": 2, "radius": 1, "value": 0.5}


def command(rng, number):
    """Draw a command as a watcher, or anything else, may write it."""
    match rng.randrange(6):
        case 0 | 1:
            changes = {rng.choice(["dt", "clip", "D_a", "rho_a", "method", "x", "width"]): odd_value(rng)}
            made = {"do": "edit", "changes": changes}
        case 2 | 3:
            stroke = dict(STROKE)
            for _ in range(rng.randrange(3)):
                stroke[rng.choice(list(stroke))] = odd_value(rng)
            made = {"do": "paint", "paint": stroke}
        case 4:
            made = {"do": rng.choice(["pause", "step", "resume", "pace", "x", "", None, []]), "pace": odd_value(rng)}
        case _:
            made = rng.choice([{"do": "edit"}, {"do": "edit", "changes": [["dt", 0.5]]}, {"do": "paint", "paint": []}])
    return {"id": f"{number}-{rng.getrandbits(64):x}", **made}


def odd_value(rng):
    if rng.random() < 0.5:
        return rng.choice(ODD_VALUES)
    return rng.choice(
        [rng.randint(-3, 12), rng.uniform(0, 2), str(rng.randint(0, 9)), float("nan"), float("inf"), "euler"]
    )


@contextlib.contextmanager
def live_run(path):
    """A run of a pattern in a thread of its own, that others may command; and what it did."""
    told, failed = [], []

    def work():
        try:
            live.run()
        except BaseException as error:
            failed.append(error)

    with new_folder(path, preset="p", title="t", params=LIVE) as folder:
        live = LiveRun(LIVE, told.append, folder=folder, pace=2000)
        thread = threading.Thread(target=work)
        thread.start()
        try:
            until(lambda: Live.read(path))
            yield live, told
        finally:
            live.controller.stop()
            thread.join()
    if failed:
        raise failed[0]


@pytest.mark.parametrize("count", SIZES)
def test_commands_to_a_live_run(tmp_path, count):
    """A run takes fifty, or ends as one of them made it diverge; what was taken is on the disk as it was written."""
    rng = random.Random(count)
    begun, taken, refused = peak(), 0, 0
    for first in range(0, count, 50):
        path = tmp_path / str(first)
        with live_run(path) as (live, told):
            asked = {}
            with (path / COMMANDS).open("ab") as file:
                for number in range(min(50, count - first)):
                    line = json.dumps(command(rng, number)).encode()
                    if rng.random() < 0.2:
                        line = changed(
                            line, rng.choice(["truncate", "flip"]), np.random.default_rng(rng.getrandbits(32))
                        )
                    for part in line.split(b"\n"):
                        asked |= named(part)
                    file.write(line + b"\n")
            last = send(path, do="resume")
            answers = until(lambda: answers_of(path, last) or live.controller.phase in {Phase.DONE, Phase.FAILED})  # noqa: B023 - at once
            live.controller.pace = None
        done = [event for event in told if isinstance(event, Edited | Painted)]
        kept = read_asked(path)[1]
        assert [what_was_asked(event) for event in done] == [what_was_asked(event) for event in kept][: len(done)]
        if answers is not True:
            yes = [asked[name] for name in asked if answers.get(name) == "" and asked[name]["do"] in {"edit", "paint"}]
            check_kept(kept, yes, LIVE)
            taken, refused = taken + len(yes), refused + len(asked) - len(yes)
        shutil.rmtree(path)
    assert peak() - begun < MOST_MEMORY
    assert count == QUICK or (taken and refused)  # a single run may end before it has answered
    print(f"commands: {count}: {taken} taken, {refused} refused")  # noqa: T201 - shown with -s


def answers_of(path, last):
    """What was answered, once the command named `last` was."""
    told = Live.read(path)
    return told.answers if told and last in told.answers else None


def what_was_asked(event):
    return event.params if isinstance(event, Edited) else event.paint


def check_kept(kept, taken, params):
    """Each edit and stroke is kept as it was written, in order, but for an edit that changes nothing.

    Of two alike that wait at once, one may be.
    """
    left, before = list(kept), None
    for made in taken:
        if left and is_kept(left[0], made):
            event = left.pop(0)
            params = event.params if isinstance(event, Edited) else params
        elif made["do"] != "edit" or not is_in_force(params, made):
            assert made.get("changes", made.get("paint")) == before, made
        before = made.get("changes", made.get("paint"))
    assert not left


def is_kept(event, made):
    if made["do"] == "edit":
        return isinstance(event, Edited) and is_in_force(event.params, made)
    if not isinstance(event, Painted):
        return False
    found = {name: getattr(event.paint, name) for name in STROKE}
    return found == made["paint"] and {type(found[name]) for name in ("x", "y", "radius")} == {int}


def is_in_force(params, made):
    values = params.values()
    return all(
        agrees(value, values[name]) or is_number_of(value, values[name]) for name, value in made["changes"].items()
    )


def is_number_of(text, taken):
    """Tell whether a number was written as text, as the command line and the form write it."""
    with contextlib.suppress(ValueError):
        return isinstance(text, str) and isinstance(taken, int | float) and float(text) == taken
    return False


def named(line):
    """Return a command by its name, if a line holds one."""
    try:
        made = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {made["id"]: made} if isinstance(made, dict) and isinstance(made.get("id"), str) and "do" in made else {}
