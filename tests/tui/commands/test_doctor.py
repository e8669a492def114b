"""What `doctor` says."""

import json

from nnfd.tui.guard import failures


def test_it_names_folders_versions_and_terminal(run):
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    assert str(failures.log_path()) in out
    for name in ("own presets", "compiled steps", "textual", "numpy", "size", "TERM"):
        assert f"  {name:16} " in out


def test_as_json_it_says_the_same(run):
    code, out, _ = run("doctor", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["folders"]["log"].startswith(str(failures.log_path()))
    assert set(told) == {"folders", "versions", "terminal"}
