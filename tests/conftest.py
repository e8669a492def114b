"""Fixtures that several test files use."""

import json

import pytest

from nnfd.tui import cli


@pytest.fixture
def run(capsys):
    """Call the command line; return exit code, standard output and standard error."""

    def call(*arguments):
        code = cli.main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """Give the folder of a sweep that was done in one process, once for all tests; nobody is to change it."""
    known = {}

    def folder_of(spec):
        from tests.support.sweeps import do  # here: other tests need no sweep

        key = json.dumps(spec)
        if key not in known:
            known[key] = tmp_path_factory.mktemp("reference") / "s"
            do(known[key], spec, jobs=1)
        return known[key]

    return folder_of
