"""What the files of a run's folder tell, also while the run is under way."""

import os

from nnfd.core.library.run_files import RunFiles


class Vanished:
    """A file that was renamed after its folder was listed."""

    name = ".state.npz.abc.tmp"

    def stat(self, *, follow_symlinks):
        raise FileNotFoundError(2, "No such file or directory")


def test_a_file_that_is_renamed_meanwhile_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "params.toml").write_text("x", encoding="utf-8")
    real = os.scandir

    class Listing:
        def __init__(self, path):
            self._entries = real(path)

        def __enter__(self):
            return iter([Vanished(), *self._entries])

        def __exit__(self, *_):
            self._entries.close()

    monkeypatch.setattr(os, "scandir", Listing)
    files = RunFiles.of(tmp_path)
    assert (files.names, files.odd, files.size) == ({"params.toml"}, "", 1)
