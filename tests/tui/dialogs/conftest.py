"""What the tests of the dialogs share."""

import pytest


@pytest.fixture(autouse=True)
def each_baseline_is_fitted_once(fitted_once):
    """The labs below the dialogs fit one; nothing here asks how."""
