"""The data sets: the course's split, a user's own files, and one clear line for every file that is unfit."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from nnfd.core.errors import DataError
from nnfd.core.network.data import BUILT_IN, FEWEST_A_CLASS, load
from nnfd.core.network.reading import read_table
from nnfd.core.params import NetworkParams


def open_set(path, **options):
    return load(NetworkParams(dataset=str(path), **options))


def refused(path, **options) -> str:
    with pytest.raises(DataError) as caught:
        open_set(path, **options)
    text = str(caught.value)
    assert caught.value.exit_code == 2
    assert text.isprintable()
    assert text.strip()
    return text


def csv_file(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def labels_of(table) -> list[str]:
    return [table.classes[code] for code in table.y]


def rows(n, labels=("cat", "dog")):
    return "".join(f"{i},{i * 0.5 - 3},{labels[i % len(labels)]}\n" for i in range(n))


def npz_file(tmp_path, **arrays):
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    return path


def npz_bytes(how=zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, array in (("X", X30), ("y", Y30)):
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    return file.getvalue()


X30 = np.random.default_rng(0).normal(5, 2, (30, 4))
Y30 = np.arange(30) % 3


class TestCourseProtocol:
    def test_split_of_the_digits(self):
        data = load(NetworkParams())
        assert [X.shape for X in (data.X_train, data.X_val, data.X_test)] == [(1257, 64), (270, 64), (270, 64)]
        assert np.bincount(data.y_test).tolist() == [27, 27, 27, 28, 27, 27, 27, 27, 26, 27]
        assert (data.image_shape, data.pixel_max) == ((8, 8), 16)
        assert data.class_names == tuple("0123456789")

    def test_equals_the_protocol_written_out(self):
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler

        X, y = load_digits(return_X_y=True)
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.15, random_state=42, stratify=y)
        X, X_val, y, y_val = train_test_split(X, y, test_size=0.15 / 0.85, random_state=42, stratify=y)
        scaler = StandardScaler().fit(X)
        data = load(NetworkParams())
        for mine, raw in ((data.X_train, X), (data.X_val, X_val), (data.X_test, X_test)):
            np.testing.assert_array_equal(mine, scaler.transform(raw))
        for mine, labels in ((data.y_train, y), (data.y_val, y_val), (data.y_test, y_test)):
            np.testing.assert_array_equal(mine, labels)

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_the_scaler_sees_the_train_set_only(self, name):
        data = load(NetworkParams(dataset=name))
        np.testing.assert_allclose(data.X_train.mean(axis=0), 0, atol=1e-12)
        varies = data.X_train.std(axis=0) > 0
        np.testing.assert_allclose(data.X_train[:, varies].std(axis=0), 1)
        assert np.abs(data.X_val.mean(axis=0)).max() > 1e-3
        assert np.abs(data.X_test.mean(axis=0)).max() > 1e-3

    def test_the_seed_of_a_run_does_not_move_the_split(self):
        one, two = load(NetworkParams(seed=1)), load(NetworkParams(seed=2, shuffle_seed=5))
        np.testing.assert_array_equal(one.X_test, two.X_test)


class TestBuiltIn:
    @pytest.mark.parametrize(
        ("name", "samples", "features", "classes"),
        [
            ("digits", 1797, 64, tuple("0123456789")),
            ("iris", 150, 4, ("setosa", "versicolor", "virginica")),
            ("wine", 178, 13, ("class_0", "class_1", "class_2")),
            ("breast_cancer", 569, 30, ("malignant", "benign")),
            ("moons", 500, 2, ("0", "1")),
            ("circles", 500, 2, ("0", "1")),
            ("blobs", 500, 2, ("0", "1", "2")),
            ("xor", 500, 2, ("0", "1")),
            ("spirals", 500, 2, ("0", "1")),
        ],
    )
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_sets(self, name, samples, features, classes, dtype):
        data = load(NetworkParams(dataset=name, dtype=dtype))
        parts = [(data.X_train, data.y_train), (data.X_val, data.y_val), (data.X_test, data.y_test)]
        assert sum(len(X) for X, _ in parts) == samples
        for X, y in parts:
            assert X.shape == (len(y), features)
            assert X.dtype == dtype
            assert y.dtype == np.int64
            assert X.flags.c_contiguous
            assert np.unique(y).tolist() == list(range(len(classes)))
        assert (data.name, data.class_names, len(data.feature_names)) == (name, classes, features)
        assert (data.image_shape is None) == (name != "digits")

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_raw_undoes_standardise(self, dtype):
        data = load(NetworkParams(dataset="wine", dtype=dtype))
        tolerance = 1e-12 if dtype == "float64" else 1e-4
        raw = data.raw(data.X_test)
        np.testing.assert_allclose(data.standardise(raw), data.X_test, rtol=tolerance, atol=tolerance)
        assert data.standardise(raw).dtype == dtype
        assert data.standardise(raw[0]).shape == (13,)

    def test_a_pixel_that_never_varies_is_left_alone(self):
        data = load(NetworkParams())
        assert data.scale[0] == 1
        assert np.isfinite(data.standardise(np.full(64, 16))).all()


class TestCsv:
    def test_text_labels_in_the_last_column(self, tmp_path):
        data = open_set(csv_file(tmp_path, "a,b,animal\n" + rows(40)))
        assert (data.name, data.class_names, data.feature_names) == ("mine", ("cat", "dog"), ("a", "b"))
        assert data.image_shape is None
        everything = np.vstack([data.raw(X) for X in (data.X_train, data.X_val, data.X_test)])
        labels = np.concatenate([data.y_train, data.y_val, data.y_test])
        order = np.argsort(everything[:, 0])
        np.testing.assert_allclose(everything[order], [[i, i * 0.5 - 3] for i in range(40)], atol=1e-12)
        np.testing.assert_array_equal(labels[order], np.arange(40) % 2)

    @pytest.mark.parametrize(
        ("header", "label", "features"),
        [
            ("y,b,c", "auto", ("b", "c")),
            ("a,label,c", "auto", ("a", "c")),
            ("y,label,c", "auto", ("y", "c")),
            ("a,b,c", "auto", ("a", "b")),
            ("y,label,c", "c", ("y", "label")),
            (" a , b ,c", "b", ("a", "c")),
        ],
    )
    def test_which_column_is_the_label(self, tmp_path, header, label, features):
        body = "".join(f"{i % 2},{i % 2},{i % 2}\n" for i in range(40))
        table = read_table(csv_file(tmp_path, f"{header}\n{body}"), NetworkParams(label=label))
        assert table.feature_names == features
        assert labels_of(table) == [str(i % 2) for i in range(40)]

    def test_numbers_are_sorted_as_numbers(self, tmp_path):
        data = open_set(csv_file(tmp_path, "a,b,y\n" + rows(60, ("10", "9", "-1"))))
        assert data.class_names == ("-1", "9", "10")

    def test_bom_quotes_blanks_crlf_and_empty_lines(self, tmp_path):
        text = "\ufeffa,b,y\r\n\r\n" + "".join(f' {i} ,"{i}.5", "k,{i % 2}"\r\n\r\n' for i in range(30))
        table = read_table(csv_file(tmp_path, text.replace(', "k', ',"k')), NetworkParams())
        assert table.feature_names == ("a", "b")
        assert set(labels_of(table)) == {"k,0", "k,1"}
        assert table.X[3].tolist() == [3, 3.5]

    def test_the_suffix_may_be_capital(self, tmp_path):
        assert open_set(csv_file(tmp_path, "a,b,y\n" + rows(40), "MINE.CSV")).name == "MINE"

    def test_control_characters_do_not_reach_the_screen(self, tmp_path):
        data = open_set(csv_file(tmp_path, "a\x1b[2J,b,y\n" + rows(40, ("x\x1b[31m", "z"))))
        assert all(name.isprintable() for name in (*data.class_names, *data.feature_names))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "a header of at least two columns, separated by commas, and at least one row are needed"),
            ("a,b,y\n", "at least one row"),
            ("y\n1\n2\n", "at least two columns"),
            ("a,b,y\n1,2\n", "line 2: 2 values, but the header has 3 columns"),
            ("a,b,y\n1,2,c\n1,2,c,4\n", "line 3: 4 values"),
            ("a,b,y\n1,,c\n", "line 2, column 'b': the value is missing"),
            ("a,b,y\n1, ,c\n", "line 2, column 'b': the value is missing"),
            ("a,b,y\n1,2,\n", "line 2: the label in column 'y' is missing"),
            ("a,b,y\n1,two,c\n", "line 2, column 'b': 'two' is not allowed: every value is to be a finite number"),
            ("a,b,y\n\n1,nan,c\n", "line 3, column 'b': 'nan' is not allowed"),
            ("a,b,y\n1,-inf,c\n", "line 2, column 'b': '-inf' is not allowed"),
            ("a,b,y\n1,1e999,c\n", "line 2, column 'b': '1e999' is not allowed"),
            ('a,b,y\n1,"2,c\n', "cannot be read: unexpected end of data"),
            (b"a,b,y\n1,\xff,c\n", "cannot be read: 'utf-8' codec can't decode"),
            ("a,b,y\n1,\x1b[2J,c\n", "line 2, column 'b'"),
            ("a,b,y\n" + rows(40, ("cat",)), "it has one class, 'cat'; at least two are needed"),
            ("a,b,y\n" + rows(12), "class 'cat' has 6 samples; at least 7 a class are needed"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, tmp_path, text, said):
        message = refused(csv_file(tmp_path, text))
        assert said in message
        assert "mine" in message

    def test_an_unknown_label_column(self, tmp_path):
        path = csv_file(tmp_path, "height,weight,animal\n" + rows(40))
        assert "there is no label column 'anima'; did you mean 'animal'?" in refused(path, label="anima")
        assert "there is no label column 'zzz'; there are height, weight, animal" in refused(path, label="zzz")

    def test_values_too_large_to_standardise(self, tmp_path):
        text = "a,b,y\n" + "".join(f"{(-1) ** (i // 2) * 1e300},{i},{i % 2}\n" for i in range(40))
        assert "'a'" in refused(csv_file(tmp_path, text))


def test_a_csv_is_read_in_blocks_and_takes_a_few_times_its_size_in_memory(tmp_path, monkeypatch):
    """Three times, in small blocks; twelve times read as a whole, for the text of its cells."""
    monkeypatch.setattr("nnfd.core.network.csv_file.BLOCK", 4096)
    numbers = np.random.default_rng(0).random((3000, 20))
    lines = [",".join(f"{x:.6f}" for x in row) + f",{i % 3}" for i, row in enumerate(numbers)]
    path = csv_file(tmp_path, "\n".join([",".join(f"f{j}" for j in range(20)) + ",label", *lines]))
    open_set(csv_file(tmp_path, "a,b,label\n" + rows(60), "small.csv"))  # what is imported for it
    tracemalloc.start()
    try:
        open_set(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * path.stat().st_size


class TestNpz:
    @pytest.mark.parametrize("label", ["y", "label"])
    def test_numbers(self, tmp_path, label):
        data = open_set(npz_file(tmp_path, X=X30.astype(np.float32), **{label: Y30}), dtype="float32")
        assert data.X_train.shape[1] == 4
        assert data.class_names == ("0", "1", "2")
        assert data.feature_names == ("x0", "x1", "x2", "x3")

    def test_label_comes_before_y(self, tmp_path):
        path = npz_file(tmp_path, X=X30, y=Y30, label=Y30 % 2, other=Y30)
        assert len(open_set(path).class_names) == 2
        assert len(open_set(path, label="other").class_names) == 3

    @pytest.mark.parametrize("labels", [np.array(["a", "ä", "c"]), np.char.encode(["a", "ä", "c"], "utf-8")])
    def test_texts(self, tmp_path, labels):
        assert open_set(npz_file(tmp_path, X=X30, y=labels[Y30])).class_names == ("a", "c", "ä")

    def test_truth_values(self, tmp_path):
        assert open_set(npz_file(tmp_path, X=X30, y=Y30 > 1)).class_names == ("False", "True")

    def test_pictures_are_flattened(self, tmp_path):
        assert open_set(npz_file(tmp_path, X=X30.reshape(30, 2, 2), y=Y30)).X_train.shape[1] == 4

    def test_compressed_and_integers(self, tmp_path):
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, X=(X30 * 10).astype(np.uint8), y=Y30.astype(np.uint8))
        assert open_set(path).X_train.dtype == np.float64

    @pytest.mark.parametrize(
        ("arrays", "said"),
        [
            ({"y": Y30}, "an array X of shape (samples, features) is needed; found y"),
            ({}, "an array X of shape (samples, features) is needed; found none"),
            ({"X": X30}, "a label array 'y' or 'label' is needed"),
            ({"X": X30[:, 0], "y": Y30}, "X of shape (30,) and type float64 is not allowed"),
            ({"X": X30[:, :0], "y": Y30}, "X of shape (30, 0)"),
            ({"X": X30[:0], "y": Y30[:0]}, "X of shape (0, 4)"),
            ({"X": X30.astype(str), "y": Y30}, "is not allowed: real numbers (samples, features)"),
            ({"X": X30.astype(complex), "y": Y30}, "type complex128 is not allowed"),
            ({"X": X30 > 5, "y": Y30}, "type bool is not allowed"),
            ({"X": X30.astype("m8[s]"), "y": Y30}, "is not allowed: real numbers"),
            ({"X": X30, "y": Y30[:-1]}, "labels of shape (29,) are not allowed: one a sample, so (30,)"),
            ({"X": X30, "y": np.eye(3)[Y30]}, "labels of shape (30, 3) are not allowed"),
            ({"X": X30, "y": Y30 + 0.5}, "labels of type float64 are not allowed: whole numbers or texts"),
            ({"X": np.where(X30[3, 2] == X30, np.nan, X30), "y": Y30}, "X[3, 2] is nan"),
            ({"X": np.where(X30[3, 2] == X30, -np.inf, X30), "y": Y30}, "X[3, 2] is -inf"),
            ({"X": X30, "y": Y30 * 0}, "it has one class, '0'"),
            ({"X": X30, "y": Y30 // 2 + Y30 * 0 + (np.arange(30) < 5) * 7}, "sample; at least 7 a class"),
            ({"X": X30, "y": np.array([None] * 30)}, "cannot be read"),
            ({"X": X30.astype(object), "y": Y30}, "cannot be read"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, tmp_path, arrays, said):
        message = refused(npz_file(tmp_path, **arrays))
        assert said in message
        assert "mine" in message

    def test_an_unknown_label_array(self, tmp_path):
        path = npz_file(tmp_path, X=X30, target=Y30)
        assert "there is no label array 'targt'; did you mean 'target'?" in refused(path, label="targt")
        assert "there is no label array 'X'" in refused(path, label="X")

    def damaged(self) -> bytes:
        file = io.BytesIO()
        np.savez_compressed(file, X=X30, y=Y30)
        raw = bytearray(file.getvalue())
        raw[80:160] = b"\xff" * 80
        return bytes(raw)

    def plain_npy(self) -> bytes:
        file = io.BytesIO()
        np.save(file, X30)
        return file.getvalue()

    def other_members(self) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("X", "no array")
            archive.writestr("y", "none either")
        return file.getvalue()

    def promises_too_much(self) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 64)}
            )
            archive.writestr("X.npy", header.getvalue())
        return file.getvalue()

    def marked(self, local: int, central: int, value: bytes) -> bytes:
        """Write over a field of each member's two headers."""
        raw = bytearray(npz_bytes())
        for sign, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
            at = -1
            while (at := raw.find(sign, at + 1)) >= 0:
                raw[at + offset : at + offset + len(value)] = value
        return bytes(raw)

    def encrypted(self) -> bytes:
        return self.marked(6, 8, b"\x01")

    def unknown_compression(self) -> bytes:
        return self.marked(8, 10, b"\x61\x00")

    def bad_lzma(self) -> bytes:
        raw = bytearray(npz_bytes(zipfile.ZIP_LZMA))
        raw[60:120] = bytes(byte ^ 0x5A for byte in raw[60:120])
        return bytes(raw)

    def says(self, shape: str) -> bytes:
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
            archive.writestr("X.npy", start + header + b"\0" * 64)
            archive.writestr("y.npy", start + header + b"\0" * 64)
        return file.getvalue()

    @pytest.mark.parametrize(
        ("shape", "said"),
        [
            ("(True, 3)", "array 'X' cannot be read: its shape is said to be (True, 3)"),
            ("(-1, 3)", "its shape is said to be (-1, 3)"),
            (f"({10**30}, 3)", "array 'X' cannot be read: it is cut, or of another shape"),
            ("(60, 3)", "is said to be (60, 3), 1.4 kB, and it holds 0.1 kB"),
            ("(4, 1)", "is said to be (4, 1), 0.0 kB, and it holds 0.1 kB"),
            ("(" * 3000 + ")" * 3000, "cannot be read"),
        ],
    )
    def test_shapes_that_lie(self, tmp_path, shape, said):
        (tmp_path / "mine.npz").write_bytes(self.says(shape))
        assert said in refused(tmp_path / "mine.npz")

    def test_a_bit_that_flips_in_a_shape_is_found(self, tmp_path):
        """Of a large array, the checksum is looked at with its last byte only."""
        path = npz_file(tmp_path, X=np.tile(X30, (20, 1)), y=np.tile(Y30, 20))
        raw = path.read_bytes()
        assert raw.count(b"(600, 4)") == 1
        path.write_bytes(raw.replace(b"(600, 4)", b"(600, 2)"))
        assert "it is cut, or of another shape" in refused(path)

    def test_a_large_set_is_in_memory_as_it_is_in_the_file_and_once_more_scaled(self, tmp_path):
        rng = np.random.default_rng(0)
        X, y = rng.random((6000, 512), dtype=np.float32), rng.integers(0, 3, 6000)
        open_set(npz_file(tmp_path, X=X[:99], y=y[:99]))  # what is imported for it
        path = npz_file(tmp_path, X=X, y=y)
        tracemalloc.start()
        try:
            data = open_set(path, dtype="float32")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 2.5 * X.nbytes
        wide = open_set(npz_file(tmp_path, X=X.astype(np.float64), y=y), dtype="float32")
        np.testing.assert_array_equal(data.X_train, wide.X_train)
        np.testing.assert_array_equal(data.mean, wide.mean)

    def test_what_does_not_fit_is_refused_before_it_is_read(self, tmp_path, monkeypatch):
        from nnfd.core.network import npz_file as reader

        path = npz_file(tmp_path, X=X30, y=Y30)
        monkeypatch.setattr(reader, "room", lambda: 1000)
        monkeypatch.setattr(np.lib.format, "read_array", None)
        assert "array 'X' is too large: 1.9 kB of memory are needed, 1.0 kB allowed" in refused(path)

    def test_a_head_with_a_bracket_that_is_not_closed(self, tmp_path):
        path = npz_file(tmp_path, X=np.tile(X30, (90, 1)), y=np.tile(Y30, 90))  # the checksum comes after the head
        path.write_bytes(path.read_bytes().replace(b"'fortran_order': ", b"'fortran_order':("))
        assert "cannot be read" in refused(path)

    @pytest.mark.parametrize(
        ("what", "said"),
        [
            ("encrypted", "encrypted"),
            ("unknown_compression", "compression method is not supported"),
            ("bad_lzma", "cannot be read"),
        ],
    )
    def test_how_it_is_packed(self, tmp_path, what, said):
        (tmp_path / "mine.npz").write_bytes(getattr(self, what)())
        assert said in refused(tmp_path / "mine.npz")

    @pytest.mark.parametrize(
        "what", ["promises_too_much", "empty", "text", "cut", "damaged", "plain_npy", "other_members"]
    )
    def test_what_is_no_sound_npz(self, tmp_path, what):
        whole = npz_file(tmp_path, X=X30, y=Y30).read_bytes()
        content = {"empty": b"", "text": b"a,b,y\n1,2,3\n", "cut": whole[: len(whole) // 2]}
        path = tmp_path / "mine.npz"
        path.write_bytes(content[what] if what in content else getattr(self, what)())
        assert "mine.npz" in refused(path)


class TestNames:
    def test_unknown(self):
        assert refused("digit") == "dataset: 'digit' is not known; did you mean 'digits'?"
        known = "digits, iris, wine, breast_cancer, moons, circles, blobs, xor, spirals"
        assert f"known are {known}, or a .csv or .npz file" in refused("qqqq")
        assert "not known" in refused("my.txt")
        assert "␛" in refused("\x1b[31mqqq")

    @pytest.mark.parametrize(("name", "value"), [("samples", 100), ("noise", 0.0), ("data_seed", 1)])
    def test_what_only_points_in_the_plane_have(self, tmp_path, name, value):
        assert refused("iris", **{name: value}).startswith(f"{name}: '{value:g}' is not allowed: iris brings its own")
        file = csv_file(tmp_path, "a,b,y\n" + rows(30))
        assert "mine.csv' brings its own samples; leave it at" in refused(file, **{name: value})

    def test_a_label_column_of_a_built_in_set(self):
        assert refused("iris", label="species") == (
            "label: 'species' is not allowed: iris brings its own labels; leave it at auto"
        )

    def test_the_home_folder(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        npz_file(tmp_path, X=X30, y=Y30)
        assert open_set("~/mine.npz").name == "mine"
        assert "there is no such file" in refused("~no-such-user/mine.npz")

    @pytest.mark.parametrize("suffix", ["csv", "npz"])
    def test_no_such_file(self, tmp_path, suffix):
        assert "there is no such file" in refused(tmp_path / f"gone.{suffix}")

    @pytest.mark.parametrize("suffix", ["csv", "npz"])
    def test_a_folder(self, tmp_path, suffix):
        folder = tmp_path / f"folder.{suffix}"
        folder.mkdir()
        assert "cannot be read" in refused(folder)

    @pytest.mark.parametrize("name", ["a\0b.csv", "a\0b.npz", "x" * 5000 + ".csv"])
    def test_no_possible_file(self, name):
        assert "dataset" in refused(name)


class TestSmallSets:
    def test_every_class_is_in_every_part(self, tmp_path):
        rng = np.random.default_rng(1)
        for _ in range(60):
            counts = rng.integers(FEWEST_A_CLASS, 30, rng.integers(2, 9))
            y = np.repeat(np.arange(len(counts)), counts)
            data = open_set(npz_file(tmp_path, X=rng.normal(size=(len(y), 2)), y=y))
            for part in (data.y_train, data.y_val, data.y_test):
                assert len(np.unique(part)) == len(counts), counts

    def test_more_classes_than_places(self, tmp_path):
        y = np.repeat(np.arange(40), 7)
        data = open_set(npz_file(tmp_path, X=np.random.default_rng(0).normal(size=(280, 2)), y=y))
        assert len(np.unique(data.y_test)) == 40
