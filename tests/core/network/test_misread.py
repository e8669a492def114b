"""Data that could be misread without a word: refused by name, or said aloud with the flag that decides it."""

import gzip
import os

import numpy as np
import pytest

from nnfd.core.errors import DataError, StoppedError
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams

RNG = np.random.default_rng(3)
NOISE = RNG.normal(size=(90, 2)).round(3)


def open_set(path, **options):
    return load(NetworkParams.check({"dataset": str(path), **options}, text=True))


def refused(path, **options) -> str:
    with pytest.raises(DataError) as caught:
        open_set(path, **options)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def table(tmp_path, labels, header="a,b,kind", name="mine.csv", columns=(), separator=","):
    """Write noise with these labels, over and over, and more columns in front."""
    lines = [header] if header else []
    for i, row in enumerate(NOISE):
        more = [column(i) for column in columns]
        lines.append(separator.join([*more, *(str(v) for v in row), labels[i % len(labels)]]))
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class TestNumbers:
    @pytest.mark.parametrize("cell", ["1_0", "１２", "٣", "0x1p3", "infinity", "1,5", "1 000"])
    def test_only_plain_decimal_numbers_are_numbers(self, tmp_path, cell):
        path = tmp_path / "mine.csv"
        path.write_text(f'a,b,kind\n1,2,x\n3,"{cell}",y\n', encoding="utf-8")
        assert f"line 3, column 'b': '{cell}' is not allowed" in refused(path)

    @pytest.mark.parametrize(("text", "value"), [("1e3", 1000), ("-.5", -0.5), ("+7.", 7), (" 2.5E-1\t", 0.25)])
    def test_all_ways_to_write_one_are_read(self, tmp_path, text, value):
        path = table(tmp_path, ("x", "y"), "c,a,b,kind", columns=[lambda i: text if i else "0"])
        data = open_set(path)
        assert {0.0, float(value)} >= set(data.raw(data.X_train)[:, 0].round(9))

    @pytest.mark.parametrize(("name", "text"), [("lr", "1_0"), ("epochs", "１２"), ("hidden", "1_2,8")])
    def test_so_are_those_of_a_flag(self, name, text):
        from nnfd.core.errors import ParamsError

        with pytest.raises(ParamsError, match=f"^{name}: '{text}' is not allowed: write numbers in plain digits"):
            NetworkParams.check({name: text}, text=True)


class TestLabels:
    @pytest.mark.parametrize(
        ("one", "two"), [("01", "1"), ("0", "-0"), ("1", "1.0"), ("1", "１"), ("3", "٣"), ("10", "1e1")]
    )
    def test_two_ways_to_write_one_class_are_refused(self, tmp_path, one, two):
        message = refused(table(tmp_path, (one, two, "2")))
        assert f"label column 'kind': '{one}' and '{two}' are one class written in two ways" in message

    def test_other_labels_are_not_merged(self, tmp_path):
        assert open_set(table(tmp_path, ("1_10", "11_0", "7"))).class_names == ("11_0", "1_10", "7")

    def test_decimal_labels_are_ordered_as_numbers(self, tmp_path):
        assert open_set(table(tmp_path, ("10.0", "9.0", "-1.0"))).class_names == ("-1.0", "9.0", "10.0")
        assert open_set(table(tmp_path, ("010", "09", "011"))).class_names == ("09", "010", "011")

    def test_texts_of_numbers_in_an_npz_too(self, tmp_path):
        np.savez(tmp_path / "mine.npz", X=NOISE, y=np.array(["10", "9"])[np.arange(90) % 2])
        assert open_set(tmp_path / "mine.npz").class_names == ("9", "10")

    @pytest.mark.parametrize("word", ["NaN", "nan", "N/A", "null"])
    def test_a_missing_value_is_no_class(self, tmp_path, word):
        message = refused(table(tmp_path, ("0", "1", word)))
        assert f"line 4: the label in column 'kind' is '{word}', a missing value" in message

    def test_na_is_one_among_numbers_and_is_said_to_be_a_class_among_words(self, tmp_path):
        assert "'NA' stands for a missing value" in refused(table(tmp_path, ("0", "1", "NA")))
        data = open_set(table(tmp_path, ("DE", "FR", "NA")))
        assert data.class_names == ("DE", "FR", "NA")
        assert any("'NA' is taken as a class" in note for note in data.notes)

    @pytest.mark.parametrize(("one", "two"), [("ab", "a\u200bb"), ("a b", "a  b")])
    def test_two_labels_that_look_alike_are_said(self, tmp_path, one, two):
        data = open_set(table(tmp_path, (one, two, "c")))
        assert len(data.class_names) == 3
        (note,) = data.notes
        assert note.endswith(" are two classes")

    def test_what_is_spelling_is_not_said(self, tmp_path):
        assert open_set(table(tmp_path, ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e", "c"))).notes == ()

    def test_labels_that_differ_by_case_or_spaces_are_said(self, tmp_path):
        data = open_set(table(tmp_path, ("yes", "Yes", "no")))
        assert data.class_names == ("Yes", "no", "yes")
        assert data.notes == ("label column 'kind': 'Yes' and 'yes' are two classes",)
        data = open_set(table(tmp_path, ("yes", " yes", "no")))
        assert data.class_names == ("no", "yes")
        assert data.notes == ("label column 'kind': ' yes' and 'yes' are one class",)
        assert open_set(table(tmp_path, (" yes", " no"))).notes == ()

    def test_in_an_npz_too(self, tmp_path):
        def labels(*texts):
            np.savez(tmp_path / "mine.npz", X=NOISE, y=np.array(texts)[np.arange(90) % len(texts)])
            return tmp_path / "mine.npz"

        assert open_set(labels("a", "a ", "b")).notes == ("label array 'y': 'a' and 'a ' are two classes",)
        assert open_set(labels("", "a", "b")).notes == (
            "label array 'y': '' is a class of its own; or is it a missing label?",
        )
        assert open_set(labels("a", "A")).notes == ("label array 'y': 'A' and 'a' are two classes",)

    def test_too_many_classes_for_their_matrix(self, tmp_path):
        from nnfd.core.network.checks import MOST_CLASSES
        from nnfd.core.network.data import FEWEST_A_CLASS

        path = tmp_path / "mine.csv"
        rows = (f"{i % 97},{i // FEWEST_A_CLASS}\n" for i in range(FEWEST_A_CLASS * (MOST_CLASSES + 1)))
        path.write_text("a,kind\n" + "".join(rows))
        params = NetworkParams(dataset=str(path))
        with pytest.raises(DataError, match="has 4,097 classes; at most 4,096 are allowed; another label"):
            next(train(params, load(params)))

    def test_the_label_column_is_named(self, tmp_path):
        path = table(tmp_path, tuple(str(i) for i in range(60)), "a,b,size", columns=())
        assert "label column 'size': class '" in refused(path)
        path = table(tmp_path, tuple(str(i) for i in range(60)), "Target,b,size")
        assert refused(path).endswith("another label is chosen by --label Target")

    def test_a_guess_beside_a_likelier_label_is_said(self, tmp_path):
        data = open_set(table(tmp_path, ("0", "1"), "Target,b,size"))
        assert data.feature_names == ("Target", "b")
        assert any("'size', is taken as the label, and 'Target' as a feature; --label" in note for note in data.notes)


class TestHeader:
    @pytest.mark.parametrize("labels", [("cat", "dog"), ("0", "1")])
    def test_a_first_line_of_numbers_is_asked_about(self, tmp_path, labels):
        path = table(tmp_path, labels, header=None)
        message = refused(path)
        assert f"line 1: '{NOISE[0, 0]}' in column 1 is a number" in message
        assert "--no-header" in message
        data = open_set(path, header=False)
        assert sum(len(y) for y in (data.y_train, data.y_val, data.y_test)) == 90
        assert data.feature_names == ("column1", "column2")
        assert data.class_names == labels
        data = open_set(path, header="yes")
        assert sum(len(y) for y in (data.y_train, data.y_val, data.y_test)) == 89

    def test_columns_without_names_can_be_chosen(self, tmp_path):
        path = table(tmp_path, ("0.5", "0.7"), None, columns=[lambda i: "xyz"[i % 3]])
        assert open_set(path, header=False, label="column1", drop="column3").feature_names == ("column2", "column4")

    def test_two_columns_of_one_name(self, tmp_path):
        path = table(tmp_path, ("0", "1"), "a,a,kind")
        assert "columns 1 and 2 are both called 'a': leave one out (--drop column1" in refused(path)
        assert open_set(path, drop="column2").feature_names == ("a",)
        assert "no feature is left" in refused(path, drop="a")

    def test_an_unknown_column_to_drop(self, tmp_path):
        path = table(tmp_path, ("0", "1"), "alpha,b,kind")
        assert "drop: there is no column 'alfa'; did you mean 'alpha'?" in refused(path, drop="alfa")


class TestLeaks:
    def test_a_second_label_column(self, tmp_path):
        path = table(tmp_path, ("0", "1", "2"), "y,a,b,label", columns=[lambda i: str(7 - i % 3)])
        message = refused(path)
        assert "column 'y' gives the answer away: each of its 3 values stands for one class of the label" in message
        assert "--drop y" in message
        assert open_set(path, drop="y").notes == ()
        kept = open_set(path, drop="none")
        assert kept.feature_names == ("y", "a", "b")
        assert any("gives the answer away" in note for note in kept.notes)

    def test_of_words(self, tmp_path):
        path = table(tmp_path, ("0", "1", "2"), "animal,a,b,label", columns=[lambda i: ("cat", "dog", "ox")[i % 3]])
        assert "column 'animal' gives the answer away" in refused(path, categorical="animal")

    def test_in_an_npz(self, tmp_path):
        y = np.arange(90) % 3
        np.savez(tmp_path / "mine.npz", X=np.column_stack([NOISE, y * 2.5]), y=y)
        assert "column 'x2' gives the answer away" in refused(tmp_path / "mine.npz")
        assert open_set(tmp_path / "mine.npz", drop="x2").feature_names == ("x0", "x1")

    @pytest.mark.parametrize("value", [lambda i: "1" if i % 3 else "0", lambda i: str(i % 9)])
    def test_what_tells_less_or_more_is_none(self, tmp_path, value):
        assert open_set(table(tmp_path, ("0", "1", "2"), "c,a,b,label", columns=[value])).notes == ()

    @pytest.mark.parametrize("name", ["", "index", "Unnamed: 0"])
    @pytest.mark.parametrize("value", [str, lambda i: str((i * 7) % 90 + 5)], ids=["in order", "shuffled"])
    def test_an_index(self, tmp_path, name, value):
        path = table(tmp_path, ("0", "1"), f"{name},a,b,kind", columns=[value])
        message = refused(path)
        called = name or "column1"
        assert f"column '{called}'" in message
        assert "counts the samples, as an index does" in message
        assert open_set(path, drop=called).feature_names == ("a", "b")
        assert any("counts the samples" in note for note in open_set(path, drop="none").notes)

    def test_a_named_column_that_counts_is_said(self, tmp_path):
        data = open_set(table(tmp_path, ("0", "1"), "hour,a,b,kind", columns=[str]))
        assert any("'hour' counts the samples, as an index does; --drop hour" in note for note in data.notes)


class TestWords:
    COLOURS = ("red", "blue", "red", "green")

    def path(self, tmp_path):
        return table(tmp_path, ("0", "1", "2"), "a,colour,b,c,kind"[2:], columns=[lambda i: self.COLOURS[i % 4]])

    def test_are_refused_with_what_reads_them(self, tmp_path):
        message = refused(self.path(tmp_path))
        assert "line 2, column 'colour': 'red' is not allowed" in message
        assert "--categorical colour" in message
        assert "--drop colour" in message

    def test_become_a_feature_a_word(self, tmp_path):
        data = open_set(self.path(tmp_path), categorical="colour")
        assert data.feature_names == ("colour=blue", "colour=green", "colour=red", "b", "c")
        words = data.raw(data.X_train)[:, :3].round(12)
        assert set(map(tuple, words)) == {(1, 0, 0), (0, 1, 0), (0, 0, 1)}
        assert words[:, 2].mean() == pytest.approx(0.5, abs=0.15)

    def test_too_many_or_missing_ones(self, tmp_path):
        lines = "".join(f"w{i},{i}.5,{i % 2}\n" for i in range(300))
        path = tmp_path / "mine.csv"
        path.write_text("word,b,kind\n" + lines)
        assert "has more than 256 different words; leave it out (--drop word)" in refused(path, categorical="word")
        path.write_text("word,b,kind\nx,1,0\n,2,1\n")
        assert "line 3: the value in column 'word' is missing" in refused(path, categorical="word")

    def test_of_the_label_or_of_no_column(self, tmp_path):
        assert "categorical: 'kind' is the label" in refused(self.path(tmp_path), categorical="kind")
        assert "there is no column 'color'; did you mean 'colour'?" in refused(self.path(tmp_path), categorical="color")


class TestOtherWaysToWriteIt:
    def same(self, tmp_path, content: bytes, name="other.csv"):
        plain = open_set(table(tmp_path, ("cat", "dog")))
        (tmp_path / name).write_bytes(content)
        other = open_set(tmp_path / name)
        np.testing.assert_array_equal(other.X_train, plain.X_train)
        np.testing.assert_array_equal(other.y_test, plain.y_test)
        assert (other.feature_names, other.class_names) == (plain.feature_names, plain.class_names)
        return other

    def text(self, tmp_path) -> str:
        return table(tmp_path, ("cat", "dog")).read_text()

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
    def test_encodings(self, tmp_path, encoding):
        self.same(tmp_path, self.text(tmp_path).encode(encoding))

    @pytest.mark.parametrize("name", ["other.csv", "other.csv.gz"])
    def test_gzipped(self, tmp_path, name):
        assert self.same(tmp_path, gzip.compress(self.text(tmp_path).encode()), name).name == "other"

    @pytest.mark.parametrize("mark", [";", "\t"])
    def test_other_separators_and_decimal_commas(self, tmp_path, mark):
        text = self.text(tmp_path).replace(",", mark)
        assert self.same(tmp_path, text.encode()).notes == ()
        data = self.same(tmp_path, text.replace(".", ",").encode())
        assert data.notes == ("decimal commas are read: 1,5 is one and a half",)
        self.same(tmp_path, b"sep=" + mark.encode() + b"\r\n" + text.encode())

    def test_decimal_commas_without_a_header(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text(self.text(tmp_path).replace(",", ";").replace(".", ",").partition("\n")[2])
        assert open_set(path, header=False).X_train.shape[1] == 2

    def test_two_decimal_marks_are_named(self, tmp_path):
        lines = self.text(tmp_path).replace(",", ";").splitlines()
        lines[40] = "1,234;5.5;cat"
        (tmp_path / "other.csv").write_text("\n".join(lines))
        message = refused(tmp_path / "other.csv")
        assert "line 41, column 'a': '1,234' is not allowed: decimal commas and decimal points are mixed" in message

    def test_a_byte_of_another_encoding_is_placed(self, tmp_path):
        (tmp_path / "other.csv").write_bytes("a,b,kind\n1,2,x\n3,4,größe\n".encode("latin-1"))
        assert "line 3, character 7: byte 0xf6" in refused(tmp_path / "other.csv")
        assert "UTF-8" in refused(tmp_path / "other.csv")

    def test_utf16_without_its_mark_is_named(self, tmp_path):
        (tmp_path / "other.csv").write_bytes(self.text(tmp_path).encode("utf-16-le"))
        assert "UTF-16 without its mark; save it as UTF-8" in refused(tmp_path / "other.csv")

    @pytest.mark.parametrize("row", ['"1.0"x,2,y', '"1.0,2,y'])
    def test_a_faulty_quote_is_placed(self, tmp_path, row):
        (tmp_path / "other.csv").write_text(f"a,b,kind\n1,2,x\n{row}\n3,4,x\n")
        assert "line 3 cannot be read" in refused(tmp_path / "other.csv")

    def test_nothing_but_empty_lines_is_given_up(self, tmp_path, monkeypatch):
        monkeypatch.setattr("nnfd.core.network.csv_text.MOST_BLANK", 50)
        (tmp_path / "other.csv.gz").write_bytes(gzip.compress(b"a,b,kind\n" + b"\n" * 10**6))
        assert "line 52: it is empty, and so are 50 lines before it" in refused(tmp_path / "other.csv.gz")
        self.same(tmp_path, self.text(tmp_path).replace("\n", "\n" * 50).encode())

    def test_the_first_row_is_counted_before_a_million_names_are_looked_at(self, tmp_path, monkeypatch):
        monkeypatch.setattr("nnfd.core.network.csv_file._Reader", pytest.fail)
        (tmp_path / "other.csv").write_text("," * 999 + "\n1,2\n")
        assert "line 2: 2 values, but the header has 1000 columns" in refused(tmp_path / "other.csv")

    def test_a_value_of_any_length_is_refused_in_a_short_line(self, tmp_path):
        (tmp_path / "other.csv").write_text(f"a,b,kind\n{'1' * 100_000},2,x\n")
        assert len(message := refused(tmp_path / "other.csv")) < 1100
        assert message.endswith("every value is to be a finite number, in plain digits such as -1.5e3")

    def test_a_file_that_changes_while_it_is_read(self, tmp_path, monkeypatch):
        from nnfd.core.network import reading

        path, original = table(tmp_path, ("cat", "dog")), reading.read_csv

        def touched(file, params):
            os.utime(path, (0, 0))
            return original(file, params)

        monkeypatch.setattr(reading, "read_csv", touched)
        assert open_set(path).class_names == ("cat", "dog")  # the bytes are the same

        def changed_before(file, params):
            path.write_text(self.text(tmp_path).replace("-", "") + "1,2,cat\n")
            return original(file, params)

        monkeypatch.setattr(reading, "read_csv", changed_before)
        assert "mine.csv' cannot be read: it changed meanwhile" in refused(path)

    def test_a_cut_gzip(self, tmp_path):
        (tmp_path / "other.csv.gz").write_bytes(gzip.compress(self.text(tmp_path).encode())[:-200])
        assert "cannot be read" in refused(tmp_path / "other.csv.gz")


class TestFar:
    def place(self, part: str) -> int:
        """Return the number of a sample that is in this set."""
        from sklearn.model_selection import train_test_split

        y = np.arange(90) % 2
        rest, test = train_test_split(np.arange(90), test_size=0.15, random_state=42, stratify=y)
        train, val = train_test_split(rest, test_size=0.15 / 0.85, random_state=42, stratify=y[rest])
        return int({"train": train, "validation": val, "test": test}[part][0])

    def path(self, tmp_path, part, value):
        X = NOISE.copy()
        X[self.place(part), 1] = value
        np.savez(tmp_path / "mine.npz", X=X, y=np.arange(90) % 2)
        return tmp_path / "mine.npz"

    @pytest.mark.parametrize("part", ["validation", "test"])
    def test_what_float32_cannot_hold_is_refused(self, tmp_path, part):
        path = self.path(tmp_path, part, 1e40)
        with pytest.raises(DataError) as caught:
            open_set(path, dtype="float32")
        assert f"{part} set, sample {self.place(part) + 1}: 'x1' is 1e+40" in str(caught.value)
        assert "too large for float32" in str(caught.value)
        assert any(f"{part} set" in note for note in open_set(path).notes)

    def test_in_the_train_set_it_is_scaled_away(self, tmp_path):
        data = open_set(self.path(tmp_path, "train", 1e40), dtype="float32")
        assert np.isfinite(data.X_train).all()
        assert np.abs(data.X_train).max() < 10

    def test_what_varies_only_outside_the_train_set_is_said(self, tmp_path):
        X = NOISE.copy()
        X[:, 1] = 0
        X[self.place("test"), 1] = 1e6
        np.savez(tmp_path / "mine.npz", X=X, y=np.arange(90) % 2)
        (note,) = open_set(tmp_path / "mine.npz").notes
        assert "test set" in note
        assert "'x1' is 1e+06" in note


class TestReading:
    def test_is_given_up_when_asked(self, tmp_path):
        asked = []
        path = table(tmp_path, ("0", "1"))
        params = NetworkParams(dataset=str(path))

        def stop_at(n):
            def stopping():
                asked.append(n)
                return len(asked) >= n

            return stopping

        for n in (1, 2):
            asked.clear()
            with pytest.raises(StoppedError):
                load(params, stop_at(n))

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
    @pytest.mark.parametrize("name", ["pipe.csv", "pipe.npz"])
    def test_a_pipe_is_not_waited_for(self, tmp_path, name):
        os.mkfifo(tmp_path / name)
        assert "it is no regular file" in refused(tmp_path / name)

    def test_blocks_leave_no_seam(self, tmp_path):
        X = np.random.default_rng(0).normal(size=(1000, 300)).round(6)
        lines = [",".join([f"f{i}" for i in range(300)] + ["y"])]
        lines += [",".join([*map(str, row.tolist()), str(i % 2)]) for i, row in enumerate(X)]
        (tmp_path / "mine.csv").write_text("\n".join(lines))
        np.savez(tmp_path / "mine.npz", X=X, y=np.arange(1000) % 2)
        one, two = open_set(tmp_path / "mine.csv"), open_set(tmp_path / "mine.npz")
        np.testing.assert_array_equal(one.X_train, two.X_train)
        np.testing.assert_array_equal(one.y_train, two.y_train)

    def test_the_bytes_and_the_place_are_known(self, tmp_path, monkeypatch):
        import hashlib

        path = table(tmp_path, ("0", "1"))
        monkeypatch.chdir(tmp_path)
        data = load(NetworkParams(dataset="mine.csv"))
        assert (data.path, data.sha256) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
        assert (load(NetworkParams()).path, load(NetworkParams()).sha256) == (None, None)
