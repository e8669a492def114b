"""Fixtures that several test files use."""

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
