import pytest

from nnfd.tui import cli
from tests.support import direct


@pytest.fixture
def run_often(request, run, monkeypatch):
    """Call the command line as `run` does; for many examples, which are slow tests, without reading its flags anew."""
    if any(map(request.node.get_closest_marker, ("slow", "soak"))):
        monkeypatch.setattr(cli, "build", lambda: direct.call)
    return run
