"""Files are written whole or not at all, and only plain files of a run's folder are read."""

import io
import os
import socket
import stat
from pathlib import Path

import pytest

from nnfd.core.errors import RunError
from nnfd.core.runs.files import clear_half_written, cut_file, open_log, read_file, replace_file, write_file

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes are those of Unix")


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def put(path, content=b"new", **how):
    replace_file(path, lambda file: file.write(content), **how)


class TestWriting:
    @posix
    def test_a_link_stays_and_the_file_it_points_to_is_replaced(self, tmp_path):
        (tmp_path / "thesis").mkdir()
        (tmp_path / "thesis" / "plot.png").write_bytes(b"old")
        (tmp_path / "link.png").symlink_to(tmp_path / "thesis" / "plot.png")
        put(tmp_path / "link.png")
        assert (tmp_path / "link.png").is_symlink()
        assert (tmp_path / "thesis" / "plot.png").read_bytes() == b"new"

    @posix
    def test_a_link_in_a_runs_folder_is_replaced_and_not_written_through(self, tmp_path):
        (tmp_path / "thesis.npz").write_bytes(b"mine")
        (tmp_path / "state.npz").symlink_to(tmp_path / "thesis.npz")
        put(tmp_path / "state.npz", private=True)
        assert (tmp_path / "thesis.npz").read_bytes() == b"mine"
        assert not (tmp_path / "state.npz").is_symlink()

    @posix
    @pytest.mark.parametrize("mode", [0o640, 0o600, 0o444])
    def test_the_mode_of_a_file_that_is_replaced_stays(self, tmp_path, mode):
        file = tmp_path / "a"
        file.write_bytes(b"old")
        file.chmod(mode)
        put(file)
        assert stat.S_IMODE(file.stat().st_mode) == mode

    @posix
    @pytest.mark.parametrize(
        ("umask", "private", "mode"), [(0, True, 0o600), (0o022, False, 0o644), (0o077, False, 0o600)]
    )
    def test_a_new_file_follows_the_umask_unless_it_is_a_runs_own(self, tmp_path, umask, private, mode):
        before = os.umask(umask)
        try:
            put(tmp_path / "a", private=private)
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode

    def test_the_longest_name_there_is(self, tmp_path):
        file = tmp_path / ("x" * 251 + ".png")
        put(file)
        put(file, b"again")
        assert file.read_bytes() == b"again"

    def test_a_failed_write_leaves_the_old_file_alone(self, tmp_path, monkeypatch):
        (tmp_path / "a").write_bytes(b"old")

        def fail(file):
            file.write(b"half")
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space"):
            replace_file(tmp_path / "a", fail)
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]
        monkeypatch.setattr(os, "fsync", lambda _: fail(io.BytesIO()))
        with pytest.raises(OSError, match="No space"):
            put(tmp_path / "a", sync=True)
        assert (tmp_path / "a").read_bytes() == b"old"

    @posix
    def test_what_is_no_file_is_not_replaced(self, tmp_path):
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        for name, words in (("folder", "Is a directory"), ("pipe", "it is no file")):
            for private in (True, False):
                with pytest.raises(RunError, match=words) as error:
                    write_file(tmp_path / name, b"", private=private)
                assert error.value.exit_code == 2
        with pytest.raises(RunError, match="it is no file"):
            write_file(Path(os.devnull), b"")
        assert names(tmp_path) == ["folder", "pipe"]

    @posix
    def test_the_temporary_name_can_be_neither_foreseen_nor_put_there_before(self, tmp_path, monkeypatch):
        (tmp_path / "thesis").write_bytes(b"mine")
        monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 16)
        (tmp_path / f".nnfd-{'0' * 16}.tmp").symlink_to(tmp_path / "thesis")
        with pytest.raises(FileExistsError):
            put(tmp_path / "a")
        assert (tmp_path / "thesis").read_bytes() == b"mine"


def test_half_written_files_of_killed_processes_are_cleared_and_nothing_else(tmp_path):
    mine = [".nnfd-12.tmp", ".nnfd-0123456789abcdeg.tmp", ".other.npz.12.tmp", ".state.npz.x.tmp", "state.npz"]
    left = [".nnfd-0123456789abcdef.tmp", ".state.npz.123.tmp"]
    for name in (*mine, *left):
        (tmp_path / name).write_bytes(b"x")
    clear_half_written(tmp_path, {"state.npz"}.__contains__)
    assert names(tmp_path) == sorted(mine)
    clear_half_written(tmp_path / "missing", {"state.npz"}.__contains__)


@posix
def test_a_file_that_is_being_written_is_not_cleared(tmp_path):
    def write(file):
        clear_half_written(tmp_path, lambda _: True)
        file.write(b"whole")

    replace_file(tmp_path / "tags.json", write)
    assert (tmp_path / "tags.json").read_bytes() == b"whole"


@posix
class TestReading:
    @pytest.fixture(params=["link", "endless", "folder", "pipe", "socket", "device", "dangling"])
    def odd(self, tmp_path, request, monkeypatch):
        (tmp_path / "thesis").write_bytes(b"mine")
        monkeypatch.chdir(tmp_path)  # the name of a socket must be short
        match request.param:
            case "link":
                Path("odd").symlink_to("thesis")
            case "endless":
                Path("odd").symlink_to("/dev/zero")
            case "dangling":
                Path("odd").symlink_to("nowhere")
            case "folder":
                Path("odd").mkdir()
            case "pipe":
                os.mkfifo("odd")
            case "socket":
                with socket.socket(socket.AF_UNIX) as server:
                    server.bind("odd")
            case "device":
                try:
                    os.mknod("odd", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
                except PermissionError:
                    pytest.skip("only root makes devices")
        return tmp_path / "odd"

    @pytest.mark.parametrize("use", [lambda file: read_file(file, 10), open_log, lambda file: cut_file(file, 0)])
    def test_what_is_no_plain_file_is_one_line_at_once(self, odd, use):
        with pytest.raises(RunError, match="odd is no file") as error:
            use(odd)
        assert "\n" not in str(error.value)
        assert (odd.parent / "thesis").read_bytes() == b"mine"
        assert names(odd.parent) == ["odd", "thesis"]

    def test_a_file_longer_than_it_can_be(self, tmp_path):
        (tmp_path / "a").write_bytes(b"12345")
        assert read_file(tmp_path / "a", 5) == b"12345"
        with pytest.raises(RunError, match="a is longer than 4 bytes"):
            read_file(tmp_path / "a", 4)
