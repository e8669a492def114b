"""The report of a run: one HTML file that stands alone."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from nnfd.core.engine.events import Edited, EpochDone
from nnfd.core.errors import RunError
from nnfd.core.library.report.curves import Curve, Figure, chart, edit_marks
from nnfd.core.library.report.fields import picture
from nnfd.core.library.report.run import report
from nnfd.core.library.report.templates import render
from nnfd.core.network.data import load
from nnfd.core.network.evaluate import evaluate
from nnfd.core.network.quality import judge_quality
from nnfd.core.network.train import best_model
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.names import STATE

pytestmark = pytest.mark.usefixtures("fitted_once")

NETWORK = ["Outcome", "Parameters", "Curves", "Confusion matrix", "Report", "How sure it is", "Baseline"]
FIELD = ["Outcome", "Parameters", "Equations", "Pattern", "Growth", "Curves", "Analysis"]
VOID = {"meta", "link", "img"}
HOSTILE = '<script>alert(1)</script> [red]x[/] \x1b[31m & "q"'


class Page(HTMLParser):
    """Checks that every tag is closed, and keeps what the page holds."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.text = ""
        self.feed(content.decode())
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("src", "href") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open[-1:] == ["h2"]:
            self.headings.append(data)
        if self.open[-1:] == ["td"]:
            self.cells.append(data)


def test_it_says_how_far_its_probabilities_can_be_trusted(runs):
    page = Page(report(RunFolder.open(runs / "net")))
    state, data = RunFolder.open(runs / "net").saved_state(), load(NetworkParams())
    quality = judge_quality(evaluate(best_model(state), data.X_test, data.y_test, data.class_names))
    assert f"expected calibration error {quality.calibration.error:.4f}" in page.text
    assert all(words in page.text for words in quality.confusions)
    assert all(f"{ranking.roc_area:.4f}" in page.cells for ranking in quality.rankings)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A network run with an edit's worth of everything, and a field run."""
    from nnfd.tui import cli

    root = tmp_path_factory.mktemp("runs")
    own = root / "own.toml"
    title = json.dumps(HOSTILE)
    own.write_text(f'kind = "network"\ntitle = {title}\ndescription = ""\n[params]\nepochs = 12\nhidden = [16]\n')
    assert cli.main(["train", str(own), "--headless", "--quiet", "--run-dir", str(root / "net")]) == 0
    small = ["--width", "24", "--height", "16", "--steps", "300"]
    assert cli.main(["fur", "turing-spots", "--headless", "--quiet", "--run-dir", str(root / "fur"), *small]) == 0
    return root


@pytest.mark.parametrize(("name", "sections"), [("net", NETWORK), ("fur", FIELD)])
def test_it_has_every_section_and_asks_for_nothing(runs, name, sections):
    content = report(RunFolder.open(runs / name))
    page = Page(content)
    assert page.headings == sections
    assert len(set(page.ids)) == len(page.ids)
    assert all(link.startswith("data:") for link in page.links)
    assert not re.search(rb"https?:|url\(|@import|<script", content)


def test_its_numbers_are_those_of_the_run(runs):
    folder = RunFolder.open(runs / "net")
    page = Page(report(folder))
    result = folder.result()
    assert f"Accuracy on the test set {result['test']['accuracy']:.4f}" in page.text
    shown = page.text.partition("true \\ predicted")[2]
    for row in result["test"]["confusion"]:
        assert str(max(row)) in shown
    epochs = [event for event in folder.events() if isinstance(event, EpochDone)]
    points = re.findall(rb'points="([^"]*)"', report(folder))
    assert [len(line.split()) for line in points[:4]] == [len(epochs)] * 4
    assert "12 of 12" in page.cells
    assert ("16", "changed") in list(zip(page.cells, page.cells[1:], strict=False))


def test_titles_are_shown_literally(runs):
    content = report(RunFolder.open(runs / "net"))
    assert "<script>alert(1)</script> [red]x[/] ␛[31m &" in Page(content).text
    assert b"\x1b" not in content


def test_patterns_are_real_pictures(runs):
    from io import BytesIO

    from PIL import Image

    page = Page(report(RunFolder.open(runs / "fur")))
    pictures = [link for link in page.links if link.startswith("data:image/png")]
    assert len(pictures) == 2 + 8  # both fields, and a strip of frames
    with Image.open(BytesIO(base64.b64decode(pictures[0].partition(",")[2]))) as picture:
        assert picture.width / picture.height == 24 / 16
        assert len(picture.convert("L").getcolors()) > 10


def test_a_run_that_has_not_begun_says_what_is_missing(tmp_path):
    RunFolder.create(tmp_path / "r", preset="p", title="t", params=NetworkParams()).close()
    page = Page(report(RunFolder.open(tmp_path / "r")))
    assert page.headings == NETWORK
    assert "no epoch is done yet" in page.text
    assert "no weights are saved yet" in page.text
    assert "its process was killed" in page.text


def test_missing_pieces_leave_their_section_with_the_reason(runs, tmp_path):
    shutil.copytree(runs / "fur", tmp_path / "fur")
    for frame in (tmp_path / "fur" / "frames").iterdir():
        frame.write_bytes(b"garbage")
    assert "the frame cannot be read" in Page(report(RunFolder.open(tmp_path / "fur"))).text
    shutil.rmtree(tmp_path / "fur" / "frames")
    assert "no frames over time are kept" in Page(report(RunFolder.open(tmp_path / "fur"))).text
    (tmp_path / "fur" / "state.npz").write_bytes(b"garbage")
    assert "is damaged" in Page(report(RunFolder.open(tmp_path / "fur"))).text
    (tmp_path / "fur" / "events.jsonl").write_bytes(b"garbage\nmore\n")
    with pytest.raises(RunError, match="is damaged"):
        report(RunFolder.open(tmp_path / "fur"))


def test_the_command_writes_it_and_refuses_what_has_no_meaning(runs, tmp_path, run):
    code, out, _ = run("export", str(runs / "net"), "--to", str(tmp_path / "r.html"))
    assert (code, out.strip()) == (0, str(tmp_path / "r.html"))
    code, _, err = run("export", str(runs / "fur"), "--to", str(tmp_path / "r.html"), "--step", "3")
    assert code == 2
    assert "--step: 3 is not allowed: a report has it all" in err


def lines(svg):
    """Return the points of each curve that is drawn."""
    return re.findall(r'points="([^"]*)"', svg)


class TestCurves:
    def test_long_curves_are_thinned_but_keep_their_peaks(self):
        y = np.sin(np.arange(100_000.0) / 5000)
        y[31_234], y[77_777] = 9.0, -9.0
        (line,) = lines(chart([Curve.of("v", np.arange(100_000.0), y)], title="t", x_label="x"))
        heights = [float(point.split(",")[1]) for point in line.split(" ")]
        assert len(heights) <= 1002
        assert (min(heights), max(heights)) == (34, 276), "the whole height of the frame"

    def test_points_lie_where_their_values_are_and_gaps_stay_gaps(self):
        curve = Curve.of("v", [0, 1, 2, 3, 4], [0.0, 1.0, np.inf, 1.0, 0.0])
        text = chart([curve], title="t", x_label="x", marks=[(2.0, "edit")])
        first, second = lines(text)
        (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in first.split())
        assert x0 < x1
        assert y0 > y1
        assert len(second.split()) == 2
        assert ">edit<" in text

    def test_an_edit_is_marked_with_what_it_changed(self):
        edits = [
            Edited(7, FurParams(), {"dt": (1.0, 0.5), "model.equations.a": ("0", "-a")}),
            Edited(9, FurParams(), {}),
        ]
        assert edit_marks(edits) == [(7.0, "dt 1 to 0.5, the equation of a"), (9.0, "edit")]

    def test_what_stands_beside_marks_lies_on_no_curve_and_on_no_other(self):
        marks = [(98.0, "lr 0.01→0.5"), (100.0, "best, 100"), (99.0, "l2 0→0.1"), (1.0, "x" * 90)]
        drawn = Figure([Curve.of("v", np.arange(101.0), np.ones(101).cumsum())], "t", "x", marks).laid_out()
        ((_, _, _, (points,)),) = drawn["curves"]
        top = min(float(point.split(",")[1]) for point in points.split())
        assert max(y for *_, y, _ in drawn["marks"]) < top
        assert len({y for *_, y, anchor in drawn["marks"] if anchor == "end"}) == 3
        (_, what, words, x, _, anchor) = drawn["marks"][0]
        assert (what, words, anchor) == ("x" * 90, "x" * 59 + "…", "start"), "it would leave the picture on the left"
        assert x > 70

    def test_a_log_scale_leaves_out_what_has_no_logarithm(self):
        (points,) = lines(chart([Curve.of("v", [0, 1, 2], [0.0, 0.1, 10.0])], title="t", x_label="x", log=True))
        assert len(points.split()) == 2

    def test_names_of_a_curve_are_shown_literally(self):
        svg = chart([Curve.of(HOSTILE, [0, 1], [0, 1])], title=HOSTILE, x_label=HOSTILE, marks=[(0.5, HOSTILE)])
        assert "<script" not in svg
        assert "\x1b" not in svg
        assert Page(svg.encode()).text.count(HOSTILE.replace("\x1b", "␛")) == 6


def test_a_caption_cannot_leave_its_attribute():
    caption = '"><script>alert(1)</script>\x1b'
    page = render("fields.html.j2", missing="", pattern=[("plain", ""), (caption, "data:,")], growth=[], curves=[],
                  main="a", equations=[], diagnosis=[], stats=[], analysis=[])  # fmt: skip
    assert "<script" not in page
    assert "\x1b" not in page
    assert 'alt="&#34;&gt;&lt;script&gt;' in page


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
@pytest.mark.parametrize(("name", "sections"), [("net", NETWORK), ("fur", FIELD)])
def test_a_browser_shows_it_without_a_request_or_an_error(runs, tmp_path, name, sections):
    file = tmp_path / "report.html"
    file.write_bytes(report(RunFolder.open(runs / name)))
    quiet = "--no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-quic"
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            *quiet.split(),
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--log-net-log={tmp_path / 'net.json'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    assert Page(done.stdout.encode()).headings == sections
    # the browser has errands of its own; none of them is the page's
    log = (tmp_path / "net.json").read_text()
    asked = [url for url in re.findall(r'"initiator":"([^"]*)"', log) if url not in {"not an origin", ""}]
    assert not [origin for origin in asked if "file" in origin or "null" in origin]


def test_a_curve_of_one_point_is_a_dot_and_absurd_numbers_are_gaps():
    svg = chart([Curve.of("one", [3], [2.0])], title="t", x_label="epoch")
    (line,) = lines(svg)
    first, second = line.split(" ")
    assert first == second
    svg = chart([Curve.of("far", [0, 1, 2, 3, 4], [1.0, 1e308, -1e308, 2.0, 3.0])], title="t", x_label="step")
    assert [len(line.split(" ")) for line in lines(svg)] == [2, 2]


def test_pictures_of_large_grids_are_averaged():
    field = np.zeros((1000, 3000))
    field[:, 1500:] = 1.0
    figure = picture(field, "viridis", 360, "half and half")
    content = base64.b64decode(figure.source.partition(",")[2])
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (720, 240)
        pixels = np.asarray(image)
    assert set(np.unique(pixels[:, :360])) == {pixels[0, 0]} != set(np.unique(pixels[:, 360:])) == {pixels[0, -1]}


@pytest.mark.parametrize("value", [2.0**53, -(2.0**53), 1e16, 1e299, 0.0])
@pytest.mark.parametrize("log", [False, True])
def test_a_curve_that_stays_at_one_value_however_large_is_a_line(value, log):
    svg = chart([Curve.of("flat", [0, 1], [value, value])], title="t", x_label="step", log=log)
    assert "nan" not in svg
    assert [len(line.split(" ")) for line in lines(svg)] == ([2] if value > 0 or not log else [])


@pytest.fixture
def learnt(tmp_path, run):
    """The folder of a run that learnt from a file beside it, and the rows of the file."""
    rows = [f"{i * 7 % 40},{i % 5}.5,{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "data.csv").write_text("\n".join(["p,q,kind", *rows]))
    flags = ("--headless", "--quiet", "--epochs", "3", "--hidden", "4")
    assert run("train", "--dataset", str(tmp_path / "data.csv"), *flags, "--run-dir", str(tmp_path / "r"))[0] == 0
    return tmp_path / "r", rows


def other_labels(rows):
    return "\n".join(["p,q,kind", *(f"{row[:-1]}{'ab'[i % 3 == 0]}" for i, row in enumerate(rows))])


def test_the_test_figures_are_those_that_were_recorded_and_changed_data_is_named(learnt):
    path, rows = learnt
    folder = RunFolder.open(path)
    before = Page(report(folder))
    assert "fitted for this report" in before.text
    result = folder.result()
    result["test"]["confusion"] = [[3, 0], [1, 2]]  # none of the data as it is
    result["test"] |= {"accuracy": 5 / 6, "loss": 0.625}
    folder.write_result(result)
    (path.parent / "data.csv").write_text(other_labels(rows))
    page = Page(report(folder))
    assert page.headings == NETWORK
    assert "Accuracy on the test set 0.8333, loss 0.6250." in page.text
    assert ["1.0000", "0.6667", "0.8000", "3"] in [page.cells[i : i + 4] for i in range(len(page.cells))]
    assert "is not what the run was begun with: its SHA-256 begins with" in page.text
    assert "fitted for this report" not in page.text
    (path.parent / "data.csv").unlink()
    page = Page(report(folder))
    assert "Accuracy on the test set 0.8333" in page.text
    assert "there is no such file" in page.text


def test_a_run_of_an_earlier_version_knows_its_data_by_its_figures(learnt):
    path, rows = learnt
    folder = RunFolder.open(path)
    saved = folder.saved()
    state = dataclasses.replace(saved.state, data_path=None, data_sha256=None)
    dataclasses.replace(saved, state=state).save(path / STATE)
    assert "fitted for this report" in Page(report(folder)).text
    (path.parent / "data.csv").write_text(other_labels(rows))
    text = Page(report(folder)).text
    assert "gives other test figures" in text.replace("its best weights give", "gives")
    assert "fitted for this report" not in text


def test_a_run_that_has_not_ended_is_measured_on_its_own_data_only(learnt):
    path, rows = learnt
    (path / "result.json").unlink()
    folder = RunFolder.open(path)
    assert "Accuracy on the test set" in Page(report(folder)).text
    (path.parent / "data.csv").write_text(other_labels(rows))
    text = Page(report(folder)).text
    assert "Accuracy on the test set" not in text
    assert "is not what the run was begun with" in text
