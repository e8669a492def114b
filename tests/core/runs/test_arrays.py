"""A file of arrays is read as it was written, or not at all."""

import io
import zipfile

import numpy as np
import pytest

from nnfd.core.errors import RunError
from nnfd.core.params import DiffusionParams
from nnfd.core.runs.arrays import load_arrays, save_arrays
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from tests.support.recorded import make

ARRAYS = {"a": np.arange(12.0).reshape(3, 4), "b": np.ones((3, 4), np.float32), "text": np.array("x")}
MOST = 10_000


@pytest.fixture
def file(tmp_path):
    save_arrays(tmp_path / "a.npz", ARRAYS)
    return tmp_path / "a.npz"


def refused(file, words, most=MOST):
    with pytest.raises(RunError, match="is damaged: ") as error:
        load_arrays(file, most)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def zipped(members, how=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", how) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


def npy(array, **how):
    content = io.BytesIO()
    np.save(content, array, **how)
    return content.getvalue()


def test_it_reads_back(file):
    found = load_arrays(file, MOST)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert load_arrays(file, MOST, "text").keys() == {"text"}
    with np.load(file) as other:  # as any reader of NPZ sees it
        assert sorted(other.files) == sorted(ARRAYS)


def test_what_an_earlier_version_wrote_has_no_checksum(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    assert load_arrays(tmp_path / "a.npz", MOST).keys() == ARRAYS.keys()


@pytest.mark.parametrize("version", ["now", "before"])
def test_no_flipped_bit_changes_what_is_read(tmp_path, version):
    file = tmp_path / "a.npz"
    arrays = {"a": np.arange(3.0), "text": np.array("x")}
    save_arrays(file, arrays) if version == "now" else np.savez(file, **arrays)
    content = file.read_bytes()
    refusals = 0
    for bit in range(0, 8 * len(content), 13):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        try:
            found = load_arrays(file, MOST)
        except RunError:
            refusals += 1
            continue
        if version == "now":
            assert found.keys() == arrays.keys()
        for name, array in found.items():
            assert array.dtype == arrays[name].dtype
            np.testing.assert_array_equal(array, arrays[name])
    assert refusals > 8 * len(content) // 13 * (0.6 if version == "now" else 0.4)


def test_arrays_of_another_file_in_its_place(file):
    other = dict(ARRAYS, a=ARRAYS["a"] + 1)
    with zipfile.ZipFile(file) as archive:
        comment = archive.comment
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in other.items():
            archive.writestr(f"{name}.npy", npy(array))
        archive.comment = comment
    refused(file, "its checksum is another one")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    (tmp_path / "a.npz").write_bytes(zipped([("a.npy", npy(np.zeros(10**6)))], zipfile.ZIP_DEFLATED))
    refused(tmp_path / "a.npz", "'a.npy' is encrypted or compressed")
    (tmp_path / "b.npz").write_bytes(zipped([("a.npy", npy(np.zeros(10**4)))]))
    refused(tmp_path / "b.npz", "its arrays have more than 10.0 kB")
    with (tmp_path / "c.npz").open("wb") as sparse:
        sparse.truncate(10**13)
    refused(tmp_path / "c.npz", "it has 10,000.0 GB")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("a.npy", npy(np.zeros(3, complex)))], "of type complex128"),
        ([("a.npy", npy(np.zeros(3, "M8[s]")))], "of type datetime64"),
        ([("a.npy", npy(np.zeros(3, "V9")))], "of type"),
        ([("a.npy", npy(np.array([{}]), allow_pickle=True))], "of type object"),
        ([("a.npy", npy(np.zeros(3)).replace(b"(3,)", b"(2,)"))], "of another length than its shape"),
        ([("a.npy", npy(np.zeros(3)).replace(b"(3,)", b"(9,)"))], "of another length than its shape"),
        ([("a.npy", npy(np.zeros(3)).replace(b"(3,), ", b"(-3,),"))], "of another length than its shape"),
        ([("a.npy", npy(np.zeros(3)).replace(b"(3,)", b"[[[["))], "a.npz"),
        ([("a.npy", b"garbage")], "magic"),
        ([("a.txt", b"garbage")], "'a.txt' is no array"),
        ([("a.npy", npy(np.zeros(3)))] * 2, "two of its arrays have one name"),
        ([(f"{i}.npy", b"") for i in range(1001)], "it holds 1001 arrays"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_anything_but_plain_arrays_is_one_clear_error(tmp_path, members, words):
    (tmp_path / "a.npz").write_bytes(zipped(members))
    refused(tmp_path / "a.npz", words)


def test_an_encrypted_member(file):
    content = file.read_bytes()
    begin = content.index(b"PK\1\2")
    file.write_bytes(content[: begin + 8] + b"\1" + content[begin + 9 :])
    refused(file, "is encrypted or compressed")


class TestState:
    def changed(self, path, *, meta=None, log=None, **arrays):
        """A state with some of its arrays, or entries of its texts, replaced."""
        import json

        from nnfd.core.engine.state import pack_meta

        found = load_arrays(path, 10**6) | arrays
        for name, entries in (("meta", meta), ("_log", log)):
            if entries:
                found[name] = pack_meta(json.loads(found[name].item()) | entries)
        save_arrays(path, found)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"log": {"offset": float("inf")}}, "Infinity is no number"),
            ({"log": {"offset": -1}}, "offset: -1 is no count"),
            ({"log": {"offset": 10**400}}, "is no count"),
            ({"log": {"offset": 1.5}}, "offset: 1.5 is no count"),
            ({"log": {"seconds": 1e400}}, "Infinity is no number"),
            ({"log": {"seconds": -1}}, "seconds: -1.0 is no time"),
            ({"log": {"seconds": None}}, "NoneType"),
            ({"log": {"pending": [3]}}, "damaged"),
            ({"log": {"best": 3}}, "not iterable"),
            ({"log": {"origin": "x"}}, "origin: x is no count"),
            ({"meta": {"step": float("nan")}}, "step: nan is no count"),
            ({"meta": {"step": float("inf")}}, "step: inf is no count"),
            ({"meta": {"kind": "boat"}}, "boat"),
            ({"C": np.zeros((3, 4))}, "field C has shape (3, 4)"),
            ({"C": np.zeros((4, 5), np.float32)}, "type float32"),
            ({"_log": np.array(3.0)}, "damaged"),
            ({"_log": np.array("[" * 9000)}, "damaged"),
        ],
    )
    def test_of_a_field(self, tmp_path, change, words):
        from tests.core.runs.test_folder import session

        params = DiffusionParams(width=5, height=4, steps=30)
        session(tmp_path / "r", params, {}, kind="fields")
        self.changed(tmp_path / "r" / "state.npz", **change)
        with pytest.raises(RunError, match="is damaged") as error:
            Checkpoint.load(tmp_path / "r" / "state.npz", params)
        assert words in str(error.value)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"theta": np.zeros(3)}, "theta has shape (3,)"),
            ({"best_theta": np.zeros(3)}, "best_theta has shape (3,)"),
            ({"slot_0": np.zeros(3)}, "slot_0 has shape (3,)"),
            ({"stats": np.zeros(3)}, "stats has shape (3,)"),
            ({"meta": {"slots": 0}}, "0 arrays of memory"),
            ({"meta": {"slots": 10**9}}, "slot_1"),
            ({"meta": {"layer_sizes": [2, 2]}}, "layers of (2, 2)"),
            ({"meta": {"epoch": 1e300}}, "is no count"),
            ({"meta": {"best_loss": "low"}}, "low"),
            ({"meta": {"rng": {"bit_generator": "PCG64"}}}, "state"),
            ({"meta": {"rng": 3}}, "not iterable"),
        ],
    )
    def test_of_a_network(self, tmp_path, change, words):
        from nnfd.core.params import NetworkParams
        from tests.core.runs.test_folder import session

        params = NetworkParams(epochs=2)
        session(tmp_path / "r", params, {})
        self.changed(tmp_path / "r" / "state.npz", **change)
        with pytest.raises(RunError, match="is damaged") as error:
            Checkpoint.load(tmp_path / "r" / "state.npz", params)
        assert words in str(error.value)


def test_frames_of_another_shape_are_damaged(tmp_path):
    folder = RunFolder.open(make(tmp_path / "r", DiffusionParams(width=5, height=4)))
    frames = folder.frames()
    for number, arrays in enumerate(({"C": np.zeros((9, 9))}, {"a": np.zeros((4, 5))}, {"C": np.zeros((4, 5), "i8")})):
        frames.add(number, arrays)
        with pytest.raises(RunError, match="not those of its run"):
            frames.load(number)
