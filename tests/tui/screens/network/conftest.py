"""What the tests of the network lab share."""

import pytest


@pytest.fixture(autouse=True)
def each_baseline_is_fitted_once(fitted_once):
    """Nothing here asks how it is fitted, only how it is shown."""
